package dev.subbit.tribuo.quantizer.graph;

import ai.onnx.proto.OnnxMl.GraphProto;
import ai.onnx.proto.OnnxMl.ModelProto;
import ai.onnx.proto.OnnxMl.NodeProto;
import ai.onnx.proto.OnnxMl.TensorProto;
import dev.subbit.onnx.OnnxProtos;
import dev.subbit.onnx.SubBitModels;
import dev.subbit.onnx.SubBitOperator;
import dev.subbit.onnx.WholeWeights;
import dev.subbit.onnx.graph.GraphNames;
import dev.subbit.tribuo.network.IntegerWeights;
import dev.subbit.tribuo.network.TrainedNetwork.QuantizedRange;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Puts {@code QLinearSubBitConv} and {@code QLinearSubBitBlock} in place of {@code SubBitConv}, and
 * {@code QLinearConv} in place of a Conv of {@code SubBitWeights}, whose sum then is one of whole
 * numbers. What a convolution gives stays in 8 bits for the convolutions that read it, directly or
 * through a max pooling; all other nodes get floats, under the names they had.
 */
public final class IntegerEdits {

  private static final int BIAS_OF_CONV = 2;

  private final GraphProto graph;
  private final GraphIndex index;
  private final Map<String, QuantizedRange> ranges;
  private final Map<Integer, IntegerConv> byNode = new HashMap<>();
  private final GraphProto.Builder edited;
  private final Set<String> names;
  private final Set<String> readByConvs = new HashSet<>();

  /** Names of the initializers with scale and zero point of an 8-bit tensor. */
  private final Map<String, String> scales = new HashMap<>();

  private final Map<String, String> zeroPoints = new HashMap<>();

  /** Weights of whole numbers, by name of their float form. */
  private final Map<String, WholeSum> wholeSums = new HashMap<>();

  /** Name of the zero point of such weights, where there are any. */
  private String zeroWeight;

  /** Values that exist in 8 bits, by name of their float form. */
  private final Map<String, IntegerValue> integers = new HashMap<>();

  /** What {@link #integers} holds beside a float form that came first. */
  private final Set<String> roundedCopies = new HashSet<>();

  /**
   * A sum of stages in 8 bits.
   *
   * @param weights name of the weights.
   * @param step what one step of them is worth, per output.
   */
  private record WholeSum(String weights, float[] step) {}

  private IntegerEdits(
      GraphProto graph, List<IntegerConv> convs, Map<String, QuantizedRange> ranges) {
    this.graph = graph;
    this.index = new GraphIndex(graph);
    this.ranges = ranges;
    this.edited = graph.toBuilder().clearNode();
    this.names = GraphNames.of(graph);
    for (IntegerConv conv : convs) {
      byNode.put(conv.node(), conv);
      readByConvs.add(conv.input());
    }
  }

  /**
   * Finds the values whose ranges are needed: those that the graph does not have in 8 bits already.
   *
   * @param convs the convolutions.
   * @return names of float values, each once.
   */
  public static List<String> valuesWithoutRange(List<IntegerConv> convs) {
    Set<String> values = new LinkedHashSet<>();
    for (IntegerConv conv : convs) {
      if (conv.givenInput() == null) {
        values.add(conv.input());
      }
      if (!keepsGivenOutput(conv)) {
        values.add(conv.output());
      }
    }
    return List.copyOf(values);
  }

  /** An 8-bit convolution gives the type that it reads. */
  private static boolean keepsGivenOutput(IntegerConv conv) {
    boolean signed = conv.givenInput() != null && conv.givenInput().signed();
    return conv.givenOutput() != null && conv.givenOutput().signed() == signed;
  }

  /**
   * Replaces convolutions by 8-bit ones.
   *
   * @param model the model they were found in.
   * @param convs the convolutions.
   * @param ranges of the values that {@link #valuesWithoutRange} asks for.
   * @return the model.
   * @throws IllegalArgumentException if a scale or bias of a layer does not fit its ranges.
   */
  public static ModelProto replace(
      ModelProto model, List<IntegerConv> convs, Map<String, QuantizedRange> ranges) {
    if (convs.isEmpty()) {
      return model;
    }
    GraphProto edited = new IntegerEdits(model.getGraph(), convs, ranges).edit();
    return SubBitModels.withOperators(model.toBuilder().setGraph(edited)).build();
  }

  private GraphProto edit() {
    Set<Integer> dropped = new HashSet<>();
    for (IntegerConv conv : byNode.values()) {
      dropped.add(conv.add());
      dropped.add(conv.activation());
      if (keepsGivenOutput(conv)) {
        dropped.add(conv.quantizeNode());
      }
    }
    for (int i = 0; i < graph.getNodeCount(); i++) {
      NodeProto node = graph.getNode(i);
      if (byNode.containsKey(i)) {
        write(byNode.get(i), node);
      } else if (poolsIntegers(node)) {
        pool(node);
      } else if (!dropped.contains(i)) {
        edited.addNode(node);
      }
    }
    dropUnreadFloats();
    Leftovers.remove(edited, Leftovers.reads(graph));
    return edited.build();
  }

