package dev.subbit.integration;

import ai.onnx.proto.OnnxMl.AttributeProto;
import ai.onnx.proto.OnnxMl.GraphProto;
import ai.onnx.proto.OnnxMl.ModelProto;
import ai.onnx.proto.OnnxMl.NodeProto;
import ai.onnx.proto.OnnxMl.TensorProto;
import com.google.protobuf.ByteString;
import dev.subbit.onnx.OnnxProtos;
import dev.subbit.onnx.SubBitOperator;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.Consumer;
import java.util.stream.Collectors;

/**
 * One way to turn a valid model of {@link SmallModels} into an invalid one.
 *
 * @param name what is wrong, without spaces; begins with the attribute or input concerned.
 * @param edit changes the graph.
 */
record HostileEdit(String name, Consumer<GraphProto.Builder> edit) {

  private static final long[] SIZES = {
    0, -1, Long.MIN_VALUE, Integer.MAX_VALUE, 1L << 32, 1L << 62, Long.MAX_VALUE
  };

  private static final int RESIDUAL_SCALE =
      SubBitOperator.Q_LINEAR_SUB_BIT_BLOCK.inputs().indexOf("residual_scale");

  private static final int RESIDUAL_ZERO_POINT = RESIDUAL_SCALE + 1;

  private static final List<String> PER_CHANNEL_OF_PACKED =
      List.of("shift", "shift_in", "slope", "shift_out", "next_shift");

  ModelProto applyTo(ModelProto model) {
    ModelProto.Builder bad = model.toBuilder();
    edit.accept(bad.getGraphBuilder());
    return bad.build();
  }

  /**
   * Lists all edits for an operator. Each makes the model invalid according to docs/OPERATORS.md.
   */
  static List<HostileEdit> all(SubBitOperator operator) {
    List<HostileEdit> edits = new ArrayList<>();
    boolean integer = operator.opType().startsWith("Integer");
    if (integer) {
      operator.function().getAttributeList().forEach(name -> addAttribute(edits, name));
    } else if (operator != SubBitOperator.PACK_SIGNS) {
      addAttributes(edits);
      if (operator == SubBitOperator.STAGED_SUB_BIT_CONV) {
        addStagedWeights(edits);
      } else {
        addWeights(edits, operator);
      }
    }
    operator.inputs().stream()
        .filter(input -> !integer && PER_CHANNEL_OF_PACKED.contains(input))
        .forEach(input -> addPerChannel(edits, input));
    int residual = operator.inputs().indexOf("residual");
    if (residual >= 0 && !integer) {
      addResidual(edits, residual, SmallModels.isQuantized(operator));
    }
    if (operator == SubBitOperator.Q_LINEAR_SUB_BIT_BLOCK) {
      addResidualRange(edits);
    }
    if (operator.outputs().size() == 2) {
      edits.add(new HostileEdit("output=none", graph -> node(graph).clearOutput()));
    }
    edits.add(new HostileEdit("input=one_too_many", graph -> node(graph).addInput("x")));
    edits.add(new HostileEdit("output=one_too_many", graph -> node(graph).addOutput("second")));
    return edits;
  }

  /**
   * Values that no attribute of a layer of an integer network may have; a list is too short too.
   */
  private static void addAttribute(List<HostileEdit> edits, String name) {
    for (long value : SIZES) {
      if (value != 0) {
        edits.add(attribute(name, value));
      }
    }
  }

  private static void addAttributes(List<HostileEdit> edits) {
    for (String attribute : List.of("tau", "out_channels", "in_channels", "group")) {
      for (long value : SIZES) {
        edits.add(attribute(attribute, value));
      }
    }
    edits.add(attribute("tau", 1));
    edits.add(attribute("tau", 3));
    edits.add(attribute("tau", 10));
    edits.add(attribute("out_channels", 4));
    edits.add(attribute("in_channels", 2));
    edits.add(attribute("group", 2));
    for (String attribute : List.of("strides", "dilations")) {
      for (long value : SIZES) {
        edits.add(attribute(attribute, value, 1));
        edits.add(attribute(attribute, 1, value));
      }
      edits.add(attribute(attribute));
      edits.add(attribute(attribute, 1, 1, 1));
    }
    for (long value : SIZES) {
      if (value != 0) {
        edits.add(attribute("pads", value, 1, 1, 1));
        edits.add(attribute("pads", 1, 1, 1, value));
        edits.add(attribute("pads", value, value, value, value));
      }
    }
    edits.add(attribute("pads", 1, 1));
    for (String attribute :
        List.of("tau", "out_channels", "in_channels", "strides", "pads", "dilations", "group")) {
      edits.add(
          new HostileEdit(
              attribute + "=missing",
              graph -> node(graph).removeAttribute(attributeNumber(graph, attribute))));
    }
  }

