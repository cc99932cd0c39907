package dev.subbit.tribuo.quantizer.graph;

import ai.onnx.proto.OnnxMl.GraphProto;
import ai.onnx.proto.OnnxMl.ModelProto;
import ai.onnx.proto.OnnxMl.NodeProto;
import ai.onnx.proto.OnnxMl.TensorProto;
import dev.subbit.onnx.SubBitOperator;
import dev.subbit.onnx.WeightsFunction;
import dev.subbit.tribuo.network.TrainedNetwork.QuantizedRange;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * A {@code SubBitConv} of a graph that can run on 8-bit activations, or a Conv of {@code
 * SubBitWeights} of signs. A stage of a layer that is added to the stages before it takes these in,
 * as {@code QLinearSubBitBlock}.
 *
 * @param name its name.
 * @param node index of its node.
 * @param weights the node of its {@code SubBitWeights}; null if it is a {@code SubBitConv}.
 * @param add index of the Add of this stage and those before it, where it runs as part of the
 *     convolution; else -1.
 * @param residual name of the sum of the stages before; null where {@code add} is -1.
 * @param activation index of the ReLU, or the Clip at zero, that alone reads it and that the clamp
 *     of its output stands for; -1 if there is none.
 * @param input name of the float value it reads.
 * @param output name of the float value it gives, behind sum and activation where there are such.
 * @param givenInput the input in 8 bits, where the graph has it already; else null.
 * @param quantizeNode index of the QuantizeLinear that alone reads the output; -1 if there is none.
 * @param givenOutput what that node gives; else null.
 */
