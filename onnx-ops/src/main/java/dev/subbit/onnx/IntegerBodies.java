package dev.subbit.onnx;

import ai.onnx.proto.OnnxMl.AttributeProto;
import ai.onnx.proto.OnnxMl.TensorProto.DataType;
import java.util.List;

/**
 * The function bodies of the layers of integer networks.
 *
 * <p>They compute whole numbers, and whole numbers times a power of two, in float. A float holds
 * these exactly as long as the whole number is at most 2^24, and a step whose result it holds
 * exactly has no rounding, so that every runtime gives the same bits whatever order it adds in.
 * Beside each step stands how large its numbers can be. {@code Round} changes none of them; after a
 * convolution or a matrix product it keeps optimisers from folding what follows into the weights.
 *
 * <p>The steps are written with care for other tools than ONNX Runtime: constants are tensors, all
 * inputs are there, and no data is divided or shifted.
 */
final class IntegerBodies {

  /** The largest power of two in the tables of a body is the half of 2^24. */
  private static final int POWERS = 24;

  private IntegerBodies() {}

  static void writeStem(FunctionBuilder body) {
    writeConstants(body);
    writeWidth(body);
    // Not-a-number is not greater than 0. What is left is 0 to 255.
    body.number("zero", 0);
    body.number("white", 255);
    body.node("X_numbers", "Cast", List.of("X"), FunctionBuilder.to(DataType.FLOAT));
    body.node("positive", "Greater", List.of("X_numbers", "zero"));
    body.node("not_negative", "Where", List.of("positive", "X_numbers", "zero"));
    body.node("not_above_white", "Min", List.of("not_negative", "white"));
    body.node("pixels", "Round", List.of("not_above_white"));
    body.integers("per_channel", -1, 1, 1);
    perChannel(body, "zero_pixels", "zero_pixel");
    // Of magnitude 255 at most, so that a sum is below 2^23 by the limit on the weights.
    body.node("differences", "Sub", List.of("pixels", "zero_pixels"));
    body.node("kernels", "Cast", List.of("weight"), FunctionBuilder.to(DataType.FLOAT));
    body.node(
        "sum",
        "Conv",
        List.of("differences", "kernels"),
        FunctionBuilder.integersOf("strides", OperatorTable.STRIDES),
        FunctionBuilder.integersOf("pads", OperatorTable.PADS));
    body.node("acc", "Round", List.of("sum"));
    writeRoundedShift(body, "rounded", "acc");
    saturate(body, "sum_16", "rounded", "low_16", "high_16");
    perChannel(body, "multipliers", "multiplier");
    perChannel(body, "biases", "bias");
    rescale(body, "scaled", "sum_16", "multipliers");
    body.node("biased", "Add", List.of("scaled", "biases"));
    saturate(body, "values", "biased", "low", "high");
    body.node("pooled", "MaxPool", List.of("values"), poolAttributes());
    body.node("channels_last", "Transpose", List.of("pooled"), permutation(0, 2, 3, 1));
    body.node("Y", "Cast", List.of("channels_last"), FunctionBuilder.to(DataType.INT16));
  }

  static void writeConv(FunctionBuilder body) {
    writeConstants(body);
    writeWidth(body);
    writeSignSums(body);
    body.node("pooled", "MaxPool", List.of("acc"), poolAttributes());
    writeScaledSums(body, "pooled");
    saturate(body, "values", "biased", "low", "high");
    body.node("Y", "Cast", List.of("values"), FunctionBuilder.to(DataType.INT16));
  }

  static void writeBlock(FunctionBuilder body) {
    writeConstants(body);
    writeWidth(body);
    writeSignSums(body);
    writeScaledSums(body, "acc");
    saturate(body, "own", "biased", "low_16", "high_16");
    numbers(body, "residuals", "residual");
    // Two 16-bit numbers: below 2^17.
    body.node("total", "Add", List.of("own", "residuals"));
    saturate(body, "v", "total", "low", "high");
    numbers(body, "slopes", "slope");
    rescale(body, "sloped", "v", "slopes");
    body.attributeScalar("slope_up", OperatorTable.SLOPE_SHIFT);
    body.node("slope_factor", "Gather", List.of("powers", "slope_up"));
    // At most 2^15 times 2^3.
    body.node("steep", "Mul", List.of("sloped", "slope_factor"));
    saturate(body, "below", "steep", "low", "high");
    body.number("zero", 0);
    body.node("not_negative", "GreaterOrEqual", List.of("v", "zero"));
    body.node("bent", "Where", List.of("not_negative", "v", "below"));
    numbers(body, "shifts_out", "shift_out");
    body.node("moved", "Add", List.of("bent", "shifts_out"));
    saturate(body, "values", "moved", "low", "high");
    body.node("Y", "Cast", List.of("values"), FunctionBuilder.to(DataType.INT16));
  }

