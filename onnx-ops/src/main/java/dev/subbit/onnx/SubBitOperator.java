package dev.subbit.onnx;

import ai.onnx.proto.OnnxMl.FunctionProto;
import ai.onnx.proto.OnnxMl.NodeProto;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;

/**
 * The sub-bit operators, each with its specification: an ONNX function whose body uses standard
 * operators and, for packed signs, other sub-bit operators.
 *
 * <p>The body defines the operator. It travels inside every exported model, so that the model runs
 * in any ONNX Runtime, and every kernel and device is tested against it. docs/OPERATORS.md says the
 * same in words.
 */
public enum SubBitOperator {
  /** Float activations: {@code Conv(X, scale * codebook[index]) + bias}. */
  SUB_BIT_CONV(
      "SubBitConv",
      "Y = Conv(X, W, bias) with W[o, c] = scale[o] * codebook[index[o, c]].",
      List.of("X", "index", "codebook", "scale", "bias"),
      List.of("Y"),
      FunctionBuilder.CONV_ATTRIBUTES,
      ConvBodies::writeReal),

  /** Float activations, binarised inside the operator. */
  BINARY_SUB_BIT_CONV(
      "BinarySubBitConv",
      "Y = Conv(X >= 0 ? 1 : -1, codebook[index]) * scale + bias; zero padding adds 0.",
      List.of("X", "index", "codebook", "scale", "bias"),
      List.of("Y"),
      FunctionBuilder.CONV_ATTRIBUTES,
      ConvBodies::writeBinary),

  /** 8-bit activations; inputs and output are named as in ONNX's QLinearConv. */
  Q_LINEAR_SUB_BIT_CONV(
      "QLinearSubBitConv",
      "QLinearConv with w = codebook[index], w_zero_point = 0 and one w_scale an output channel.",
      List.of(
          "x",
          "x_scale",
          "x_zero_point",
          "index",
          "codebook",
          "w_scale",
          "y_scale",
          "y_zero_point",
          "B"),
      List.of("y"),
      FunctionBuilder.CONV_ATTRIBUTES,
      ConvBodies::writeQLinear),

  /** {@code QLinearSubBitConv} with an 8-bit residual added before the result is rounded. */
  Q_LINEAR_SUB_BIT_BLOCK(
      "QLinearSubBitBlock",
      "QLinearSubBitConv plus residual, in float, rounded to 8 bits once.",
      List.of(
          "x",
          "x_scale",
          "x_zero_point",
          "index",
          "codebook",
          "w_scale",
          "y_scale",
          "y_zero_point",
          "B",
          "residual",
          "residual_scale",
          "residual_zero_point"),
      List.of("y"),
      FunctionBuilder.CONV_ATTRIBUTES,
      ConvBodies::writeQLinearBlock),

  /** Converts float activations to their signs as bits, eight channels per byte. */
  PACK_SIGNS(
      "PackSigns",
      "Bit c mod 8 of B[n, c / 8, h, w] is set where X[n, c, h, w] + shift[c] >= 0.",
      List.of("X", "shift"),
      List.of("B"),
      List.of(),
      PackedBodies::writePackSigns),

  /** {@code BinarySubBitConv} of packed signs; outputs floats, their signs, or both. */
  PACKED_BINARY_SUB_BIT_CONV(
      "PackedBinarySubBitConv",
      "Y = BinarySubBitConv of the signs B; S holds the packed signs of Y.",
      List.of("B", "index", "codebook", "scale", "bias"),
      List.of("Y", "S"),
      FunctionBuilder.CONV_ATTRIBUTES,
      PackedBodies::writePackedBinary),

