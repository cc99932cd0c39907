package dev.subbit.tribuo.export;

import ai.onnx.proto.OnnxMl.TensorProto.DataType;
import dev.subbit.tribuo.network.Network;
import dev.subbit.tribuo.network.NodeShape;
import dev.subbit.tribuo.network.TrainedNetwork;
import dev.subbit.tribuo.network.TrainedNetwork.QuantizedRange;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * The tensors of the graph under construction that hold the values of each node of the network: as
 * floats, in 8 bits by the node's quantized range, or both. The form that is missing is written
 * when it is first asked for.
 */
final class ActivationValues {

  private final OnnxGraph graph;
  private final Map<String, QuantizedRange> ranges;
  private final Map<String, NodeShape> shapes;
  private final Map<String, String> floats = new HashMap<>();
  private final Map<String, String> integers = new HashMap<>();
  private final Set<String> givenAsIntegers = new HashSet<>();
  private final Set<String> writtenRanges = new HashSet<>();

  /**
   * Starts with no tensors.
   *
   * @param graph the graph to write to.
   * @param trained the network, for its quantized ranges.
   * @param shapes the shapes of its nodes.
   */
  ActivationValues(OnnxGraph graph, TrainedNetwork trained, Map<String, NodeShape> shapes) {
    this.graph = graph;
    this.ranges = trained.ranges();
    this.shapes = shapes;
  }

  /** Whether a tensor holds the values of a node. */
  boolean contains(String node) {
    return floats.containsKey(node) || integers.containsKey(node);
  }

  /** Records the float tensor that holds the values of a node. */
  void putFloat(String node, String tensor) {
    floats.put(node, tensor);
    graph.proto().addValueInfo(OnnxGraph.value(tensor, DataType.FLOAT, shapes.get(node)));
  }

  /** Records the uint8 tensor that holds the values of a node, rounded by the node's range. */
  void putInteger(String node, String tensor) {
    integers.put(node, tensor);
    givenAsIntegers.add(node);
    graph.proto().addValueInfo(OnnxGraph.value(tensor, DataType.UINT8, shapes.get(node)));
  }

  /** The float tensor of a node. */
  String floatOf(String node) {
    return floats.computeIfAbsent(
        node, n -> convert(n, "/dequantized", "DequantizeLinear", integers.get(n)));
  }

  /** The uint8 tensor of a node that has a quantized range. */
  String integerOf(String node) {
    return integers.computeIfAbsent(
        node, n -> convert(n, "/quantized", "QuantizeLinear", floats.get(n)));
  }

  private String convert(String node, String suffix, String opType, String tensor) {
    return graph.node(
        onnxName(node) + suffix, opType, List.of(tensor, scaleOf(node), zeroPointOf(node)));
  }

  /** Whether a node gives 8-bit values and nothing else, and another node rounds as it does. */
  boolean roundsNoFurther(String other, String node) {
    return givenAsIntegers.contains(node) && ranges.get(node).equals(ranges.get(other));
  }

  /** The initializer with the scale of a node's quantized range. */
  String scaleOf(String node) {
    return writeRange(node) + "/range_scale";
  }

  /** The initializer with the zero point of a node's quantized range. */
  String zeroPointOf(String node) {
    return writeRange(node) + "/range_zero_point";
  }

  private String writeRange(String node) {
    String name = onnxName(node);
    if (writtenRanges.add(node)) {
      QuantizedRange range = ranges.get(node);
      graph.floats(name + "/range_scale", new float[] {range.scale()}, new long[0]);
      graph.uint8(name + "/range_zero_point", range.zeroPoint());
    }
    return name;
  }

  /** The ONNX name of a node. */
  static String onnxName(Network.Node node) {
    return onnxName(node.name());
  }

  /** Node names stay as they are, except for two that the graph's own input and output have. */
  private static String onnxName(String node) {
    return node.equals(OnnxExporter.INPUT) || node.equals(OnnxExporter.OUTPUT)
        ? node + "/node"
        : node;
  }
}
