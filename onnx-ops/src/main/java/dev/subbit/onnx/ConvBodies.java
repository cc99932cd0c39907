package dev.subbit.onnx;

import ai.onnx.proto.OnnxMl.TensorProto.DataType;
import java.util.List;

/**
 * The function bodies of the operators that convolve floats or 8-bit values. Each decodes the
 * weights and then convolves with them, by a method that {@link PlainConvolution} uses, too.
 */
final class ConvBodies {

  /** What a {@code QLinearConv} reads, in order, by the names of the values in a body. */
  static final List<String> Q_LINEAR_INPUTS =
      List.of(
          "x",
          "x_scale",
          "x_zero_point",
          "kernels",
          "w_scale",
          "w_zero_point",
          "y_scale",
          "y_zero_point",
          "B");

  private ConvBodies() {}

  static void writeReal(FunctionBuilder body) {
    decodeSigns(body);
    body.integers("per_kernel", -1, 1, 1, 1);
    body.node("scales", "Reshape", List.of("scale", "per_kernel"));
    body.node("W", "Mul", List.of("signs", "scales"));
    convolve(body);
  }

  /** The weights are those of {@link WeightsFunction}, whose codewords are rows. */
  static void writeStaged(FunctionBuilder body) {
    body.integers("as_list", 1);
    body.integers("all_stages", -1);
    body.integers("taps", Codebook.TAPS);
    body.integers("kernel", 3, 3);
    body.integers("word_counts", 1, 2, 4, 8, 16, 32, 64, 128, 256, 512);
    body.attributeValue("bits", OperatorTable.TAU);
    body.attributeValue("out", OperatorTable.OUT_CHANNELS);
    body.attributeValue("in", OperatorTable.IN_CHANNELS);
    body.node("words", "Gather", List.of("word_counts", "bits"), FunctionBuilder.axis(0));
    body.node(
        "rows_shape", "Concat", List.of("all_stages", "words", "taps"), FunctionBuilder.axis(0));
    body.node("rows", "Reshape", List.of("codebook", "rows_shape"));
    body.node("shape", "Concat", List.of("out", "in", "kernel"), FunctionBuilder.axis(0));
    body.callWeights("W", List.of("index", "rows", "scale", "shape"));
    convolve(body);
  }

  /** From X and W. */
  static void convolve(FunctionBuilder body) {
    body.node("Y", "Conv", List.of("X", "W", "bias"), FunctionBuilder.convolutionAttributes());
  }

  static void writeBinary(FunctionBuilder body) {
    decodeSigns(body);
    convolveSigns(body);
  }

  /** From X, signs and out, the number of output channels as int64 [1]. */
  static void convolveSigns(FunctionBuilder body) {
    body.number("zero", 0);
    body.number("plus", 1);
    body.number("minus", -1);
    body.node("not_negative", "GreaterOrEqual", List.of("X", "zero"));
    body.node("X_signs", "Where", List.of("not_negative", "plus", "minus"));
    body.node("sum", "Conv", List.of("X_signs", "signs"), FunctionBuilder.convolutionAttributes());
    // Round does not change the sum, which is a whole number. It keeps optimisers from folding
    // scale or bias into the convolution, which would then round at every tap.
    body.node("acc", "Round", List.of("sum"));
    body.integers("per_channel", 1, -1, 1, 1);
    body.node("scales", "Reshape", List.of("scale", "per_channel"));
    body.node("scaled", "Mul", List.of("acc", "scales"));
    // A function cannot ask whether bias was given, but Conv can: over zeros it yields the bias, or
    // zeros where there is none, as [1, out_channels, 1, 1].
    body.integers("one_pixel", 1, 1, 1, 1);
    body.integers("one_tap", 1, 1, 1);
    body.node("bias_kernel", "Concat", List.of("out", "one_tap"), FunctionBuilder.axis(0));
    body.node("zero_pixel", "ConstantOfShape", List.of("one_pixel"));
    body.node("zero_kernel", "ConstantOfShape", List.of("bias_kernel"));
    body.node("biases", "Conv", List.of("zero_pixel", "zero_kernel", "bias"));
    body.node("Y", "Add", List.of("scaled", "biases"));
  }

