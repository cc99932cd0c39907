package dev.subbit.tribuo.training.internal.graph;

import ai.onnx.proto.OnnxMl.GraphProto;
import ai.onnx.proto.OnnxMl.NodeProto;
import ai.onnx.proto.OnnxMl.TensorProto;
import ai.onnx.proto.OnnxMl.ValueInfoProto;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** The values of a graph that a training compares with those of its teacher. */
final class LearnedValues {

  /** What a softmax takes says more than what it gives. */
  private static final Set<String> SQUASHING = Set.of("Softmax", "LogSoftmax");

  private LearnedValues() {}

  /**
   * Finds the values: the outputs of float32, and what the softmax of such an output reads.
   *
   * @throws IllegalArgumentException if there is none.
   */
  static List<String> of(GraphProto graph) {
    Map<String, NodeProto> producers = new HashMap<>();
    for (NodeProto node : graph.getNodeList()) {
      node.getOutputList().forEach(output -> producers.put(output, node));
    }
    List<String> learned = new ArrayList<>();
    for (ValueInfoProto output : graph.getOutputList()) {
      NodeProto producer = producers.get(output.getName());
      boolean isFloat =
          output.getType().getTensorType().getElemType() == TensorProto.DataType.FLOAT.getNumber();
      if (isFloat && producer != null) {
        learned.add(
            SQUASHING.contains(producer.getOpType()) ? producer.getInput(0) : output.getName());
      }
    }
    if (learned.isEmpty()) {
      throw new IllegalArgumentException(
          "The model has no output of float32 that a node gives, so there is nothing to learn from;"
              + " quantize it without training");
    }
    return learned.stream().distinct().toList();
  }
}
