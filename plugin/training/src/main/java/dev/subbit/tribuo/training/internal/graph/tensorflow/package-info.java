/**
 * ONNX graphs in TensorFlow: operator by operator, with TensorFlow's own gradients. Not for use
 * outside this module.
 */
package dev.subbit.tribuo.training.internal.graph.tensorflow;