  static void writeQLinear(FunctionBuilder body) {
    decodeKernels(body);
    body.constant("w_zero_point", FunctionBuilder.int8Scalar(0));
    body.node("y", "QLinearConv", Q_LINEAR_INPUTS, FunctionBuilder.convolutionAttributes());
  }

  /**
   * The body of {@code QLinearSubBitConv} for files without functions, {@link
   * #convolveDequantized}.
   */
  static void writeDequantized(FunctionBuilder body) {
    decodeKernels(body);
    convolveDequantized(body);
  }

  /**
   * From x and kernels, as a float convolution between DequantizeLinear and QuantizeLinear. ONNX
   * Runtime fuses these nodes to the QLinearConv that they stand for, which OpenVINO misreads where
   * it has one scale per channel.
   */
  static void convolveDequantized(FunctionBuilder body) {
    body.node("X", "DequantizeLinear", List.of("x", "x_scale", "x_zero_point"));
    body.node("W", "DequantizeLinear", List.of("kernels", "w_scale"), FunctionBuilder.axis(0));
    body.node("bias_scale", "Mul", List.of("x_scale", "w_scale"));
    body.node("bias", "DequantizeLinear", List.of("B", "bias_scale"), FunctionBuilder.axis(0));
    convolve(body);
    body.node("y", "QuantizeLinear", List.of("Y", "y_scale", "y_zero_point"));
  }

  static void writeQLinearBlock(FunctionBuilder body) {
    decodeSigns(body);
    convolveWholeNumbers(body);
  }

  /**
   * From x, signs and residual. Convolves whole numbers in float, which holds them exactly as long
   * as they are below 2^24.
   */
  static void convolveWholeNumbers(FunctionBuilder body) {
    writeLessZeroPoint(body, "X", "x");
    body.node("sum", "Conv", List.of("X", "signs"), FunctionBuilder.convolutionAttributes());
    body.node("whole_sum", "Round", List.of("sum"));
    body.node("acc", "Cast", List.of("whole_sum"), FunctionBuilder.to(DataType.INT32));
    body.integers("per_channel", -1, 1, 1);
    body.node("biases", "Reshape", List.of("B", "per_channel"));
    body.node("total", "Add", List.of("acc", "biases"));
    body.node("total_number", "Cast", List.of("total"), FunctionBuilder.to(DataType.FLOAT));
    body.node("product_scale", "Mul", List.of("x_scale", "w_scale"));
    body.node("multiplier", "Div", List.of("product_scale", "y_scale"));
    body.node("multipliers", "Reshape", List.of("multiplier", "per_channel"));
    body.node("scaled", "Mul", List.of("total_number", "multipliers"));

    writeLessZeroPoint(body, "residual_value", "residual");
    body.node("residual_multiplier", "Div", List.of("residual_scale", "y_scale"));
    body.node("scaled_residual", "Mul", List.of("residual_value", "residual_multiplier"));
    body.node("s", "Add", List.of("scaled", "scaled_residual"));
    body.number("one", 1);
    body.node("zero_point", "Squeeze", List.of("y_zero_point"));
    body.node("y", "QuantizeLinear", List.of("s", "one", "zero_point"));
  }

  /** Subtracts the zero point of an 8-bit input in float. DequantizeLinear would be fused away. */
  private static void writeLessZeroPoint(FunctionBuilder body, String output, String input) {
    String number = input + "_number";
    String zero = input + "_zero";
    body.node(number, "Cast", List.of(input), FunctionBuilder.to(DataType.FLOAT));
    body.node(zero, "Cast", List.of(input + "_zero_point"), FunctionBuilder.to(DataType.FLOAT));
    body.node(output, "Sub", List.of(number, zero));
  }

