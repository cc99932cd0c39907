package dev.subbit.onnx;

import ai.onnx.proto.OnnxMl.GraphProto;
import ai.onnx.proto.OnnxMl.NodeProto;
import ai.onnx.proto.OnnxMl.TensorProto.DataType;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Adds sub-bit operators to an ONNX graph: the node and its parameters as initializers that are
 * named {@code <node>/<input>}; for a convolution {@code <node>/index}, {@code <node>/codebook},
 * {@code <node>/scale} and, where there is one, {@code <node>/bias}.
 *
 * <p>{@link SubBitModels} then makes a model of the graph.
 */
public final class SubBitNodes {

  private SubBitNodes() {}

  /**
   * Adds a {@code SubBitConv} node.
   *
   * @param graph the graph to add to.
   * @param name name of the node, unique in the graph; also the name of its output.
   * @param x name of the input, float [N, inChannels * group, H, W].
   * @param weights the weights.
   * @param attributes the geometry.
   * @param bias one value an output channel, or null.
   * @return name of the output, float [N, outChannels, H', W'].
   * @throws IllegalArgumentException if sizes do not fit; the message names the node.
   */
  public static String conv(
      GraphProto.Builder graph,
      String name,
      String x,
      PackedConvWeights weights,
      ConvAttributes attributes,
      float[] bias) {
    return floatConv(SubBitOperator.SUB_BIT_CONV, graph, name, x, weights, attributes, bias);
  }

  /**
   * Adds a {@code BinarySubBitConv} node, which binarises its input.
   *
   * @param graph the graph to add to.
   * @param name name of the node, unique in the graph; also the name of its output.
   * @param x name of the input, float [N, inChannels * group, H, W].
   * @param weights the weights.
   * @param attributes the geometry.
   * @param bias one value an output channel, or null.
   * @return name of the output, float [N, outChannels, H', W'].
   * @throws IllegalArgumentException if sizes do not fit; the message names the node.
   */
  public static String binaryConv(
      GraphProto.Builder graph,
      String name,
      String x,
      PackedConvWeights weights,
      ConvAttributes attributes,
      float[] bias) {
    return floatConv(SubBitOperator.BINARY_SUB_BIT_CONV, graph, name, x, weights, attributes, bias);
  }

  /**
   * Adds a {@code QLinearSubBitConv} node. Scales and zero points of input and output are named,
   * not given, since the nodes around it share them.
   *
   * @param graph the graph to add to.
   * @param name name of the node, unique in the graph; also the name of its output.
   * @param x name of the input, uint8 or int8 [N, inChannels * group, H, W].
   * @param xScale name of the input's scale, a float scalar.
   * @param xZeroPoint name of the input's zero point, a scalar of the input's type.
   * @param weights the weights; their scales become {@code w_scale}.
   * @param attributes the geometry.
   * @param yScale name of the output's scale, a float scalar.
   * @param yZeroPoint name of the output's zero point, a scalar of the input's type.
   * @param bias one value an output channel in units of {@code x_scale * w_scale}, or null.
   * @return name of the output, of the input's type, [N, outChannels, H', W'].
   * @throws IllegalArgumentException if sizes do not fit; the message names the node.
   */
  public static String qLinearConv(
      GraphProto.Builder graph,
      String name,
      String x,
      String xScale,
      String xZeroPoint,
      PackedConvWeights weights,
      ConvAttributes attributes,
      String yScale,
      String yZeroPoint,
      int[] bias) {
    requireFit(name, weights, attributes, bias == null ? -1 : bias.length);
    addWeights(graph, name, weights);
    List<String> inputs =
        new ArrayList<>(
            List.of(
                x,
                xScale,
                xZeroPoint,
                name + "/index",
                name + "/codebook",
                name + "/scale",
                yScale,
                yZeroPoint));
    if (bias != null) {
      graph.addInitializer(OnnxProtos.tensor(name + "/bias", bias, bias.length));
      inputs.add(name + "/bias");
    }
    return addNode(SubBitOperator.Q_LINEAR_SUB_BIT_CONV, graph, name, inputs, weights, attributes);
  }