  static void writeShortcut(FunctionBuilder body) {
    writeConstants(body);
    writeWidth(body);
    numbers(body, "X_numbers", "X");
    body.node("channels_first", "Transpose", List.of("X_numbers"), permutation(0, 3, 1, 2));
    // A quarter, a half or the whole of a sum below 2^18.
    body.node(
        "mean",
        "AveragePool",
        List.of("channels_first"),
        OnnxProtos.attribute("ceil_mode", 1L),
        OnnxProtos.attribute("count_include_pad", 0L),
        FunctionBuilder.integersOf("kernel_shape", OperatorTable.POOL),
        FunctionBuilder.integersOf("strides", OperatorTable.POOL));
    body.node("mean_and_half", "Add", List.of("mean", "half"));
    body.node("whole_mean", "Floor", List.of("mean_and_half"));
    body.node("m", "Transpose", List.of("whole_mean"), permutation(0, 2, 3, 1));
    numbers(body, "kernels", "weight");
    body.node("columns", "Transpose", List.of("kernels"), permutation(1, 0));
    writeDotProducts(body, "m");
    // The sum is 256 * high + low. The limits on the weights keep low + 2^(shift - 1) below 2^24 in
    // magnitude, and high, of bytes with sign, at 2^23. Of the low part, bits below 2^a can be
    // dropped
    // first, with a the less of 8 and shift. If shift is less than 8, adding the high part may
    // round
    // then, but only where 16 bits hold neither the exact nor the rounded result.
    body.attributeScalar("down", OperatorTable.SHIFT);
    body.node("unit", "Gather", List.of("powers", "down"));
    body.node("fraction", "Gather", List.of("fractions", "down"));
    body.node("half_unit", "Mul", List.of("unit", "half"));
    body.node("low_and_half", "Add", List.of("low_dot", "half_unit"));
    body.node("two_to_a", "Min", List.of("unit", "two_to_8"));
    body.node("two_to_minus_a", "Max", List.of("fraction", "two_to_minus_8"));
    body.node("low_units", "Mul", List.of("low_and_half", "two_to_minus_a"));
    body.node("carry", "Floor", List.of("low_units"));
    body.node("high_unit", "Mul", List.of("two_to_minus_a", "two_to_8"));
    body.node("high_units", "Mul", List.of("high_dot", "high_unit"));
    body.node("high_and_carry", "Add", List.of("high_units", "carry"));
    body.node("factor", "Mul", List.of("two_to_a", "fraction"));
    body.node("shifted", "Mul", List.of("high_and_carry", "factor"));
    body.node("rounded", "Floor", List.of("shifted"));
    saturate(body, "sum_16", "rounded", "low_16", "high_16");
    numbers(body, "multipliers", "multiplier");
    numbers(body, "biases", "bias");
    rescale(body, "scaled", "sum_16", "multipliers");
    body.node("biased", "Add", List.of("scaled", "biases"));
    saturate(body, "values", "biased", "low", "high");
    body.node("Y", "Cast", List.of("values"), FunctionBuilder.to(DataType.INT16));
  }