  /** Adds the value {@code kernels}, codebook[index], as int8 [out_channels, in_channels, 3, 3]. */
  private static void decodeKernels(FunctionBuilder body) {
    decodeIndices(body);
    body.node("kernels", "Gather", List.of("codebook", "indices"), FunctionBuilder.axis(0));
  }

  /** Adds the value {@code signs}, codebook[index], as float [out_channels, in_channels, 3, 3]. */
  private static void decodeSigns(FunctionBuilder body) {
    decodeIndices(body);
    body.node("codewords", "Cast", List.of("codebook"), FunctionBuilder.to(DataType.FLOAT));
    body.node("signs", "Gather", List.of("codewords", "indices"), FunctionBuilder.axis(0));
  }

  /**
   * Adds the value {@code indices}, int32 [out_channels, in_channels].
   *
   * <p>Bits are looked up: some tools misread a shift or a remainder of bytes. All values but the
   * last few are small, since a runtime that computes constants beforehand holds them all at once.
   */
  private static void decodeIndices(FunctionBuilder body) {
    body.integers("first", 0);
    body.integers("as_list", 1);
    body.integers("as_column", -1, 1);
    body.integers("plane_by_plane", 0, -1);
    body.numbers("powers", 1, 2, 4, 8, 16, 32, 64, 128, 256);

    writeByteBits(body);

    // The planes, [tau, 8 * bytes of a plane], weighted by powers of two.
    body.node("bytes", "Cast", List.of("index"), FunctionBuilder.to(DataType.INT32));
    body.node("bits_of_bytes", "Gather", List.of("byte_bits", "bytes"), FunctionBuilder.axis(0));
    body.node("plane_bits", "Reshape", List.of("bits_of_bytes", "plane_by_plane"));
    body.attributeValue("planes", OperatorTable.TAU);
    body.node("plane_weights", "Slice", List.of("powers", "first", "planes", "first"));
    body.node("numbers", "MatMul", List.of("plane_weights", "plane_bits"));

    // Of these, out_channels * in_channels are indices.
    body.attributeValue("out", OperatorTable.OUT_CHANNELS);
    body.attributeValue("in", OperatorTable.IN_CHANNELS);
    body.node("count", "Mul", List.of("out", "in"));
    body.node("used_numbers", "Slice", List.of("numbers", "first", "count", "first"));
    body.node("index_list", "Cast", List.of("used_numbers"), FunctionBuilder.to(DataType.INT32));
    body.node("out_in", "Concat", List.of("out", "in"), FunctionBuilder.axis(0));
    body.node("indices", "Reshape", List.of("index_list", "out_in"));
  }

  /**
   * Adds the value {@code byte_bits}, the bits of every byte as float [256, 8], from {@code
   * as_column}, int64 [-1, 1].
   */
  static void writeByteBits(FunctionBuilder body) {
    // Where a byte is divided by 2^(b + 1), bit b is set if the fraction is a half or more. No
    // comparison: before set 16 it has no inferred shape, and newer ONNX Runtimes then leave all
    // that
    // follows to every run.
    body.number("no_byte", 0);
    body.number("byte_count", 256);
    body.number("next_byte", 1);
    body.number("double", 2);
    body.numbers(
        "bit_places", 1 / 2f, 1 / 4f, 1 / 8f, 1 / 16f, 1 / 32f, 1 / 64f, 1 / 128f, 1 / 256f);
    body.node("byte_list", "Range", List.of("no_byte", "byte_count", "next_byte"));
    body.node("byte_column", "Reshape", List.of("byte_list", "as_column"));
    body.node("quotients", "Mul", List.of("byte_column", "bit_places"));
    body.node("whole_quotients", "Floor", List.of("quotients"));
    body.node("fractions", "Sub", List.of("quotients", "whole_quotients"));
    body.node("halves", "Mul", List.of("fractions", "double"));
    body.node("byte_bits", "Floor", List.of("halves"));
  }
}
