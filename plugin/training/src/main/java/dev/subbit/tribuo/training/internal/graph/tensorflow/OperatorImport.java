package dev.subbit.tribuo.training.internal.graph.tensorflow;

/** Adds the counterpart of an ONNX node to a TensorFlow graph. */
@FunctionalInterface
interface OperatorImport {

  /**
   * Adds the counterpart.
   *
   * @param node the node.
   * @param scope holds the node's inputs, and receives its outputs.
   * @throws IllegalArgumentException if an attribute or an input is not supported; the message
   *     names the node.
   */
  void add(OnnxNode node, GraphScope scope);
}