  static void writeClassifier(FunctionBuilder body) {
    writeConstants(body);
    // The positions by parts: [N, P, positions of a part, C].
    body.integers("first", 0);
    body.integers("second", 1);
    body.integers("third", 2);
    body.integers("fourth", 3);
    body.integers("rest", -1);
    body.node("weight_shape", "Shape", List.of("weight"));
    body.node("parts", "Slice", List.of("weight_shape", "second", "third", "first"));
    body.node("channels", "Slice", List.of("weight_shape", "third", "fourth", "first"));
    body.node(
        "by_parts",
        "Concat",
        List.of("first", "parts", "rest", "channels"),
        FunctionBuilder.axis(0));
    numbers(body, "X_numbers", "X");
    body.node("positions", "Reshape", List.of("X_numbers", "by_parts"));
    // Their sums, by a product with ones: at most 256 numbers of 16 bits, 2^23.
    body.node("positions_shape", "Shape", List.of("positions"));
    body.node("length", "Slice", List.of("positions_shape", "third", "fourth", "first"));
    body.node("ones_shape", "Concat", List.of("second", "length"), FunctionBuilder.axis(0));
    body.node(
        "ones",
        "ConstantOfShape",
        List.of("ones_shape"),
        FunctionBuilder.tensorValue(OnnxProtos.tensor("", new float[] {1}, 1)));
    body.node("part_sum", "MatMul", List.of("ones", "positions"));
    body.node("acc", "Round", List.of("part_sum"));
    writeRoundedShift(body, "rounded", "acc");
    saturate(body, "v", "rounded", "low_16", "high_16");
    body.integers("flat", 0, -1);
    body.node("m", "Reshape", List.of("v", "flat"));
    numbers(body, "kernels", "weight");
    body.node("rows", "Reshape", List.of("kernels", "flat"));
    body.node("columns", "Transpose", List.of("rows"), permutation(1, 0));
    // 32768 times the weights of a class is below 2^31, so they are below 2^16 and 255 times them
    // is
    // below 2^24.
    writeDotProducts(body, "m");
    // The one addition of this body whose result may need more than 24 bits: float rounds it, once,
    // as a conversion of the whole sum would.
    body.node("high_value", "Mul", List.of("high_dot", "two_to_8"));
    body.node("dot", "Add", List.of("high_value", "low_dot"));
    body.node("scaled", "Mul", List.of("dot", "scale"));
    // Changes nothing, but stands between a product and a sum that OpenVINO would round only once.
    body.number("lowest", Float.NEGATIVE_INFINITY);
    body.node("rounded_product", "Max", List.of("scaled", "lowest"));
    body.node("Y", "Add", List.of("rounded_product", "bias"));
  }

  /** The constants of all bodies. Powers and fractions are those of two, by their exponents. */
  private static void writeConstants(FunctionBuilder body) {
    float[] powers = new float[POWERS];
    float[] fractions = new float[POWERS];
    for (int i = 0; i < POWERS; i++) {
      powers[i] = Math.scalb(1f, i);
      fractions[i] = Math.scalb(1f, -i);
    }
    body.numbers("powers", powers);
    body.numbers("fractions", fractions);
    body.number("half", 0.5f);
    body.number("two_to_8", 256);
    body.number("two_to_minus_8", 1 / 256f);
    body.number("low_16", Short.MIN_VALUE);
    body.number("high_16", Short.MAX_VALUE);
  }

  /**
   * Adds the limits of {@code width} bits, {@code low} and {@code high}, and what rescaling needs.
   */
  private static void writeWidth(FunctionBuilder body) {
    body.number("one", 1);
    body.number("two_to_14", 16384);
    body.number("two_to_minus_7", 1 / 128f);
    body.attributeScalar("bits", OperatorTable.WIDTH);
    body.node("range", "Gather", List.of("powers", "bits"));
    body.node("bound", "Mul", List.of("range", "half"));
    body.node("low", "Neg", List.of("bound"));
    body.node("high", "Sub", List.of("bound", "one"));
  }

  /** Adds the sums of signs times taps, {@code acc}, float [N, out_channels, H', W']. */
  private static void writeSignSums(FunctionBuilder body) {
    numbers(body, "X_numbers", "X");
    numbers(body, "thresholds", "threshold");
    body.node("differences", "Sub", List.of("X_numbers", "thresholds"));
    body.node("channels_first", "Transpose", List.of("differences"), permutation(0, 3, 1, 2));
    body.integers("as_list", 1);
    body.attributeScalar("out_scalar", OperatorTable.OUT_CHANNELS);
    body.node("out", "Reshape", List.of("out_scalar", "as_list"));
    body.node(
        "ones",
        "ConstantOfShape",
        List.of("out"),
        FunctionBuilder.tensorValue(OnnxProtos.tensor("", new float[] {1}, 1)));
    body.node(
        "zeros",
        "ConstantOfShape",
        List.of("out"),
        FunctionBuilder.tensorValue(OnnxProtos.tensor("", new float[] {0}, 1)));
    body.call(
        "acc",
        SubBitOperator.BINARY_SUB_BIT_CONV,
        List.of("channels_first", "index", "codebook", "ones", "zeros"),
        OnnxProtos.attribute(OperatorTable.PADS, 1, 1, 1, 1),
        OnnxProtos.attribute(OperatorTable.DILATIONS, 1, 1),
        OnnxProtos.attribute(OperatorTable.GROUP, 1L));
  }