  private static void addWeights(List<HostileEdit> edits, SubBitOperator operator) {
    for (int tap : new int[] {0, 2, 127, -2, -128}) {
      byte[] taps = new byte[36];
      Arrays.fill(taps, (byte) 1);
      taps[35] = (byte) tap;
      edits.add(tensor("codebook", "with_tap_" + tap, TensorProto.DataType.INT8, taps, 4, 3, 3));
    }
    TensorProto.DataType bytes = TensorProto.DataType.INT8;
    edits.add(tensor("codebook", bytes, 9, 3, 3, 3));
    edits.add(tensor("codebook", bytes, 9, 5, 3, 3));
    edits.add(tensor("codebook", bytes, 9, 4, 9));
    edits.add(tensor("codebook", bytes, 9, 0, 3, 3));
    edits.add(tensor("codebook", bytes, 9, 4, 3, 4));
    edits.add(tensor("codebook", TensorProto.DataType.UINT8, 9, 4, 3, 3));
    TensorProto.DataType unsigned = TensorProto.DataType.UINT8;
    edits.add(tensor("index", unsigned, 0, 2, 1));
    edits.add(tensor("index", unsigned, 0, 1, 2));
    edits.add(tensor("index", unsigned, 0, 3, 2));
    edits.add(tensor("index", unsigned, 0, 2, 3));
    edits.add(tensor("index", unsigned, 0, 4));
    edits.add(tensor("index", unsigned, 0, 2, 2, 1));
    edits.add(tensor("index", unsigned, 0, 0, 2));
    edits.add(tensor("index", TensorProto.DataType.INT8, 0, 2, 2));
    for (long[] shape : new long[][] {{2}, {4}, {0}, {3, 1}, {}}) {
      edits.add(tensor("scale", TensorProto.DataType.FLOAT, 0, shape));
      edits.add(
          tensor(
              "bias",
              SmallModels.isQuantized(operator)
                  ? TensorProto.DataType.INT32
                  : TensorProto.DataType.FLOAT,
              0,
              shape));
    }
    addDamagedWeights(edits);
  }

  /** Of two stages of four codewords and three channels. */
  private static void addStagedWeights(List<HostileEdit> edits) {
    TensorProto.DataType bytes = TensorProto.DataType.INT8;
    byte[] taps = new byte[72];
    Arrays.fill(taps, (byte) 1);
    taps[71] = 2;
    edits.add(tensor("codebook", "with_tap_2", bytes, taps, 2, 4, 3, 3));
    for (long[] shape :
        new long[][] {
          {4, 3, 3},
          {8, 3, 3},
          {2, 4, 9},
          {0, 4, 3, 3},
          {1, 4, 3, 3},
          {3, 4, 3, 3},
          {9, 4, 3, 3},
          {2, 3, 3, 3},
          {2, 5, 3, 3},
          {2, 4, 3, 4},
          {2, 4, 3, 3, 1},
          {}
        }) {
      edits.add(tensor("codebook", bytes, 9, shape));
    }
    edits.add(tensor("codebook", TensorProto.DataType.UINT8, 9, 2, 4, 3, 3));
    TensorProto.DataType unsigned = TensorProto.DataType.UINT8;
    for (long[] shape :
        new long[][] {{2, 2}, {3, 2}, {6, 2}, {4, 1}, {4, 3}, {8}, {2, 2, 2}, {0, 2}, {}}) {
      edits.add(tensor("index", unsigned, 0, shape));
    }
    edits.add(tensor("index", bytes, 0, 4, 2));
    TensorProto.DataType floats = TensorProto.DataType.FLOAT;
    for (long[] shape : new long[][] {{6}, {3}, {1, 3}, {3, 3}, {2, 2}, {3, 2}, {0, 3}, {}}) {
      edits.add(tensor("scale", floats, 0, shape));
    }
    byte[] infinite = new byte[24];
    infinite[22] = -128;
    infinite[23] = 127;
    edits.add(tensor("scale", "with_infinity", floats, infinite, 2, 3));
    addPerChannel(edits, "bias");
    addDamagedWeights(edits);
  }

  /** Tensors that are not as large as they say, and tensors that are not there. */
  private static void addDamagedWeights(List<HostileEdit> edits) {
    for (String input : List.of("index", "codebook", "scale")) {
      for (long size : new long[] {-1, 1L << 40, Long.MAX_VALUE}) {
        edits.add(
            new HostileEdit(
                input + "=declared_as_" + size + "_elements",
                graph -> {
                  TensorProto.Builder tensor = initializer(graph, input);
                  tensor.clearDims().addDims(size);
                }));
      }
      edits.add(absent(input));
    }
  }

  private static void addPerChannel(List<HostileEdit> edits, String input) {
    TensorProto.DataType floats = TensorProto.DataType.FLOAT;
    for (long[] shape : new long[][] {{2}, {4}, {0}, {3, 1}, {}}) {
      edits.add(tensor(input, floats, 0, shape));
    }
    edits.add(tensor(input, TensorProto.DataType.INT32, 0, 3));
    // The last of the three values is not-a-number, then infinite.
    edits.add(
        tensor(input, "with_nan", floats, new byte[] {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, -64, 127}, 3));
    edits.add(
        tensor(
            input,
            "with_infinity",
            floats,
            new byte[] {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, -128, 127},
            3));
    edits.add(absent(input));
  }

