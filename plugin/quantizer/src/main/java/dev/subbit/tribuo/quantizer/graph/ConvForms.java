package dev.subbit.tribuo.quantizer.graph;

import ai.onnx.proto.OnnxMl.AttributeProto;
import ai.onnx.proto.OnnxMl.GraphProto;
import ai.onnx.proto.OnnxMl.ModelProto;
import ai.onnx.proto.OnnxMl.NodeProto;
import ai.onnx.proto.OnnxMl.TensorProto;
import ai.onnx.proto.OnnxMl.TensorProto.DataType;
import dev.subbit.onnx.OnnxProtos;
import dev.subbit.onnx.graph.GraphNames;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Predicate;

/**
 * Writes 3x3 convolutions of other forms as float {@code Conv} nodes with standard operators around
 * them, so that they can become sub-bit: {@code Conv} of float16, ONNX Runtime's {@code FusedConv},
 * and {@code ConvInteger}. Inputs and outputs keep their names and types.
 */
public final class ConvForms {

  private static final int WEIGHT_RANK = 4;
  private static final int TAPS_A_SIDE = 3;

  /** The attributes that Conv shares with the other forms. */
  private static final Set<String> GEOMETRY =
      Set.of("auto_pad", "dilations", "group", "kernel_shape", "pads", "strides");

  private final GraphProto graph;
  private final GraphIndex index;
  private final Set<String> names;
  private final GraphProto.Builder edited;

  /** Names of the float forms of constants, by the names of the inputs that they come from. */
  private final Map<List<String>, String> floats = new HashMap<>();

  private ConvForms(ModelProto model, Map<String, TensorProto> computed) {
    this.graph = model.getGraph();
    this.index = new GraphIndex(graph, computed);
    this.names = GraphNames.of(graph);
    this.edited = graph.toBuilder().clearNode();
  }

  private enum Form {
    HALF,
    FUSED,
    INTEGER
  }

  /**
   * Rewrites convolutions.
   *
   * @param model the model, all its data inside, of operator set 11 or newer.
   * @param which the names of the nodes that may be rewritten, or of their outputs where they have
   *     none.
   * @return the model; the same object if there is nothing to rewrite.
   */
  public static ModelProto toFloat(ModelProto model, Predicate<String> which) {
    List<Integer> found = new ArrayList<>();
    List<String> constants = new ArrayList<>();
    GraphProto graph = model.getGraph();
    for (int i = 0; i < graph.getNodeCount(); i++) {
      NodeProto node = graph.getNode(i);
      if (mayBe(node) && which.test(ConvScan.nameOf(node))) {
        found.add(i);
        constants.addAll(node.getInputList().subList(1, node.getInputCount()));
      }
    }
    if (found.isEmpty()) {
      return model;
    }
    ConvForms forms = new ConvForms(model, ConstantValues.of(model, constants));
    return forms.edit(found) ? model.toBuilder().setGraph(forms.edited).build() : model;
  }

  private static boolean mayBe(NodeProto node) {
    boolean fused =
        node.getOpType().equals("FusedConv") && node.getDomain().equals("com.microsoft");
    return node.getInputCount() >= 2
        && node.getOutputCount() == 1
        && (fused
            || GraphIndex.isStandard(node, "Conv")
            || GraphIndex.isStandard(node, "ConvInteger"));
  }

  private boolean edit(List<Integer> candidates) {
    boolean changed = false;
    for (int i = 0; i < graph.getNodeCount(); i++) {
      NodeProto node = graph.getNode(i);
      Optional<Form> form = candidates.contains(i) ? form(node) : Optional.empty();
      if (form.isEmpty()) {
        edited.addNode(node);
        continue;
      }
      changed = true;
      switch (form.get()) {
        case HALF -> half(node);
        case FUSED -> fused(node);
        case INTEGER -> integer(node);
      }
    }
    Leftovers.remove(edited, Leftovers.reads(graph));
    return changed;
  }

