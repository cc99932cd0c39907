package dev.subbit.onnx;

import ai.onnx.proto.OnnxMl.GraphProto;
import ai.onnx.proto.OnnxMl.NodeProto;
import ai.onnx.proto.OnnxMl.TensorProto;
import ai.onnx.proto.OnnxMl.TensorProto.DataType;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import java.util.Objects;

/**
 * Adds sub-bit convolutions to an ONNX graph: the node and the initializers {@code <node>/index},
 * {@code <node>/codebook}, {@code <node>/scale} and, if there is a bias, {@code <node>/bias}.
 * {@link PackedSignNodes} adds the operators on packed signs.
 *
 * <p>{@link SubBitModels} then turns the graph into a model.
 */
public final class SubBitNodes {

  /**
   * The largest number of input channels in a group of {@code QLinearSubBitBlock}. Up to this
   * number, a float holds its sums exactly, as the function body requires.
   */
  public static final int MAX_BLOCK_CHANNELS =
      OperatorTable.Q_LINEAR_SUB_BIT_BLOCK_MOST_IN_CHANNELS;

  private SubBitNodes() {}

  /**
   * Adds a {@code SubBitConv} node.
   *
   * @param graph the graph to add to.
   * @param name name of the node, unique in the graph; also the name of its output.
   * @param x name of the input, float [N, inChannels * group, H, W].
   * @param weights the weights.
   * @param attributes the geometry.
   * @param bias one value per output channel, or null.
   * @return name of the output, float [N, outChannels, H', W'].
   * @throws IllegalArgumentException if sizes do not match; the message names the node.
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
   * Adds a {@code StagedSubBitConv} node, whose weights are a sum of stages.
   *
   * @param graph the graph to add to.
   * @param name name of the node, unique in the graph; also the name of its output.
   * @param x name of the input, float [N, inChannels * group, H, W].
   * @param weights the weights, 3x3 kernels of signs, [outChannels, inChannels, 3, 3].
   * @param attributes the geometry.
   * @param bias one value per output channel.
   * @return name of the output, float [N, outChannels, H', W'].
   * @throws IllegalArgumentException if the weights are no such kernels or sizes do not match; the
   *     message names the node.
   */
  public static String stagedConv(
      GraphProto.Builder graph,
      String name,
      String x,
      CodedWeights weights,
      ConvAttributes attributes,
      float[] bias) {
    if (!weights.isSigns()) {
      throw new IllegalArgumentException(
          "Node '"
              + name
              + "': its weights "
              + Arrays.toString(weights.shape())
              + " are not 3x3 kernels of signs");
    }
    PackedConvWeights first = weights.convolutions().get(0);
    requireFit(name, first, attributes, bias.length);
    WeightsFunction.addTensors(graph, name, weights, 3, 3);
    Map<String, String> inputs = new HashMap<>();
    inputs.put("X", x);
    inputs.put("index", name + "/index");
    inputs.put("codebook", name + "/codebook");
    inputs.put("scale", name + "/scale");
    inputs.put("bias", addPerChannel(graph, name, "bias", bias));
    return addNode(SubBitOperator.STAGED_SUB_BIT_CONV, graph, name, inputs, first, attributes);
  }

  /**
   * Reads the weights of a {@code StagedSubBitConv} node.
   *
   * @param node the node.
   * @param initializers the initializers of its graph by name.
   * @return the weights.
   * @throws IllegalArgumentException if they are not raw tensors in the file or do not fit each
   *     other; the message names the node.
   */
  public static CodedWeights stagedWeights(NodeProto node, Map<String, TensorProto> initializers) {
    try {
      return PlainConvolution.stages(node, initializers);
    } catch (IllegalArgumentException | ArithmeticException e) {
      throw new IllegalArgumentException("Node '" + node.getName() + "': " + e.getMessage(), e);
    }
  }

