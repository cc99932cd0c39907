package dev.subbit.onnx;

import ai.onnx.proto.OnnxMl.FunctionProto;
import ai.onnx.proto.OnnxMl.TensorProto.DataType;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/**
 * The sub-bit operators, each with its specification: an ONNX function whose body uses standard
 * operators only.
 *
 * <p>The body is what the operator means. It travels inside every exported model, so that the model
 * runs in any ONNX Runtime, and every kernel and device is tested against it. docs/OPERATORS.md is
 * the same in words.
 */
public enum SubBitOperator {
  /** Float activations: {@code Conv(X, scale * codebook[index]) + bias}. */
  SUB_BIT_CONV(
      "SubBitConv",
      "Y = Conv(X, W, bias) with W[o, c] = scale[o] * codebook[index[o, c]].",
      List.of("X", "index", "codebook", "scale", "bias"),
      "Y") {
    @Override
    void convolve(FunctionBuilder body) {
      body.node("signs", "Cast", List.of("kernels"), FunctionBuilder.to(DataType.FLOAT));
      body.integers("per_kernel", -1, 1, 1, 1);
      body.node("scales", "Reshape", List.of("scale", "per_kernel"));
      body.node("W", "Mul", List.of("signs", "scales"));
      body.node("Y", "Conv", List.of("X", "W", "bias"), FunctionBuilder.convolutionAttributes());
    }
  },