  /** ReActNet's block around one binary convolution, on packed signs. */
  BINARY_SUB_BIT_BLOCK(
      "BinarySubBitBlock",
      "Y = PRelu(BinarySubBitConv of the signs B + residual + shift_in, slope) + shift_out; S holds"
          + " the packed signs of Y + next_shift.",
      List.of(
          "B",
          "index",
          "codebook",
          "scale",
          "bias",
          "residual",
          "shift_in",
          "slope",
          "shift_out",
          "next_shift"),
      List.of("Y", "S"),
      FunctionBuilder.CONV_ATTRIBUTES,
      PackedBodies::writeBlock);

  /** The ONNX domain of the sub-bit operators. */
  public static final String DOMAIN = "dev.subbit";

  /** The version of the domain's operator set. */
  public static final int VERSION = 1;

  /** The version of the standard operator set that exported models import. */
  public static final int STANDARD_OPSET = 18;

  /**
   * The oldest standard operator set in which the bodies have the same meaning. ONNX Runtime puts a
   * body into a model as it is, so the nodes of the body belong to the model's operator set.
   */
  public static final int OLDEST_STANDARD_OPSET = 12;

  /**
   * The version of the ONNX file format that models are written in, the first one with functions.
   */
  public static final int IR_VERSION = 8;

  private final FunctionProto function;

  SubBitOperator(
      String opType,
      String meaning,
      List<String> inputs,
      List<String> outputs,
      List<String> attributes,
      Consumer<FunctionBuilder> writeBody) {
    FunctionBuilder body = new FunctionBuilder(opType, meaning, inputs, outputs, attributes);
    writeBody.accept(body);
    function = body.build();
  }

  /**
   * Finds an operator by its ONNX type.
   *
   * @param opType the type, such as {@code SubBitConv}.
   * @return the operator, or empty if the domain has none of that type.
   */
  public static Optional<SubBitOperator> ofType(String opType) {
    return Arrays.stream(values()).filter(operator -> operator.opType().equals(opType)).findAny();
  }

  /**
   * Returns the ONNX type of the operator's nodes.
   *
   * @return the ONNX op type.
   */
  public String opType() {
    return function.getName();
  }

  /**
   * Lists the names of the inputs in order. In the operators without packed signs or residual, the
   * last input, the bias, is optional.
   *
   * @return the names.
   */
  public List<String> inputs() {
    return function.getInputList();
  }

  /**
   * Lists the names of the outputs in order. Of two outputs, one may be left out: it then has the
   * empty name, so that a node always has both.
   *
   * @return the names.
   */
  public List<String> outputs() {
    return function.getOutputList();
  }

  /**
   * Lists the operators that the body of this one calls, directly or indirectly.
   *
   * @return the operators, without this one.
   */
  public Set<SubBitOperator> called() {
    Set<SubBitOperator> called = EnumSet.noneOf(SubBitOperator.class);
    for (NodeProto node : function.getNodeList()) {
      if (node.getDomain().equals(DOMAIN)) {
        SubBitOperator operator = ofType(node.getOpType()).orElseThrow();
        called.add(operator);
        called.addAll(operator.called());
      }
    }
    return called;
  }

  /**
   * Returns the ONNX function that specifies this operator.
   *
   * @return the ONNX function of this operator's domain and type, for operator set {@value
   *     #STANDARD_OPSET}.
   */
  public FunctionProto function() {
    return function;
  }

  /**
   * Returns the specification in the form that a model of the given operator set holds: the nodes
   * are the same, but the import is the model's.
   *
   * @param opset the model's version of the standard operator set.
   * @return the ONNX function.
   * @throws IllegalArgumentException if the operator set is older than {@value
   *     #OLDEST_STANDARD_OPSET}.
   */
  public FunctionProto function(long opset) {
    if (opset < OLDEST_STANDARD_OPSET) {
      throw new IllegalArgumentException(
          "The sub-bit operators need operator set "
              + OLDEST_STANDARD_OPSET
              + " or newer; the model imports "
              + opset);
    }
    FunctionProto.Builder copy = function.toBuilder();
    copy.getOpsetImportBuilder(0).setVersion(opset);
    return copy.build();
  }
}