  /**
   * Adds a {@code BinarySubBitConv} node, which binarises its input.
   *
   * @param graph the graph to add to.
   * @param name name of the node, unique in the graph; also the name of its output.
   * @param x name of the input, float [N, inChannels * group, H, W].
   * @param weights the weights.
   * @param attributes the geometry.
   * @param bias one value per output channel, or null.
   * @return name of the output, float [N, outChannels, H', W'].
   * @throws IllegalArgumentException if sizes do not match; the message names the node.
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
   * Adds a {@code QLinearSubBitConv} node. Scales and zero points of input and output are passed by
   * name, since the neighbouring nodes share them.
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
   * @param bias one value per output channel in units of {@code x_scale * w_scale}, or null.
   * @return name of the output, of the input's type, [N, outChannels, H', W'].
   * @throws IllegalArgumentException if sizes do not match; the message names the node.
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
    Quantized input = new Quantized(x, xScale, xZeroPoint);
    Quantized output = new Quantized(name, yScale, yZeroPoint);
    Map<String, String> inputs =
        quantizedInputs(graph, name, input, weights, attributes, output, bias);
    return addNode(SubBitOperator.Q_LINEAR_SUB_BIT_CONV, graph, name, inputs, weights, attributes);
  }

  /**
   * A tensor of 8-bit values with its scale and zero point.
   *
   * @param tensor name of the tensor, uint8 or int8.
   * @param scale name of its scale, a float scalar.
   * @param zeroPoint name of its zero point, a scalar of the tensor's type.
   */
  public record Quantized(String tensor, String scale, String zeroPoint) {}

  /**
   * Adds a {@code QLinearSubBitBlock} node: an 8-bit convolution with an 8-bit residual. All
   * tensors have the same type.
   *
   * @param graph the graph to add to.
   * @param name name of the node, unique in the graph; also the name of its output.
   * @param x the input, [N, inChannels * group, H, W].
   * @param weights the weights; their scales become {@code w_scale}.
   * @param attributes the geometry.
   * @param bias one value per output channel in units of {@code x_scale * w_scale}.
   * @param residual the tensor to add, [N, outChannels, H', W'].
   * @param yScale name of the output's scale, a float scalar.
   * @param yZeroPoint name of the output's zero point, a scalar of the input's type.
   * @return name of the output, of the input's type, [N, outChannels, H', W'].
   * @throws IllegalArgumentException if sizes do not match, or a group has more than {@value
   *     #MAX_BLOCK_CHANNELS} input channels; the message names the node.
   */
  public static String qLinearBlock(
      GraphProto.Builder graph,
      String name,
      Quantized x,
      PackedConvWeights weights,
      ConvAttributes attributes,
      int[] bias,
      Quantized residual,
      String yScale,
      String yZeroPoint) {
    if (weights.inChannels() > MAX_BLOCK_CHANNELS) {
      throw new IllegalArgumentException(
          "Node '"
              + name
              + "': "
              + weights.inChannels()
              + " input channels in a group; the operator takes at most "
              + MAX_BLOCK_CHANNELS);
    }
    Objects.requireNonNull(bias, "bias");
    Quantized output = new Quantized(name, yScale, yZeroPoint);
    Map<String, String> inputs = quantizedInputs(graph, name, x, weights, attributes, output, bias);
    inputs.put("residual", residual.tensor());
    inputs.put("residual_scale", residual.scale());
    inputs.put("residual_zero_point", residual.zeroPoint());
    return addNode(SubBitOperator.Q_LINEAR_SUB_BIT_BLOCK, graph, name, inputs, weights, attributes);
  }

  /** The inputs of an 8-bit operator up to its bias, which may be null. */
  private static Map<String, String> quantizedInputs(
      GraphProto.Builder graph,
      String name,
      Quantized x,
      PackedConvWeights weights,
      ConvAttributes attributes,
      Quantized y,
      int[] bias) {
    requireFit(name, weights, attributes, bias == null ? -1 : bias.length);
    Map<String, String> inputs = addWeights(graph, name, weights, "w_scale");
    inputs.put("x", x.tensor());
    inputs.put("x_scale", x.scale());
    inputs.put("x_zero_point", x.zeroPoint());
    inputs.put("y_scale", y.scale());
    inputs.put("y_zero_point", y.zeroPoint());
    if (bias != null) {
      graph.addInitializer(OnnxProtos.tensor(name + "/bias", bias, bias.length));
      inputs.put("B", name + "/bias");
    }
    return inputs;
  }

