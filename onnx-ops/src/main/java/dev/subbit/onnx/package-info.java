/**
 * The sub-bit operators of the ONNX domain {@code dev.subbit}: what they mean, how their weights
 * are stored, and how a session runs them.
 *
 * <p>Where to begin:
 *
 * <ul>
 *   <li>to run a model that holds the operators, {@link dev.subbit.onnx.ExecutionBackend} prepares
 *       the session's options and {@link dev.subbit.onnx.SubBitSessions} opens models that may come
 *       from anyone; {@link dev.subbit.onnx.SubBitOps} registers the native kernels directly;
 *   <li>to build a model, {@link dev.subbit.onnx.Codebook} and {@link
 *       dev.subbit.onnx.PackedConvWeights} hold the weights of a convolution, {@link
 *       dev.subbit.onnx.SubBitNodes} makes nodes of them and {@link dev.subbit.onnx.SubBitModels}
 *       completes the graph, so that it runs in any ONNX Runtime;
 *   <li>to learn what an operator computes, {@link dev.subbit.onnx.SubBitOperator} writes each as a
 *       function of standard ONNX operators, which is its specification.
 * </ul>
 *
 * <p>Values such as codebooks and packed weights are immutable, and everything static may be called
 * from any thread. Back ends are thread-safe. Session options and the builders of graphs belong to
 * the thread that fills them.
 *
 * <p>Arguments are never null, unless a method says otherwise.
 */
package dev.subbit.onnx;
