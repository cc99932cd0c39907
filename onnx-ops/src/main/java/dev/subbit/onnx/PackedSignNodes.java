package dev.subbit.onnx;

import ai.onnx.proto.OnnxMl.GraphProto;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * Adds operators on packed signs to an ONNX graph: the node, and its parameters as initializers
 * named {@code <node>/<input>}.
 *
 * <p>{@link SubBitModels} then turns the graph into a model.
 */
public final class PackedSignNodes {

  private PackedSignNodes() {}

  /**
   * Adds a {@code PackSigns} node, which packs the signs of x + shift, eight channels per byte.
   *
   * @param graph the graph to add to.
   * @param name name of the node, unique in the graph; also the name of its output.
   * @param x name of the input, float [N, C, H, W].
   * @param shift one finite value per input channel.
   * @return name of the output, uint8 [N, ceil(C / 8), H, W].
   */
  public static String packSigns(GraphProto.Builder graph, String name, String x, float[] shift) {
    Map<String, String> inputs =
        Map.of("X", x, "shift", SubBitNodes.addPerChannel(graph, name, "shift", shift));
    graph.addNode(SubBitNodes.node(SubBitOperator.PACK_SIGNS, name, inputs).addOutput(name));
    return name;
  }

  /** Which outputs a convolution of packed signs has. */
  public enum PackedOutputs {
    /** The float values only. */
    VALUES(true, false),
    /** The packed signs only. */
    SIGNS(false, true),
    /** Both the float values and the packed signs. */
    VALUES_AND_SIGNS(true, true);

    private final boolean values;
    private final boolean signs;

    PackedOutputs(boolean values, boolean signs) {
      this.values = values;
      this.signs = signs;
    }
  }

  /**
   * Returns the name of the packed signs that a convolution of packed signs outputs.
   *
   * @param node name of the node; its float values have the same name.
   * @return the name.
   */
  public static String signsOf(String node) {
    return node + "/signs";
  }

  /**
   * Adds a {@code PackedBinarySubBitConv} node. Its float values, float [N, outChannels, H', W'],
   * have the name of the node; their signs have the name that {@link #signsOf} returns.
   *
   * @param graph the graph to add to.
   * @param name name of the node, unique in the graph.
   * @param signs name of the input, uint8 [N, ceil(inChannels * group / 8), H, W].
   * @param weights the weights.
   * @param attributes the geometry.
   * @param bias one value per output channel.
   * @param outputs which outputs it has.
   * @throws IllegalArgumentException if sizes do not match; the message names the node.
   */
  public static void packedBinaryConv(
      GraphProto.Builder graph,
      String name,
      String signs,
      PackedConvWeights weights,
      ConvAttributes attributes,
      float[] bias,
      PackedOutputs outputs) {
    Map<String, String> inputs = SubBitNodes.floatInputs(graph, name, weights, attributes, bias);
    inputs.put("B", signs);
    addPackedNode(
        SubBitOperator.PACKED_BINARY_SUB_BIT_CONV,
        graph,
        name,
        inputs,
        weights,
        attributes,
        outputs);
  }

  /**
   * The parameters that a {@code BinarySubBitBlock} applies after its convolution, each with one
   * value per output channel.
   *
   * @param bias added to the scaled sum.
   * @param shiftIn added before the PReLU.
   * @param slope factor of negative values.
   * @param shiftOut added after the PReLU.
   * @param nextShift added to the output before its signs are taken.
   */
  public record BlockParameters(
      float[] bias, float[] shiftIn, float[] slope, float[] shiftOut, float[] nextShift) {}

  /**
   * Adds a {@code BinarySubBitBlock} node. Its float values, float [N, outChannels, H', W'], have
   * the name of the node; the signs of these values plus {@code nextShift} have the name that
   * {@link #signsOf} returns.
   *
   * @param graph the graph to add to.
   * @param name name of the node, unique in the graph.
   * @param signs name of the input, uint8 [N, ceil(inChannels * group / 8), H, W].
   * @param weights the weights.
   * @param attributes the geometry.
   * @param residual name of the residual, float [N, outChannels, H', W'].
   * @param parameters what is applied after the convolution.
   * @param outputs which outputs it has.
   * @throws IllegalArgumentException if sizes do not match; the message names the node.
   */
  public static void block(
      GraphProto.Builder graph,
      String name,
      String signs,
      PackedConvWeights weights,
      ConvAttributes attributes,
      String residual,
      BlockParameters parameters,
      PackedOutputs outputs) {
    Map<String, String> inputs =
        SubBitNodes.floatInputs(graph, name, weights, attributes, parameters.bias());
    inputs.put("B", signs);
    inputs.put("residual", residual);
    Map<String, float[]> perChannel = new LinkedHashMap<>();
    perChannel.put("shift_in", parameters.shiftIn());
    perChannel.put("slope", parameters.slope());
    perChannel.put("shift_out", parameters.shiftOut());
    perChannel.put("next_shift", parameters.nextShift());
    perChannel.forEach(
        (input, values) -> {
          SubBitNodes.requireOnePerChannel(name, input, values.length, weights);
          inputs.put(input, SubBitNodes.addPerChannel(graph, name, input, values));
        });
    addPackedNode(
        SubBitOperator.BINARY_SUB_BIT_BLOCK, graph, name, inputs, weights, attributes, outputs);
  }

  private static void addPackedNode(
      SubBitOperator operator,
      GraphProto.Builder graph,
      String name,
      Map<String, String> inputs,
      PackedConvWeights weights,
      ConvAttributes attributes,
      PackedOutputs outputs) {
    // An output that is left out keeps its place, because a function body always has all outputs.
    graph.addNode(
        SubBitNodes.convNode(operator, name, inputs, weights, attributes)
            .addOutput(outputs.values ? name : "")
            .addOutput(outputs.signs ? signsOf(name) : ""));
  }
}