  private void write(IntegerConv conv, NodeProto node) {
    IntegerValue x = inputOf(conv);
    IntegerValue y = keepsGivenOutput(conv) ? conv.givenOutput() : outputOf(conv, x.signed());
    NodeProto.Builder integer =
        conv.weights() == null ? subBitConv(conv, node, x, y) : summedConv(conv, node, x, y);
    edited.addNode(integer.setOutput(0, y.tensor()));
    if (!keepsGivenOutput(conv)) {
      putInteger(conv.output(), y);
    }
  }

  private NodeProto.Builder subBitConv(
      IntegerConv conv, NodeProto node, IntegerValue x, IntegerValue y) {
    float[] scale = floats(node, input("scale"));
    float[] bias = bias(node, input("bias"), scale.length);
    IntegerWeights weights = IntegerWeights.of(scale, bias, x.range().scale());
    requireFits(conv, weights.scale(), x.range().scale(), y.range().scale());
    SubBitOperator operator = SubBitOperator.Q_LINEAR_SUB_BIT_CONV;
    Map<String, String> inputs = new HashMap<>();
    inputs.put("x", x.tensor());
    inputs.put("x_scale", scaleOf(x));
    inputs.put("x_zero_point", zeroPointOf(x));
    inputs.put("index", node.getInput(input("index")));
    inputs.put("codebook", node.getInput(input("codebook")));
    inputs.put("w_scale", weightScale(conv, weights));
    inputs.put("y_scale", scaleOf(y));
    inputs.put("y_zero_point", zeroPointOf(y));
    inputs.put("B", bias(conv, weights));
    if (conv.residual() != null) {
      IntegerValue residual = integers.get(conv.residual());
      requireFits(conv, new float[] {1}, residual.range().scale(), y.range().scale());
      operator = SubBitOperator.Q_LINEAR_SUB_BIT_BLOCK;
      inputs.put("residual", residual.tensor());
      inputs.put("residual_scale", scaleOf(residual));
      inputs.put("residual_zero_point", zeroPointOf(residual));
    }
    return node.toBuilder()
        .setOpType(operator.opType())
        .clearInput()
        .addAllInput(operator.inOrder(inputs));
  }

  private NodeProto.Builder summedConv(
      IntegerConv conv, NodeProto node, IntegerValue x, IntegerValue y) {
    float[] bias = bias(node, BIAS_OF_CONV, index.weights(conv.weights()).rows());
    WholeSum sum =
        wholeSums.computeIfAbsent(
            node.getInput(1), weights -> wholeSum(conv.weights(), bias, x.range().scale()));
    IntegerWeights weights = IntegerWeights.of(sum.step, bias, x.range().scale());
    requireFits(conv, weights.scale(), x.range().scale(), y.range().scale());
    return node.toBuilder()
        .setOpType("QLinearConv")
        .clearInput()
        .addAllInput(
            List.of(
                x.tensor(),
                scaleOf(x),
                zeroPointOf(x),
                sum.weights,
                weightScale(conv, weights),
                zeroWeight(),
                scaleOf(y),
                zeroPointOf(y),
                bias(conv, weights)));
  }

  /** Writes the whole numbers of weights, whose first reader has this bias and input. */
  private WholeSum wholeSum(NodeProto weights, float[] bias, float inputScale) {
    float[] least = new float[bias.length];
    for (int o = 0; o < least.length; o++) {
      least[o] = IntegerWeights.leastScale(bias[o], inputScale);
    }
    StageMultiples stages = StageMultiples.of(index.weights(weights), least);
    String name =
        GraphNames.free(
            weights.getOutput(0) + "/whole",
            taken -> WholeWeights.names(taken).stream().anyMatch(names::contains));
    names.addAll(WholeWeights.names(name));
    String whole = WholeWeights.write(edited, name, weights, stages.multiple(), bias.length);
    return new WholeSum(whole, stages.step());
  }

  private String weightScale(IntegerConv conv, IntegerWeights weights) {
    float[] scale = weights.scale();
    return tensor(OnnxProtos.tensor(free(conv.name() + "/w_scale"), scale, scale.length));
  }

  private String bias(IntegerConv conv, IntegerWeights weights) {
    int[] bias = weights.bias();
    return tensor(OnnxProtos.tensor(free(conv.name() + "/B"), bias, bias.length));
  }

  /** The zero point of all weights. */
  private String zeroWeight() {
    if (zeroWeight == null) {
      zeroWeight =
          tensor(
              OnnxProtos.tensor(
                  free("weights/zero_point"), TensorProto.DataType.INT8, new byte[1]));
    }
    return zeroWeight;
  }