  /** The form of a node; empty if it is a float Conv already or cannot become one. */
  private Optional<Form> form(NodeProto node) {
    TensorProto weights = index.constant(node.getInput(1)).orElse(null);
    boolean fits =
        weights != null
            && weights.getDimsCount() == WEIGHT_RANK
            && weights.getDims(2) == TAPS_A_SIDE
            && weights.getDims(3) == TAPS_A_SIDE
            && FloatTensors.converted(weights).isPresent();
    if (!fits) {
      return Optional.empty();
    }
    if (node.getOpType().equals("FusedConv")) {
      return activation(node).isPresent() ? Optional.of(Form.FUSED) : Optional.empty();
    }
    if (node.getOpType().equals("ConvInteger")) {
      return !has(node, 3) || isConstant(node.getInput(3))
          ? Optional.of(Form.INTEGER)
          : Optional.empty();
    }
    boolean half = weights.getDataType() == DataType.FLOAT16.getNumber();
    return half && (!has(node, 2) || isConstant(node.getInput(2)))
        ? Optional.of(Form.HALF)
        : Optional.empty();
  }

  private boolean isConstant(String value) {
    return index.constant(value).flatMap(FloatTensors::converted).isPresent();
  }

  private static boolean has(NodeProto node, int input) {
    return node.getInputCount() > input && !node.getInput(input).isEmpty();
  }

  private void half(NodeProto node) {
    String name = ConvScan.nameOf(node);
    String x = cast(name + "/float", node.getInput(0), DataType.FLOAT);
    String y = conv(node, x, has(node, 2) ? floatOf(node.getInput(2)) : "", free(name + "/y"));
    edited.addNode(castNode(free(name + "/half"), y, node.getOutput(0), DataType.FLOAT16));
  }

  private void fused(NodeProto node) {
    String name = ConvScan.nameOf(node);
    boolean sum = has(node, 3);
    NodeProto.Builder activation = activation(node).orElseThrow();
    boolean last = activation.getOpType().isEmpty();
    String output = node.getOutput(0);
    String y = !sum && last ? output : free(name + "/y");
    conv(node, node.getInput(0), has(node, 2) ? node.getInput(2) : "", y);
    if (sum) {
      String total = last ? output : free(name + "/sum");
      edited.addNode(
          NodeProto.newBuilder()
              .setName(free(name + "/Add"))
              .setOpType("Add")
              .addInput(y)
              .addInput(node.getInput(3))
              .addOutput(total));
      y = total;
    }
    if (!last) {
      NodeProto.Builder written =
          activation.setName(free(name + "/" + activation.getOpType())).addOutput(output);
      List<String> bounds = List.copyOf(written.getInputList());
      edited.addNode(written.clearInput().addInput(y).addAllInput(bounds));
    }
  }

  /**
   * The node of a FusedConv's activation, with all inputs but the first; without a type where there
   * is none. Empty if the activation is unknown.
   */
  private Optional<NodeProto.Builder> activation(NodeProto node) {
    String type =
        ConvGeometry.attribute(node, "activation").map(a -> a.getS().toStringUtf8()).orElse("");
    List<Float> numbers =
        ConvGeometry.attribute(node, "activation_params")
            .map(AttributeProto::getFloatsList)
            .orElse(List.of());
    NodeProto.Builder activation = NodeProto.newBuilder().setOpType(type);
    switch (type) {
      case "", "Relu", "Sigmoid", "Tanh" -> {
        return Optional.of(activation);
      }
      case "LeakyRelu" -> {
        return numbers.size() != 1
            ? Optional.empty()
            : Optional.of(activation.addAttribute(OnnxProtos.attribute("alpha", numbers.get(0))));
      }
      case "HardSigmoid" -> {
        return numbers.size() != 2
            ? Optional.empty()
            : Optional.of(
                activation
                    .addAttribute(OnnxProtos.attribute("alpha", numbers.get(0)))
                    .addAttribute(OnnxProtos.attribute("beta", numbers.get(1))));
      }
      case "Clip" -> {
        if (numbers.size() != 2) {
          return Optional.empty();
        }
        for (float bound : numbers) {
          activation.addInput(
              floats.computeIfAbsent(
                  List.of("Clip", "" + bound),
                  key ->
                      initializer(OnnxProtos.tensor(free("clip/" + bound), new float[] {bound}))));
        }
        return Optional.of(activation);
      }
      default -> {
        return Optional.empty();
      }
    }
  }