  /**
   * Adds a {@code PackSigns} node: the signs of x + shift, eight channels a byte.
   *
   * @param graph the graph to add to.
   * @param name name of the node, unique in the graph; also the name of its output.
   * @param x name of the input, float [N, C, H, W].
   * @param shift one finite value an input channel.
   * @return name of the output, uint8 [N, ceil(C / 8), H, W].
   */
  public static String packSigns(GraphProto.Builder graph, String name, String x, float[] shift) {
    String shiftInput = addPerChannel(graph, name, "shift", shift);
    graph.addNode(node(SubBitOperator.PACK_SIGNS, name, List.of(x, shiftInput)).addOutput(name));
    return name;
  }

  /** The outputs that a convolution of packed signs is to have. */
  public enum PackedOutputs {
    /** The float values only. */
    VALUES(true, false),
    /** The packed signs only. */
    SIGNS(false, true),
    /** Both. */
    VALUES_AND_SIGNS(true, true);

    private final boolean values;
    private final boolean signs;

    PackedOutputs(boolean values, boolean signs) {
      this.values = values;
      this.signs = signs;
    }
  }

  /**
   * Name of the packed signs that a convolution of packed signs gives.
   *
   * @param node name of the node; its float values have the same name.
   * @return the name.
   */
  public static String signsOf(String node) {
    return node + "/signs";
  }

