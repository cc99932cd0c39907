package dev.subbit.onnx;

import ai.onnx.proto.OnnxMl.FunctionProto;
import ai.onnx.proto.OnnxMl.GraphProto;
import ai.onnx.proto.OnnxMl.GraphProtoOrBuilder;
import ai.onnx.proto.OnnxMl.NodeProto;
import ai.onnx.proto.OnnxMl.TensorProto.DataType;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * Weights of several stages in 8 bits, for a {@code QLinearConv}: {@link WeightsFunction} with
 * whole numbers for scales, and a Cast to int8. What one step of a weight is worth, the {@code
 * QLinearConv} says, with one scale per output.
 */
public final class WholeWeights {

  /**
   * Largest absolute value of a weight. On x86 processors without VNNI, ONNX Runtime adds two
   * products of an unsigned and a signed byte in 16 bits and saturates (VPMADDUBSW). Two products
   * of 255 and 64 still fit, so that a convolution gives the same bits on every processor; with
   * larger weights it would not.
   */
  public static final int LARGEST = 64;

  /** The form of {@code QLinearSubBitConv} that reads its weights, under a name of its own. */
  private static final FunctionProto DEQUANTIZED =
      PlainConvolution.Q_LINEAR.function().toBuilder().setName("DequantizedConv").build();

  private static final String INT8 = "/int8";
  private static final String MULTIPLES = "/multiples";

  private WholeWeights() {}

  /**
   * The names of nodes, values and initializers that {@link #write} adds.
   *
   * @param name what they begin with.
   * @return the names.
   */
  public static List<String> names(String name) {
    return List.of(name, name + INT8, name + MULTIPLES);
  }

  /**
   * Adds weights to a graph: two nodes and an initializer.
   *
   * @param graph the graph.
   * @param name what the names begin with; all of {@link #names} are free.
   * @param scaled a node of {@link WeightsFunction}, whose indices, codebooks and shape are read.
   * @param multiples what codewords are multiplied by, whole numbers, [stages, rows]; the absolute
   *     values of a row add up to {@value #LARGEST} at most.
   * @param rows number of rows.
   * @return name of the weights, int8.
   */
  public static String write(
      GraphProto.Builder graph, String name, NodeProto scaled, float[] multiples, int rows) {
    String scale = name + MULTIPLES;
    graph.addInitializer(OnnxProtos.tensor(scale, multiples, multiples.length / rows, rows));
    graph.addNode(WeightsFunction.withScale(scaled, scale).setName(name).setOutput(0, name));
    String weights = name + INT8;
    graph.addNode(
        NodeProto.newBuilder()
            .setName(weights)
            .setOpType("Cast")
            .addInput(name)
            .addOutput(weights)
            .addAttribute(FunctionBuilder.to(DataType.INT8)));
    return weights;
  }

  /**
   * The values of {@link WeightsFunction} that are cast to int8, by the names of their int8 form.
   */
  static Map<String, String> of(GraphProtoOrBuilder graph) {
    Set<String> floats = new HashSet<>();
    Map<String, String> weights = new HashMap<>();
    for (NodeProto node : graph.getNodeList()) {
      if (WeightsFunction.isCall(node)) {
        floats.add(node.getOutput(0));
      } else if (isCast(node) && floats.contains(node.getInput(0))) {
        weights.put(node.getOutput(0), node.getInput(0));
      }
    }
    return weights;
  }

  static boolean isCast(NodeProto node) {
    return node.getDomain().isEmpty()
        && node.getOpType().equals("Cast")
        && node.getAttributeList().contains(FunctionBuilder.to(DataType.INT8));
  }

  /**
   * Finds the weights that convolutions read in 8 bits, which therefore have a scale for each
   * output beside their multiples.
   *
   * @param graph the graph.
   * @return names of values that {@link WeightsFunction} gives.
   */
  public static Set<String> readByConvolutions(GraphProtoOrBuilder graph) {
    Map<String, String> weights = of(graph);
    return graph.getNodeList().stream()
        .filter(node -> isConvolution(node, weights.keySet()))
        .map(node -> weights.get(input(node, "kernels")))
        .collect(Collectors.toSet());
  }

  /** Whether a node is a {@code QLinearConv} with a bias, of some of these weights. */
  static boolean isConvolution(NodeProto node, Set<String> weights) {
    return node.getDomain().isEmpty()
        && node.getOpType().equals("QLinearConv")
        && node.getInputCount() == ConvBodies.Q_LINEAR_INPUTS.size()
        && weights.contains(input(node, "kernels"));
  }

  private static String input(NodeProto convolution, String name) {
    return convolution.getInput(ConvBodies.Q_LINEAR_INPUTS.indexOf(name));
  }

  /** What {@link #dequantized} calls, in operator set {@value SubBitOperator#STANDARD_OPSET}. */
  static FunctionProto function() {
    return DEQUANTIZED;
  }

  /** A call of {@link #function} in the place of a convolution of such weights. */
  static NodeProto dequantized(NodeProto convolution) {
    NodeProto.Builder call =
        convolution.toBuilder()
            .setDomain(SubBitOperator.DOMAIN)
            .setOpType(DEQUANTIZED.getName())
            .clearInput();
    for (String input : DEQUANTIZED.getInputList()) {
      call.addInput(input(convolution, input));
    }
    return call.build();
  }
}