  private static void addResidual(List<HostileEdit> edits, int input, boolean quantized) {
    for (long[] shape : new long[][] {{1, 3, 5, 4}, {1, 2, 5, 5}, {2, 3, 5, 5}, {3, 5, 5}, {0}}) {
      int elements = Math.toIntExact(Arrays.stream(shape).reduce(1, Math::multiplyExact));
      edits.add(
          new HostileEdit(
              "residual=as_" + Arrays.toString(shape).replace(" ", ""),
              graph -> {
                graph.addInitializer(
                    quantized
                        ? OnnxProtos.tensor(
                            "conv/residual", TensorProto.DataType.UINT8, new byte[elements], shape)
                        : OnnxProtos.tensor("conv/residual", new float[elements], shape));
                node(graph).setInput(input, "conv/residual");
              }));
    }
    edits.add(new HostileEdit("residual=absent", graph -> node(graph).setInput(input, "")));
  }

  private static void addResidualRange(List<HostileEdit> edits) {
    for (float scale : new float[] {0, -1, Float.NaN, Float.POSITIVE_INFINITY, 1e38f}) {
      edits.add(residualScale("of_" + scale, new float[] {scale}));
    }
    edits.add(residualScale("as_FLOAT[0]", new float[0], 0));
    edits.add(residualScale("as_FLOAT[2]", new float[] {1, 1}, 2));
    edits.add(residualScale("as_FLOAT[1,1]", new float[] {1}, 1, 1));
    edits.add(
        input(
            "residual_zero_point=as_INT8[]",
            OnnxProtos.tensor("x_int8_zero", TensorProto.DataType.INT8, new byte[1]),
            RESIDUAL_ZERO_POINT));
    edits.add(
        input(
            "residual_zero_point=as_UINT8[2]",
            OnnxProtos.tensor("x_zeros", TensorProto.DataType.UINT8, new byte[2], 2),
            RESIDUAL_ZERO_POINT));
    for (String input : List.of("residual_scale", "residual_zero_point", "B")) {
      int at = SubBitOperator.Q_LINEAR_SUB_BIT_BLOCK.inputs().indexOf(input);
      edits.add(new HostileEdit(input + "=absent", graph -> node(graph).setInput(at, "")));
    }
  }

  private static HostileEdit residualScale(String what, float[] values, long... shape) {
    TensorProto tensor = OnnxProtos.tensor("other_scale", values, shape);
    return input("residual_scale=" + what, tensor, RESIDUAL_SCALE);
  }

  /** Replaces an input by a new initializer. */
  private static HostileEdit input(String name, TensorProto tensor, int at) {
    return new HostileEdit(
        name,
        graph -> {
          graph.addInitializer(tensor);
          node(graph).setInput(at, tensor.getName());
        });
  }

  private static HostileEdit absent(String input) {
    return new HostileEdit(
        input + "=absent",
        graph -> {
          int at = node(graph).getInputList().indexOf("conv/" + input);
          node(graph).setInput(at, "");
        });
  }

  private static HostileEdit attribute(String name, long... values) {
    String text = Arrays.stream(values).mapToObj(Long::toString).collect(Collectors.joining(","));
    return new HostileEdit(
        name + "=" + text,
        graph -> {
          AttributeProto.Builder attribute =
              node(graph).getAttributeBuilder(attributeNumber(graph, name));
          if (attribute.getType() == AttributeProto.AttributeType.INT) {
            attribute.setI(values[0]);
          } else {
            attribute.clearInts();
            Arrays.stream(values).forEach(attribute::addInts);
          }
        });
  }

  private static HostileEdit tensor(
      String input, TensorProto.DataType type, int fill, long... shape) {
    long elements = Arrays.stream(shape).reduce(1, Math::multiplyExact);
    int width = type == TensorProto.DataType.FLOAT || type == TensorProto.DataType.INT32 ? 4 : 1;
    byte[] data = new byte[Math.toIntExact(elements) * width];
    Arrays.fill(data, (byte) (fill == 0 ? 0 : 1));
    String text = "as_" + type + Arrays.toString(shape).replace(" ", "");
    return tensor(input, text, type, data, shape);
  }

  private static HostileEdit tensor(
      String input, String what, TensorProto.DataType type, byte[] data, long... shape) {
    return new HostileEdit(
        input + "=" + what,
        graph -> {
          TensorProto.Builder tensor = initializer(graph, input);
          tensor.setDataType(type.getNumber()).setRawData(ByteString.copyFrom(data)).clearDims();
          Arrays.stream(shape).forEach(tensor::addDims);
        });
  }

  private static NodeProto.Builder node(GraphProto.Builder graph) {
    return graph.getNodeBuilderList().stream()
        .filter(node -> node.getName().equals("conv"))
        .findAny()
        .orElseThrow();
  }

  private static int attributeNumber(GraphProto.Builder graph, String name) {
    return node(graph).getAttributeList().stream()
        .map(AttributeProto::getName)
        .toList()
        .indexOf(name);
  }

  private static TensorProto.Builder initializer(GraphProto.Builder graph, String input) {
    return graph.getInitializerBuilderList().stream()
        .filter(tensor -> tensor.getName().equals("conv/" + input))
        .findAny()
        .orElseThrow();
  }
}