  /**
   * Adds a {@code PackedBinarySubBitConv} node. Its float values, float [N, outChannels, H', W'],
   * have the name of the node, their signs that of {@link #signsOf}.
   *
   * @param graph the graph to add to.
   * @param name name of the node, unique in the graph.
   * @param signs name of the input, uint8 [N, ceil(inChannels * group / 8), H, W].
   * @param weights the weights.
   * @param attributes the geometry.
   * @param bias one value an output channel.
   * @param outputs which outputs it has.
   * @throws IllegalArgumentException if sizes do not fit; the message names the node.
   */
  public static void packedBinaryConv(
      GraphProto.Builder graph,
      String name,
      String signs,
      PackedConvWeights weights,
      ConvAttributes attributes,
      float[] bias,
      PackedOutputs outputs) {
    List<String> inputs = floatInputs(graph, name, signs, weights, attributes, bias);
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
   * What a {@code BinarySubBitBlock} does behind its convolution, one value an output channel each.
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
   * the name of the node, the signs of these plus {@code nextShift} that of {@link #signsOf}.
   *
   * @param graph the graph to add to.
   * @param name name of the node, unique in the graph.
   * @param signs name of the input, uint8 [N, ceil(inChannels * group / 8), H, W].
   * @param weights the weights.
   * @param attributes the geometry.
   * @param residual name of the residual, float [N, outChannels, H', W'].
   * @param parameters the parameters behind the convolution.
   * @param outputs which outputs it has.
   * @throws IllegalArgumentException if sizes do not fit; the message names the node.
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
    List<String> inputs = floatInputs(graph, name, signs, weights, attributes, parameters.bias());
    inputs.add(residual);
    Map<String, float[]> perChannel = new LinkedHashMap<>();
    perChannel.put("shift_in", parameters.shiftIn());
    perChannel.put("slope", parameters.slope());
    perChannel.put("shift_out", parameters.shiftOut());
    perChannel.put("next_shift", parameters.nextShift());
    perChannel.forEach(
        (input, values) -> {
          requireOnePerChannel(name, input, values.length, weights);
          inputs.add(addPerChannel(graph, name, input, values));
        });
    addPackedNode(
        SubBitOperator.BINARY_SUB_BIT_BLOCK, graph, name, inputs, weights, attributes, outputs);
  }

  private static String floatConv(
      SubBitOperator operator,
      GraphProto.Builder graph,
      String name,
      String x,
      PackedConvWeights weights,
      ConvAttributes attributes,
      float[] bias) {
    List<String> inputs = floatInputs(graph, name, x, weights, attributes, bias);
    return addNode(operator, graph, name, inputs, weights, attributes);
  }

  /** The inputs of an operator up to its bias, which may be null. */
  private static List<String> floatInputs(
      GraphProto.Builder graph,
      String name,
      String x,
      PackedConvWeights weights,
      ConvAttributes attributes,
      float[] bias) {
    requireFit(name, weights, attributes, bias == null ? -1 : bias.length);
    addWeights(graph, name, weights);
    List<String> inputs =
        new ArrayList<>(List.of(x, name + "/index", name + "/codebook", name + "/scale"));
    if (bias != null) {
      inputs.add(addPerChannel(graph, name, "bias", bias));
    }
    return inputs;
  }

  /** Adds an initializer of one value a channel; returns its name. */
  private static String addPerChannel(
      GraphProto.Builder graph, String name, String input, float[] values) {
    graph.addInitializer(OnnxProtos.tensor(name + "/" + input, values, values.length));
    return name + "/" + input;
  }

  private static void requireFit(
      String name, PackedConvWeights weights, ConvAttributes attributes, int biases) {
    if (weights.outChannels() % attributes.group() != 0) {
      throw new IllegalArgumentException(
          "Node '"
              + name
              + "': "
              + weights.outChannels()
              + " output channels do not split into "
              + attributes.group()
              + " groups");
    }
    if (biases >= 0) {
      requireOnePerChannel(name, "bias", biases, weights);
    }
  }

  private static void requireOnePerChannel(
      String name, String input, int count, PackedConvWeights weights) {
    if (count != weights.outChannels()) {
      throw new IllegalArgumentException(
          "Node '"
              + name
              + "': "
              + weights.outChannels()
              + " output channels need as many values of '"
              + input
              + "', found "
              + count);
    }
  }

  private static void addWeights(GraphProto.Builder graph, String name, PackedConvWeights weights) {
    int tau = weights.codebook().tau();
    byte[] index = weights.index();
    graph.addInitializer(
        OnnxProtos.tensor(name + "/index", DataType.UINT8, index, tau, index.length / tau));
    graph.addInitializer(
        OnnxProtos.tensor(
            name + "/codebook",
            DataType.INT8,
            weights.codebook().toTaps(),
            weights.codebook().size(),
            3,
            3));
    graph.addInitializer(
        OnnxProtos.tensor(name + "/scale", weights.scale(), weights.outChannels()));
  }

  private static String addNode(
      SubBitOperator operator,
      GraphProto.Builder graph,
      String name,
      List<String> inputs,
      PackedConvWeights weights,
      ConvAttributes attributes) {
    graph.addNode(convNode(operator, name, inputs, weights, attributes).addOutput(name));
    return name;
  }

  private static void addPackedNode(
      SubBitOperator operator,
      GraphProto.Builder graph,
      String name,
      List<String> inputs,
      PackedConvWeights weights,
      ConvAttributes attributes,
      PackedOutputs outputs) {
    // An output that is left out keeps its place: a function body cannot do with fewer.
    graph.addNode(
        convNode(operator, name, inputs, weights, attributes)
            .addOutput(outputs.values ? name : "")
            .addOutput(outputs.signs ? signsOf(name) : ""));
  }

  private static NodeProto.Builder convNode(
      SubBitOperator operator,
      String name,
      List<String> inputs,
      PackedConvWeights weights,
      ConvAttributes a) {
    return node(operator, name, inputs)
        .addAttribute(OnnxProtos.attribute("tau", (long) weights.codebook().tau()))
        .addAttribute(OnnxProtos.attribute("out_channels", (long) weights.outChannels()))
        .addAttribute(OnnxProtos.attribute("in_channels", (long) weights.inChannels()))
        .addAttribute(OnnxProtos.attribute("strides", a.strideHeight(), a.strideWidth()))
        .addAttribute(
            OnnxProtos.attribute("pads", a.padTop(), a.padLeft(), a.padBottom(), a.padRight()))
        .addAttribute(OnnxProtos.attribute("dilations", a.dilationHeight(), a.dilationWidth()))
        .addAttribute(OnnxProtos.attribute("group", (long) a.group()));
  }

  private static NodeProto.Builder node(SubBitOperator operator, String name, List<String> inputs) {
    return NodeProto.newBuilder()
        .setName(name)
        .setDomain(SubBitOperator.DOMAIN)
        .setOpType(operator.opType())
        .addAllInput(inputs);
  }
}