  private static String floatConv(
      SubBitOperator operator,
      GraphProto.Builder graph,
      String name,
      String x,
      PackedConvWeights weights,
      ConvAttributes attributes,
      float[] bias) {
    Map<String, String> inputs = floatInputs(graph, name, weights, attributes, bias);
    inputs.put("X", x);
    return addNode(operator, graph, name, inputs, weights, attributes);
  }

  /** The weights of an operator, and its bias, which may be null, by the names of its inputs. */
  static Map<String, String> floatInputs(
      GraphProto.Builder graph,
      String name,
      PackedConvWeights weights,
      ConvAttributes attributes,
      float[] bias) {
    requireFit(name, weights, attributes, bias == null ? -1 : bias.length);
    Map<String, String> inputs = addWeights(graph, name, weights, "scale");
    if (bias != null) {
      inputs.put("bias", addPerChannel(graph, name, "bias", bias));
    }
    return inputs;
  }

  /** Adds an initializer with one value per channel and returns its name. */
  static String addPerChannel(GraphProto.Builder graph, String name, String input, float[] values) {
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

  static void requireOnePerChannel(
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

  /** Adds the initializers; returns their names by those of the inputs that they are. */
  private static Map<String, String> addWeights(
      GraphProto.Builder graph, String name, PackedConvWeights weights, String scaleInput) {
    graph.addInitializer(index(name + "/index", weights));
    graph.addInitializer(codebook(name + "/codebook", weights));
    graph.addInitializer(
        OnnxProtos.tensor(name + "/scale", weights.scale(), weights.outChannels()));
    Map<String, String> inputs = new HashMap<>();
    inputs.put("index", name + "/index");
    inputs.put("codebook", name + "/codebook");
    inputs.put(scaleInput, name + "/scale");
    return inputs;
  }

  /** The input {@code index} of an operator. */
  static TensorProto index(String name, PackedConvWeights weights) {
    int tau = weights.codebook().tau();
    byte[] index = weights.index();
    return OnnxProtos.tensor(name, DataType.UINT8, index, tau, index.length / tau);
  }

  /** The input {@code codebook} of an operator. */
  static TensorProto codebook(String name, PackedConvWeights weights) {
    Codebook codebook = weights.codebook();
    return OnnxProtos.tensor(name, DataType.INT8, codebook.toTaps(), codebook.size(), 3, 3);
  }

  private static String addNode(
      SubBitOperator operator,
      GraphProto.Builder graph,
      String name,
      Map<String, String> inputs,
      PackedConvWeights weights,
      ConvAttributes attributes) {
    graph.addNode(convNode(operator, name, inputs, weights, attributes).addOutput(name));
    return name;
  }

  static NodeProto.Builder convNode(
      SubBitOperator operator,
      String name,
      Map<String, String> inputs,
      PackedConvWeights weights,
      ConvAttributes a) {
    return node(operator, name, inputs)
        .addAttribute(OnnxProtos.attribute(OperatorTable.TAU, (long) weights.codebook().tau()))
        .addAttribute(
            OnnxProtos.attribute(OperatorTable.OUT_CHANNELS, (long) weights.outChannels()))
        .addAttribute(OnnxProtos.attribute(OperatorTable.IN_CHANNELS, (long) weights.inChannels()))
        .addAttribute(
            OnnxProtos.attribute(OperatorTable.STRIDES, a.strideHeight(), a.strideWidth()))
        .addAttribute(
            OnnxProtos.attribute(
                OperatorTable.PADS, a.padTop(), a.padLeft(), a.padBottom(), a.padRight()))
        .addAttribute(
            OnnxProtos.attribute(OperatorTable.DILATIONS, a.dilationHeight(), a.dilationWidth()))
        .addAttribute(OnnxProtos.attribute(OperatorTable.GROUP, (long) a.group()));
  }

  static NodeProto.Builder node(SubBitOperator operator, String name, Map<String, String> inputs) {
    return NodeProto.newBuilder()
        .setName(name)
        .setDomain(SubBitOperator.DOMAIN)
        .setOpType(operator.opType())
        .addAllInput(operator.inOrder(inputs));
  }
}