  /** Where an input of the float convolution stands that becomes an 8-bit one. */
  private static int input(String name) {
    return SubBitOperator.SUB_BIT_CONV.position(name);
  }

  private IntegerValue inputOf(IntegerConv conv) {
    if (conv.givenInput() != null) {
      return conv.givenInput();
    }
    String value = conv.input();
    if (!integers.containsKey(value)) {
      IntegerValue rounded = new IntegerValue(free(value + "/quantized"), ranges.get(value), false);
      edited.addNode(linear("QuantizeLinear", value, rounded, rounded.tensor()));
      integers.put(value, rounded);
      roundedCopies.add(value);
    }
    return integers.get(value);
  }

  private IntegerValue outputOf(IntegerConv conv, boolean signed) {
    return new IntegerValue(free(conv.output() + "/quantized"), ranges.get(conv.output()), signed);
  }

  /** Records that a value exists in 8 bits, and writes its floats for nodes that read them. */
  private void putInteger(String value, IntegerValue integer) {
    integers.put(value, integer);
    edited.addNode(linear("DequantizeLinear", integer.tensor(), integer, value));
  }

  private NodeProto linear(String opType, String input, IntegerValue integer, String output) {
    return NodeProto.newBuilder()
        .setName(free(integer.tensor() + "/" + opType))
        .setOpType(opType)
        .addInput(input)
        .addInput(scaleOf(integer))
        .addInput(zeroPointOf(integer))
        .addOutput(output)
        .build();
  }

  /** Whether a max pooling stands between 8-bit convolutions: the largest stays the largest. */
  private boolean poolsIntegers(NodeProto node) {
    return GraphIndex.isStandard(node, "MaxPool")
        && node.getOutputCount() == 1
        && integers.containsKey(node.getInput(0))
        && !roundedCopies.contains(node.getInput(0))
        && readByConvs.contains(node.getOutput(0));
  }

  private void pool(NodeProto node) {
    IntegerValue from = integers.get(node.getInput(0));
    String value = node.getOutput(0);
    IntegerValue pooled = new IntegerValue(free(value + "/quantized"), from.range(), from.signed());
    edited.addNode(node.toBuilder().setInput(0, from.tensor()).setOutput(0, pooled.tensor()));
    putInteger(value, pooled);
  }

  /** The floats of values that are read in 8 bits only. */
  private void dropUnreadFloats() {
    Set<String> reads = Leftovers.reads(edited);
    Set<String> had = new HashSet<>();
    graph.getNodeList().stream()
        .filter(node -> node.getOpType().equals("DequantizeLinear"))
        .forEach(node -> had.addAll(node.getOutputList()));
    List<NodeProto> kept = new ArrayList<>();
    for (NodeProto node : edited.getNodeList()) {
      boolean unread =
          GraphIndex.isStandard(node, "DequantizeLinear")
              && !had.contains(node.getOutput(0))
              && !reads.contains(node.getOutput(0));
      if (!unread) {
        kept.add(node);
      }
    }
    edited.clearNode().addAllNode(kept);
  }

  private String scaleOf(IntegerValue value) {
    return scales.computeIfAbsent(
        value.tensor(),
        tensor ->
            tensor(
                OnnxProtos.tensor(free(tensor + "/scale"), new float[] {value.range().scale()})));
  }

  private String zeroPointOf(IntegerValue value) {
    return zeroPoints.computeIfAbsent(
        value.tensor(),
        tensor ->
            tensor(
                OnnxProtos.tensor(
                    free(tensor + "/zero_point"),
                    value.signed() ? TensorProto.DataType.INT8 : TensorProto.DataType.UINT8,
                    new byte[] {(byte) value.zeroPoint()})));
  }

  private String tensor(TensorProto tensor) {
    edited.addInitializer(tensor);
    return tensor.getName();
  }

  /** The bias of a float convolution; zeros where it has none. */
  private float[] bias(NodeProto node, int input, int outputs) {
    return node.getInputCount() > input && !node.getInput(input).isEmpty()
        ? floats(node, input)
        : new float[outputs];
  }

  private float[] floats(NodeProto node, int input) {
    return index
        .constant(node.getInput(input))
        .flatMap(FloatTensors::values)
        .orElseThrow(
            () ->
                new IllegalArgumentException(
                    "Layer '"
                        + node.getName()
                        + "': its input '"
                        + node.getInput(input)
                        + "' is not a float tensor of the model"));
  }

  private static void requireFits(IntegerConv conv, float[] scale, float in, float out) {
    for (float each : scale) {
      if (!Float.isFinite(each * in / out)) {
        throw new IllegalArgumentException(
            "Layer '"
                + conv.name()
                + "' cannot run in 8 bits: a scale of "
                + each
                + " between activations in steps of "
                + in
                + " and "
                + out
                + " overflows; keep it float by its name");
      }
    }
  }

  private String free(String wanted) {
    String name = GraphNames.free(wanted, names::contains);
    names.add(name);
    return name;
  }
}