  /**
   * Adds what becomes of sums of signs [N, out_channels, H', W'], {@code biased}, float [N, H', W',
   * out_channels].
   */
  private static void writeScaledSums(FunctionBuilder body, String sums) {
    body.node("channels_last", "Transpose", List.of(sums), permutation(0, 2, 3, 1));
    body.attributeScalar("up", OperatorTable.SHIFT);
    body.node("factor", "Gather", List.of("powers", "up"));
    // Of 16 bits, by the limit on in_channels.
    body.node("sum_16", "Mul", List.of("channels_last", "factor"));
    numbers(body, "multipliers", "multiplier");
    numbers(body, "biases", "bias");
    rescale(body, "scaled", "sum_16", "multipliers");
    body.node("biased", "Add", List.of("scaled", "biases"));
  }

  /** Adds floor(value * 2^-shift + 1/2) of a value of magnitude 2^23 at most. */
  private static void writeRoundedShift(FunctionBuilder body, String output, String value) {
    body.attributeScalar("down", OperatorTable.SHIFT);
    body.node("factor", "Gather", List.of("fractions", "down"));
    body.node("shifted", "Mul", List.of(value, "factor"));
    body.node("shifted_and_half", "Add", List.of("shifted", "half"));
    body.node(output, "Floor", List.of("shifted_and_half"));
  }

  /**
   * Adds floor(a * m / 2^15 + 1/2) of two 16-bit numbers, of which m is not -32768.
   *
   * <p>With a = 256 * high + low and low from 0 to 255, a * m + 2^14 is 256 * (high * m) + (low * m
   * + 2^14), so that the bits of the latter below 2^8 can be dropped first. The largest numbers are
   * 255 * 32767 + 2^14 and 128 * 32767 + 2^15, both below 2^23.
   */
  private static void rescale(FunctionBuilder body, String output, String a, String m) {
    splitBytes(body, output, a);
    body.node(output + "_low_product", "Mul", List.of(output + "_low", m));
    body.node(output + "_low_sum", "Add", List.of(output + "_low_product", "two_to_14"));
    body.node(output + "_low_units", "Mul", List.of(output + "_low_sum", "two_to_minus_8"));
    body.node(output + "_carry", "Floor", List.of(output + "_low_units"));
    body.node(output + "_high_product", "Mul", List.of(output + "_high", m));
    body.node(output + "_sum", "Add", List.of(output + "_high_product", output + "_carry"));
    body.node(output + "_units", "Mul", List.of(output + "_sum", "two_to_minus_7"));
    body.node(output, "Floor", List.of(output + "_units"));
  }

  /** Adds a 16-bit number's high byte, from -128 to 127, and its low one, from 0 to 255. */
  private static void splitBytes(FunctionBuilder body, String name, String a) {
    body.node(name + "_bytes", "Mul", List.of(a, "two_to_minus_8"));
    body.node(name + "_high", "Floor", List.of(name + "_bytes"));
    body.node(name + "_high_value", "Mul", List.of(name + "_high", "two_to_8"));
    body.node(name + "_low", "Sub", List.of(a, name + "_high_value"));
  }

  /**
   * Adds the products of 16-bit numbers with {@code columns} in two halves, {@code high_dot} and
   * {@code low_dot}, of which each is exact: 256 * high_dot + low_dot is the product.
   */
  private static void writeDotProducts(FunctionBuilder body, String m) {
    splitBytes(body, m, m);
    for (String half : List.of("high", "low")) {
      body.node(half + "_sum", "MatMul", List.of(m + "_" + half, "columns"));
      body.node(half + "_dot", "Round", List.of(half + "_sum"));
    }
  }

  private static void saturate(
      FunctionBuilder body, String output, String value, String low, String high) {
    body.node(output + "_not_below", "Max", List.of(value, low));
    body.node(output, "Min", List.of(output + "_not_below", high));
  }

  private static void numbers(FunctionBuilder body, String output, String input) {
    body.node(output, "Cast", List.of(input), FunctionBuilder.to(DataType.FLOAT));
  }

  /** Adds one number per channel for a tensor [N, channels, H, W]. */
  private static void perChannel(FunctionBuilder body, String output, String input) {
    numbers(body, output + "_list", input);
    body.node(output, "Reshape", List.of(output + "_list", "per_channel"));
  }

  private static AttributeProto permutation(long... axes) {
    return OnnxProtos.attribute("perm", axes);
  }

  private static AttributeProto[] poolAttributes() {
    return new AttributeProto[] {
      FunctionBuilder.integersOf("kernel_shape", OperatorTable.POOL_SHAPE),
      FunctionBuilder.integersOf("strides", OperatorTable.POOL_STRIDES),
      FunctionBuilder.integersOf("pads", OperatorTable.POOL_PADS)
    };
  }
}