  private void integer(NodeProto node) {
    String name = ConvScan.nameOf(node);
    String x = cast(name + "/float", node.getInput(0), DataType.FLOAT);
    if (has(node, 2)) {
      String zero = cast(name + "/zero_point", node.getInput(2), DataType.FLOAT);
      String shifted = free(name + "/shifted");
      edited.addNode(
          NodeProto.newBuilder()
              .setName(shifted)
              .setOpType("Sub")
              .addInput(x)
              .addInput(zero)
              .addOutput(shifted));
      x = shifted;
    }
    String y = conv(node, x, "", free(name + "/y"));
    String rounded = free(name + "/rounded");
    edited.addNode(
        NodeProto.newBuilder().setName(rounded).setOpType("Round").addInput(y).addOutput(rounded));
    edited.addNode(castNode(free(name + "/integer"), rounded, node.getOutput(0), DataType.INT32));
  }

  /** Writes the float convolution, under the name of the node. */
  private String conv(NodeProto node, String x, String bias, String y) {
    NodeProto.Builder conv =
        NodeProto.newBuilder()
            .setName(ConvScan.nameOf(node))
            .setOpType("Conv")
            .addInput(x)
            .addInput(weights(node))
            .addOutput(y);
    if (!bias.isEmpty()) {
      conv.addInput(bias);
    }
    node.getAttributeList().stream()
        .filter(attribute -> GEOMETRY.contains(attribute.getName()))
        .forEach(conv::addAttribute);
    edited.addNode(conv);
    return y;
  }

  private String weights(NodeProto node) {
    boolean integers = node.getOpType().equals("ConvInteger");
    if (node.getOpType().equals("FusedConv")) {
      return node.getInput(1);
    }
    if (!integers || !has(node, 3)) {
      return floatOf(node.getInput(1));
    }
    return floats.computeIfAbsent(
        List.of(node.getInput(1), node.getInput(3)),
        key -> {
          TensorProto weights = index.constant(key.get(0)).orElseThrow();
          float[] values = FloatTensors.converted(weights).orElseThrow();
          float[] zeros = index.constant(key.get(1)).flatMap(FloatTensors::converted).orElseThrow();
          int each = values.length / zeros.length;
          for (int i = 0; i < values.length; i++) {
            values[i] -= zeros[i / each];
          }
          return initializer(OnnxProtos.tensor(free(key.get(0) + "/float"), values, dims(weights)));
        });
  }

  /** The name of a constant's float32 form. */
  private String floatOf(String value) {
    return floats.computeIfAbsent(
        List.of(value),
        key -> {
          TensorProto tensor = index.constant(value).orElseThrow();
          float[] values = FloatTensors.converted(tensor).orElseThrow();
          return initializer(OnnxProtos.tensor(free(value + "/float"), values, dims(tensor)));
        });
  }

  private static long[] dims(TensorProto tensor) {
    return tensor.getDimsList().stream().mapToLong(Long::longValue).toArray();
  }

  private String initializer(TensorProto tensor) {
    edited.addInitializer(tensor);
    return tensor.getName();
  }

  private String cast(String wanted, String value, DataType type) {
    String name = free(wanted);
    edited.addNode(castNode(name, value, name, type));
    return name;
  }

  private static NodeProto castNode(String name, String value, String output, DataType type) {
    return NodeProto.newBuilder()
        .setName(name)
        .setOpType("Cast")
        .addInput(value)
        .addOutput(output)
        .addAttribute(OnnxProtos.attribute("to", (long) type.getNumber()))
        .build();
  }

  private String free(String wanted) {
    String name = GraphNames.free(wanted, names::contains);
    names.add(name);
    return name;
  }
}
