package dev.subbit.onnx;

import ai.onnx.proto.OnnxMl.AttributeProto;
import ai.onnx.proto.OnnxMl.FunctionProto;
import ai.onnx.proto.OnnxMl.NodeProto;
import ai.onnx.proto.OnnxMl.TensorProto;
import ai.onnx.proto.OnnxMl.TensorProto.DataType;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.stream.Stream;

/**
 * An operator that holds indices and a codebook, as it computes once they are decoded: its body
 * from there on, which reads weights in the place of indices, and what these weights are.
 */
enum PlainConvolution {
  /** Reads the weights themselves, so that nothing is left of the scales. */
  REAL(OperatorTable.SUB_BIT_CONV, "W", DataType.FLOAT, ConvBodies::convolve) {
    @Override
    boolean keeps(String input) {
      return !input.equals(SCALE);
    }
  },

  /** Reads the sum of all stages. */
  STAGED(OperatorTable.STAGED_SUB_BIT_CONV, "W", DataType.FLOAT, ConvBodies::convolve) {
    @Override
    boolean keeps(String input) {
      return !input.equals(SCALE);
    }

    @Override
    float[] dense(NodeProto node, Map<String, TensorProto> initializers) {
      return stages(node, initializers).toDense();
    }
  },

  /** Reads taps of -1 and +1. */
  BINARY(
      OperatorTable.BINARY_SUB_BIT_CONV, "signs", DataType.FLOAT, PlainConvolution::convolveSigns),

  /** Reads taps in 8 bits, which are dequantized. */
  Q_LINEAR(
      OperatorTable.Q_LINEAR_SUB_BIT_CONV,
      "kernels",
      DataType.INT8,
      ConvBodies::convolveDequantized),

  /** Reads taps of -1 and +1. */
  Q_LINEAR_BLOCK(
      OperatorTable.Q_LINEAR_SUB_BIT_BLOCK,
      "signs",
      DataType.FLOAT,
      ConvBodies::convolveWholeNumbers);

  private static final String INDEX = "index";
  private static final String CODEBOOK = "codebook";
  private static final String SCALE = "scale";

  private final OperatorTable row;
  private final String weights;
  private final DataType type;
  private final FunctionProto function;

  PlainConvolution(
      OperatorTable row, String weights, DataType type, Consumer<FunctionBuilder> body) {
    this.row = row;
    this.weights = weights;
    this.type = type;
    FunctionBuilder builder = new FunctionBuilder(row, inputs(row));
    body.accept(builder);
    this.function = builder.build();
  }

  /** The one that a node is, if it is one. */
  static Optional<PlainConvolution> of(NodeProto node) {
    return node.getDomain().equals(SubBitOperator.DOMAIN)
        ? Stream.of(values()).filter(one -> one.isNamed(node.getOpType())).findAny()
        : Optional.empty();
  }

  private static void convolveSigns(FunctionBuilder body) {
    body.integers("as_list", 1);
    body.attributeValue("out", OperatorTable.OUT_CHANNELS);
    ConvBodies.convolveSigns(body);
  }

  boolean isNamed(String opType) {
    return row.opType.equals(opType);
  }

  /** The body from the decoded weights on, for {@value SubBitOperator#STANDARD_OPSET}. */
  FunctionProto function() {
    return function;
  }

  /** Whether the body reads an input of the operator, apart from indices and codebook. */
  boolean keeps(String input) {
    return true;
  }

  private List<String> inputs(OperatorTable row) {
    return row.inputs.stream()
        .map(OperatorTable.Input::name)
        .filter(input -> !input.equals(CODEBOOK) && keeps(input))
        .map(input -> input.equals(INDEX) ? weights : input)
        .toList();
  }

  /**
   * Makes a node that calls {@link #function} in the place of one that holds indices.
   *
   * @param node the node.
   * @param decoded name of its decoded weights.
   */
  NodeProto call(NodeProto node, String decoded) {
    NodeProto.Builder call = node.toBuilder().clearInput();
    for (String input : function.getInputList()) {
      call.addInput(input.equals(weights) ? decoded : input(node, input));
    }
    return call.build();
  }

  /** Name of the indices of a node. */
  String index(NodeProto node) {
    return input(node, INDEX);
  }

  /** Name of what a node reads as one of the operator's inputs; empty if it leaves it out. */
  private String input(NodeProto node, String input) {
    int position = row.inputs.stream().map(OperatorTable.Input::name).toList().indexOf(input);
    return position < node.getInputCount() ? node.getInput(position) : "";
  }