public record IntegerConv(
    String name,
    int node,
    NodeProto weights,
    int add,
    String residual,
    int activation,
    String input,
    String output,
    IntegerValue givenInput,
    int quantizeNode,
    IntegerValue givenOutput) {

  private static final int LEVELS = 255;

  /** Largest excess of the largest 8-bit value over a bound that it replaces. */
  private static final float ROUNDING = 1e-5f;

  /**
   * Finds the convolutions of a model that can run on 8-bit activations.
   *
   * @param model a model with sub-bit convolutions, as {@link GraphEdits} makes it.
   * @return the convolutions, in the order of the graph.
   */
  public static List<IntegerConv> of(ModelProto model) {
    GraphProto graph = model.getGraph();
    GraphIndex index = new GraphIndex(graph);
    List<IntegerConv> convs = new ArrayList<>();
    Map<String, NodeProto> stages = new HashMap<>();
    for (int i = 0; i < graph.getNodeCount(); i++) {
      NodeProto weights = summedWeights(graph.getNode(i), index).orElse(null);
      if (weights != null || isSubBitConv(graph.getNode(i))) {
        convs.add(of(graph, index, i, weights, stages));
      }
    }
    return convs;
  }

  /** The {@code SubBitWeights} of signs that a Conv reads. */
  private static Optional<NodeProto> summedWeights(NodeProto node, GraphIndex index) {
    return GraphIndex.isStandard(node, "Conv")
        ? index
            .producer(node.getInput(1))
            .filter(WeightsFunction::isCall)
            .filter(weights -> index.weights(weights).isSigns())
        : Optional.empty();
  }

  static boolean isSubBitConv(NodeProto node) {
    return node.getDomain().equals(SubBitOperator.DOMAIN)
        && node.getOpType().equals(SubBitOperator.SUB_BIT_CONV.opType());
  }

  /**
   * Examines one convolution.
   *
   * @param weights the node of its weights, if it has one.
   * @param stages values that are sums of stages, each with one of its convolutions; added to.
   */
  private static IntegerConv of(
      GraphProto graph, GraphIndex index, int i, NodeProto weights, Map<String, NodeProto> stages) {
    NodeProto node = graph.getNode(i);
    String input = node.getInput(0);
    String output = node.getOutput(0);
    int add = -1;
    String residual = null;
    Optional<Integer> reader = index.onlyReader(output);
    if (weights == null && reader.isPresent()) {
      residual = stagesBefore(graph.getNode(reader.get()), node, stages).orElse(null);
      if (residual != null) {
        add = reader.get();
        output = graph.getNode(add).getOutput(0);
        reader = index.onlyReader(output);
      }
    }
    if (weights == null) {
      stages.put(output, node);
    }
    int activation = -1;
    float most = Float.POSITIVE_INFINITY;
    if (reader.isPresent() && cutsAtZero(graph.getNode(reader.get()), output, index)) {
      activation = reader.get();
      most = most(graph.getNode(activation), index);
      output = graph.getNode(activation).getOutput(0);
      reader = index.onlyReader(output);
    }
    IntegerValue given =
        index
            .producer(input)
            .filter(producer -> isNamed(producer, "DequantizeLinear"))
            .flatMap(producer -> integers(producer, producer.getInput(0), index))
            .orElse(null);
    int quantizeNode = -1;
    IntegerValue wanted = null;
    if (reader.isPresent() && isNamed(graph.getNode(reader.get()), "QuantizeLinear")) {
      NodeProto quantize = graph.getNode(reader.get());
      wanted = integers(quantize, quantize.getOutput(0), index).orElse(null);
      // The clamp of the 8 bits is the activation only where both cut at the same values.
      boolean fits =
          wanted != null
              && quantize.getInput(0).equals(output)
              && (activation < 0
                  || wanted.range().zeroPoint() == 0
                      && LEVELS * wanted.range().scale() <= most * (1 + ROUNDING));
      quantizeNode = fits ? reader.get() : -1;
      wanted = fits ? wanted : null;
    }
    return new IntegerConv(
        node.getName(),
        i,
        weights,
        add,
        residual,
        activation,
        input,
        output,
        given,
        quantizeNode,
        wanted);
  }

  /**
   * What an Add adds a convolution to, if that is a sum of convolutions of the same input with the
   * same attributes: their outputs have one shape whatever the input's.
   */
  private static Optional<String> stagesBefore(
      NodeProto add, NodeProto conv, Map<String, NodeProto> stages) {
    if (!GraphIndex.isStandard(add, "Add")
        || add.getInputCount() != 2
        || add.getInput(0).equals(add.getInput(1))) {
      return Optional.empty();
    }
    String own = conv.getOutput(0);
    String other = add.getInput(0).equals(own) ? add.getInput(1) : add.getInput(0);
    NodeProto before = stages.get(other);
    boolean alike =
        before != null
            && before.getInput(0).equals(conv.getInput(0))
            && before.getAttributeList().equals(conv.getAttributeList());
    return alike ? Optional.of(other) : Optional.empty();
  }

  /** Whether a node is a ReLU, or a Clip at zero. */
  private static boolean cutsAtZero(NodeProto node, String input, GraphIndex index) {
    if (!GraphIndex.isStandard(node)
        || node.getOutputCount() != 1
        || !node.getInput(0).equals(input)) {
      return false;
    }
    if (node.getOpType().equals("Relu")) {
      return true;
    }
    return node.getOpType().equals("Clip")
        && node.getInputCount() >= 2
        && index
            .constant(node.getInput(1))
            .flatMap(FloatTensors::values)
            .filter(least -> least.length == 1 && least[0] == 0)
            .isPresent();
  }

  /** The largest value that an activation lets pass. */
  private static float most(NodeProto activation, GraphIndex index) {
    if (!activation.getOpType().equals("Clip")
        || activation.getInputCount() < 3
        || activation.getInput(2).isEmpty()) {
      return Float.POSITIVE_INFINITY;
    }
    return index
        .constant(activation.getInput(2))
        .flatMap(FloatTensors::values)
        .filter(values -> values.length == 1)
        .map(values -> values[0])
        .orElse(0f);
  }

  private static boolean isNamed(NodeProto node, String opType) {
    return GraphIndex.isStandard(node, opType)
        && node.getInputCount() == 3
        && node.getOutputCount() == 1;
  }

  /** The 8-bit side of a QuantizeLinear or DequantizeLinear with one constant range. */
  private static Optional<IntegerValue> integers(NodeProto node, String tensor, GraphIndex index) {
    float[] scale = scalar(node.getInput(1), index).flatMap(FloatTensors::values).orElse(null);
    TensorProto zeroPoint = scalar(node.getInput(2), index).orElse(null);
    if (scale == null
        || zeroPoint == null
        || !IntegerTensors.is8Bit(zeroPoint.getDataType())
        || !(scale[0] > 0)
        || Float.isInfinite(scale[0])) {
      return Optional.empty();
    }
    boolean signed = zeroPoint.getDataType() == TensorProto.DataType.INT8.getNumber();
    return IntegerTensors.values(zeroPoint)
        .map(numbers -> numbers[0] + (signed ? 128 : 0))
        .filter(number -> number >= 0 && number <= 255)
        .map(number -> new IntegerValue(tensor, new QuantizedRange(scale[0], number), signed));
  }

  private static Optional<TensorProto> scalar(String value, GraphIndex index) {
    return index
        .stored(value)
        .filter(
            tensor ->
                tensor.getDimsCount() == 0 || tensor.getDimsCount() == 1 && tensor.getDims(0) == 1);
  }
}