  /** Float activations, binarised inside the operator. */
  BINARY_SUB_BIT_CONV(
      "BinarySubBitConv",
      "Y = Conv(X >= 0 ? 1 : -1, codebook[index]) * scale + bias; zero padding adds 0.",
      List.of("X", "index", "codebook", "scale", "bias"),
      "Y") {
    @Override
    void convolve(FunctionBuilder body) {
      body.number("zero", 0);
      body.number("plus", 1);
      body.number("minus", -1);
      body.node("not_negative", "GreaterOrEqual", List.of("X", "zero"));
      body.node("X_signs", "Where", List.of("not_negative", "plus", "minus"));
      body.node("signs", "Cast", List.of("kernels"), FunctionBuilder.to(DataType.FLOAT));
      body.node(
          "sum", "Conv", List.of("X_signs", "signs"), FunctionBuilder.convolutionAttributes());
      // The sum is a whole number, which Round leaves alone. It stands here so that no optimiser
      // folds scale or bias into the convolution, which would round at every tap.
      body.node("acc", "Round", List.of("sum"));
      body.integers("per_channel", 1, -1, 1, 1);
      body.node("scales", "Reshape", List.of("scale", "per_channel"));
      body.node("scaled", "Mul", List.of("acc", "scales"));
      // A function cannot ask whether bias was given, but Conv can: over zeros it yields the bias,
      // or zeros in its absence, [1, out_channels, 1, 1].
      body.integers("one_pixel", 1, 1, 1, 1);
      body.integers("one_tap", 1, 1, 1);
      body.node("bias_kernel", "Concat", List.of("out", "one_tap"), FunctionBuilder.axis(0));
      body.node("zero_pixel", "ConstantOfShape", List.of("one_pixel"));
      body.node("zero_kernel", "ConstantOfShape", List.of("bias_kernel"));
      body.node("biases", "Conv", List.of("zero_pixel", "zero_kernel", "bias"));
      body.node("Y", "Add", List.of("scaled", "biases"));
    }
  },

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
      "y") {
    @Override
    void convolve(FunctionBuilder body) {
      body.constant("w_zero_point", FunctionBuilder.int8Scalar(0));
      body.node(
          "y",
          "QLinearConv",
          List.of(
              "x",
              "x_scale",
              "x_zero_point",
              "kernels",
              "w_scale",
              "w_zero_point",
              "y_scale",
              "y_zero_point",
              "B"),
          FunctionBuilder.convolutionAttributes());
    }
  };

  /** Domain of the operators. */
  public static final String DOMAIN = "dev.subbit";

  /** Version of the operator set. */
  public static final int VERSION = 1;

  /** Version of the standard operator set that exported models import. */
  public static final int STANDARD_OPSET = 18;

  /**
   * The oldest standard operator set that the bodies mean the same in. ONNX Runtime puts a body
   * into a model as it is, so that its operators are those of the model's operator set.
   */
  public static final int OLDEST_STANDARD_OPSET = 12;

  /** Version of the ONNX file format that models are written in, the first to hold functions. */
  public static final int IR_VERSION = 8;

  private final FunctionProto function;

  SubBitOperator(String opType, String meaning, List<String> inputs, String output) {
    FunctionBuilder body = new FunctionBuilder(opType, meaning, inputs, output);
    decodeKernels(body);
    convolve(body);
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
   * Type of the operator's nodes.
   *
   * @return the ONNX op type.
   */
  public String opType() {
    return function.getName();
  }

  /**
   * The names of the inputs in their order; the last one, the bias, is optional.
   *
   * @return the names.
   */
  public List<String> inputs() {
    return function.getInputList();
  }

  /**
   * The specification.
   *
   * @return the ONNX function of this operator's domain and type, for operator set {@value
   *     #STANDARD_OPSET}.
   */
  public FunctionProto function() {
    return function;
  }

  /**
   * The specification as it stands in a model of some operator set: the nodes are the same, the
   * import is the model's.
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
              + " or newer, the model has "
              + opset);
    }
    FunctionProto.Builder copy = function.toBuilder();
    copy.getOpsetImportBuilder(0).setVersion(opset);
    return copy.build();
  }

  /** From the value {@code kernels}, int8 [out_channels, in_channels, 3, 3], to the output. */
  abstract void convolve(FunctionBuilder body);

  /** The value {@code kernels}, int8 [out_channels, in_channels, 3, 3]: codebook[index]. */
  private static void decodeKernels(FunctionBuilder body) {
    body.integers("first", 0);
    body.integers("as_list", 1);
    body.integers("bit_by_bit", 0, -1, 1);
    body.integers("plane_axis", 1);
    body.integers("keep_planes", 0, -1);
    body.constant(
        "shifts", OnnxProtos.tensor("", DataType.UINT8, new byte[] {0, 1, 2, 3, 4, 5, 6, 7}, 8));
    body.constant("two", OnnxProtos.tensor("", DataType.UINT8, new byte[] {2}, 1));
    body.constant("powers", OnnxProtos.tensor("", new int[] {1, 2, 4, 8, 16, 32, 64, 128, 256}, 9));
    body.attributeValue("planes", "tau");
    body.attributeValue("out", "out_channels");
    body.attributeValue("in", "in_channels");

    // The bits: uint8 [tau, 8 * bytes of a plane], cut to [tau, out_channels * in_channels].
    body.node("bytes", "Reshape", List.of("index", "bit_by_bit"));
    body.node(
        "shifted",
        "BitShift",
        List.of("bytes", "shifts"),
        OnnxProtos.attribute("direction", "RIGHT"));
    body.node("bits", "Mod", List.of("shifted", "two"));
    body.node("all_bits", "Reshape", List.of("bits", "keep_planes"));
    body.node("count", "Mul", List.of("out", "in"));
    body.node("used_bits", "Slice", List.of("all_bits", "first", "count", "plane_axis"));

    // The indices: the planes weighted by powers of two, int32 [out_channels, in_channels].
    body.node("plane_bits", "Cast", List.of("used_bits"), FunctionBuilder.to(DataType.INT32));
    body.node("plane_weights", "Slice", List.of("powers", "first", "planes", "first"));
    body.node("numbers", "MatMul", List.of("plane_weights", "plane_bits"));
    body.node("out_in", "Concat", List.of("out", "in"), FunctionBuilder.axis(0));
    body.node("indices", "Reshape", List.of("numbers", "out_in"));
    body.node("kernels", "Gather", List.of("codebook", "indices"), FunctionBuilder.axis(0));
  }
}