  /**
   * Decodes the weights of a node.
   *
   * @param node the node.
   * @param initializers the initializers of its graph by name.
   * @return the weights, [out_channels, in_channels, 3, 3], without a name.
   * @throws IllegalArgumentException if they are not initializers or damaged; the message names
   *     them.
   */
  TensorProto decode(NodeProto node, Map<String, TensorProto> initializers) {
    parameter(node, INDEX, DataType.UINT8, initializers);
    parameter(node, CODEBOOK, DataType.INT8, initializers);
    try {
      int out = size(node, OperatorTable.OUT_CHANNELS);
      int in = size(node, OperatorTable.IN_CHANNELS);
      float[] dense = dense(node, initializers);
      return type == DataType.FLOAT
          ? OnnxProtos.tensor("", dense, out, in, 3, 3)
          : OnnxProtos.tensor("", type, bytes(dense), out, in, 3, 3);
    } catch (IllegalArgumentException | ArithmeticException e) {
      throw new IllegalArgumentException(
          "The weights '" + index(node) + "' are damaged: " + e.getMessage(), e);
    }
  }

  /** The weights of a node, [out_channels, in_channels, 3, 3]. */
  float[] dense(NodeProto node, Map<String, TensorProto> initializers) {
    int out = size(node, OperatorTable.OUT_CHANNELS);
    TensorProto index = parameter(node, INDEX, DataType.UINT8, initializers);
    TensorProto codebook = parameter(node, CODEBOOK, DataType.INT8, initializers);
    Codebook codewords =
        Codebook.ofTaps(size(node, OperatorTable.TAU), codebook.getRawData().toByteArray());
    return new PackedConvWeights(
            out,
            size(node, OperatorTable.IN_CHANNELS),
            codewords,
            index.getRawData().toByteArray(),
            scale(node, out, initializers))
        .toDense();
  }

  /**
   * Reads the weights of a {@code StagedSubBitConv}.
   *
   * @param node the node.
   * @param initializers the initializers of its graph by name.
   * @throws IllegalArgumentException if they are not initializers or damaged.
   */
  static CodedWeights stages(NodeProto node, Map<String, TensorProto> initializers) {
    CodedWeights weights =
        CodedWeights.of(
            new long[] {
              size(node, OperatorTable.OUT_CHANNELS), size(node, OperatorTable.IN_CHANNELS), 3, 3
            },
            size(node, OperatorTable.TAU),
            Codebook.TAPS,
            STAGED.parameter(node, INDEX, DataType.UINT8, initializers),
            STAGED.parameter(node, CODEBOOK, DataType.INT8, initializers),
            STAGED.parameter(node, SCALE, DataType.FLOAT, initializers));
    weights.convolutions();
    return weights;
  }

  /** What the weights are multiplied by, per output channel. */
  private float[] scale(NodeProto node, int out, Map<String, TensorProto> initializers) {
    float[] scale = new float[out];
    Arrays.fill(scale, 1);
    if (!keeps(SCALE)) {
      FloatBuffer values =
          parameter(node, SCALE, DataType.FLOAT, initializers)
              .getRawData()
              .asReadOnlyByteBuffer()
              .order(ByteOrder.LITTLE_ENDIAN)
              .asFloatBuffer();
      if (values.remaining() != out) {
        throw new IllegalArgumentException(values.remaining() + " scales of " + out + " channels");
      }
      values.get(scale);
    }
    return scale;
  }

  private TensorProto parameter(
      NodeProto node, String input, DataType type, Map<String, TensorProto> initializers) {
    TensorProto tensor = initializers.get(input(node, input));
    if (tensor == null || tensor.getDataType() != type.getNumber() || !tensor.hasRawData()) {
      throw new IllegalArgumentException(
          "A node "
              + row.opType
              + " reads '"
              + input(node, input)
              + "' as "
              + input
              + ", which must be a tensor in the file, of type "
              + type
              + " and with raw data, so that it can be decoded");
    }
    return tensor;
  }

  /** The value of an attribute of a node, or 0 if it lacks it. */
  static int size(NodeProto node, String attribute) {
    long size =
        node.getAttributeList().stream()
            .filter(given -> given.getName().equals(attribute))
            .mapToLong(AttributeProto::getI)
            .findAny()
            .orElse(0);
    return Math.toIntExact(size);
  }

  /** Whole numbers from -128 to 127 as bytes. */
  static byte[] bytes(float[] taps) {
    byte[] bytes = new byte[taps.length];
    for (int i = 0; i < taps.length; i++) {
      bytes[i] = (byte) taps[i];
    }
    return bytes;
  }
}
