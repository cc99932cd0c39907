package dev.subbit.tribuo.training.internal.graph;

import ai.onnx.proto.OnnxMl.GraphProto;
import ai.onnx.proto.OnnxMl.ModelProto;
import ai.onnx.proto.OnnxMl.NodeProto;
import ai.onnx.proto.OnnxMl.TensorProto;
import dev.subbit.onnx.OnnxProtos;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * The weights of layers that stay float and can be trained: initializers of float32 that nothing
 * reads but nodes that are trained through, as weights.
 */
public final class RestTensors {

  /** The inputs of operators that are weights, counted from 0. */
  private static final Map<String, Set<Integer>> WEIGHTS =
      Map.of(
          "Conv", Set.of(1, 2),
          "Gemm", Set.of(1, 2),
          "MatMul", Set.of(0, 1),
          "BatchNormalization", Set.of(1, 2),
          "InstanceNormalization", Set.of(1, 2),
          "LayerNormalization", Set.of(1, 2),
          "PRelu", Set.of(1),
          "Add", Set.of(0, 1),
          "Mul", Set.of(0, 1));

  private RestTensors() {}

  /**
   * Finds the tensors.
   *
   * @param graph the graph.
   * @param through the nodes that are trained through, sub-bit layers excepted.
   * @return their names, in the order of the nodes.
   */
  public static List<String> of(GraphProto graph, Set<NodeProto> through) {
    Set<String> floats = new HashSet<>();
    for (TensorProto tensor : graph.getInitializerList()) {
      if (tensor.getDataType() == TensorProto.DataType.FLOAT.getNumber()) {
        floats.add(tensor.getName());
      }
    }
    graph.getInputList().forEach(input -> floats.remove(input.getName()));
    graph.getOutputList().forEach(output -> floats.remove(output.getName()));
    Set<String> found = new LinkedHashSet<>();
    Set<String> otherwise = new HashSet<>();
    for (NodeProto node : graph.getNodeList()) {
      Set<Integer> weights =
          through.contains(node) ? WEIGHTS.getOrDefault(node.getOpType(), Set.of()) : Set.of();
      for (int i = 0; i < node.getInputCount(); i++) {
        (weights.contains(i) ? found : otherwise).add(node.getInput(i));
      }
      node.getAttributeList()
          .forEach(attribute -> addReads(attribute.getG(), attribute.getGraphsList(), otherwise));
    }
    found.retainAll(floats);
    found.removeAll(otherwise);
    return List.copyOf(found);
  }

  /** What subgraphs read, their own values included. */
  private static void addReads(GraphProto one, List<GraphProto> more, Set<String> reads) {
    for (NodeProto node : one.getNodeList()) {
      reads.addAll(node.getInputList());
      node.getAttributeList()
          .forEach(attribute -> addReads(attribute.getG(), attribute.getGraphsList(), reads));
    }
    more.forEach(graph -> addReads(graph, List.of(), reads));
  }

  /**
   * Puts new numbers into initializers.
   *
   * @param model the model.
   * @param numbers the numbers by name.
   * @return the model, all else as it was.
   */
  public static ModelProto replace(ModelProto model, Map<String, float[]> numbers) {
    if (numbers.isEmpty()) {
      return model;
    }
    ModelProto.Builder builder = model.toBuilder();
    for (TensorProto.Builder tensor : builder.getGraphBuilder().getInitializerBuilderList()) {
      float[] found = numbers.get(tensor.getName());
      if (found != null) {
        long[] shape = tensor.getDimsList().stream().mapToLong(Long::longValue).toArray();
        TensorProto written = OnnxProtos.tensor(tensor.getName(), found, shape);
        tensor.clearFloatData().setRawData(written.getRawData());
      }
    }
    return builder.build();
  }
}
