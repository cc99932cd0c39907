package dev.subbit.onnx;

import ai.onnx.proto.OnnxMl.TensorProto.DataType;
import java.util.List;

/**
 * The function bodies of the operators on packed signs, which call other sub-bit operators. What
 * follows the unpacking is written by methods that {@link PortableModels} uses, too.
 */
final class PackedBodies {

  private PackedBodies() {}

  /** Packs signs with a 1x1 convolution in which channel c adds 2^(c mod 8) to byte c / 8. */
  static void writePackSigns(FunctionBuilder body) {
    writeShifted(body, "shifted");
    body.number("zero", 0);
    body.numbers("powers", 1, 2, 4, 8, 16, 32, 64, 128);
    body.node("not_negative", "GreaterOrEqual", List.of("shifted", "zero"));
    body.node("bits", "Cast", List.of("not_negative"), FunctionBuilder.to(DataType.FLOAT));

    body.node("channels", "Size", List.of("shift"));
    placeChannels(body);
    body.integer("seven", 7);
    body.node("filled_up", "Add", List.of("channels", "seven"));
    body.node("byte_count", "Div", List.of("filled_up", "eight"));
    body.node("byte", "Range", List.of("first", "byte_count", "step"));
    body.integers("as_column", -1, 1);
    body.node("bytes", "Reshape", List.of("byte", "as_column"));
    body.node("is_in_byte", "Equal", List.of("bytes", "byte_of_channel"));
    body.node("in_byte", "Cast", List.of("is_in_byte"), FunctionBuilder.to(DataType.FLOAT));
    body.node("values", "Gather", List.of("powers", "bit_of_channel"), FunctionBuilder.axis(0));
    body.node("matrix", "Mul", List.of("in_byte", "values"));
    body.integers("one_tap", 0, 0, 1, 1);
    body.node("W", "Reshape", List.of("matrix", "one_tap"));

    body.node("numbers", "Conv", List.of("bits", "W"));
    body.node("B", "Cast", List.of("numbers"), FunctionBuilder.to(DataType.UINT8));
  }

  /** Adds X with its shifts, whose signs PackSigns packs. */
  static void writeShifted(FunctionBuilder body, String output) {
    body.integers("per_channel", 1, -1, 1, 1);
    body.node("shifts", "Reshape", List.of("shift", "per_channel"));
    body.node(output, "Add", List.of("X", "shifts"));
  }

  static void writePackedBinary(FunctionBuilder body) {
    unpack(body);
    convolveUnpacked(body, "X");
  }

  /** From floats whose signs are those that B would hold. */
  static void convolveUnpacked(FunctionBuilder body, String signs) {
    convolve(body, signs, "Y");
    body.integers("as_list", 1);
    body.attributeValue("out", OperatorTable.OUT_CHANNELS);
    body.node("no_shift", "ConstantOfShape", List.of("out"));
    body.call("S", SubBitOperator.PACK_SIGNS, List.of("Y", "no_shift"));
  }

  static void writeBlock(FunctionBuilder body) {
    unpack(body);
    writeUnpackedBlock(body, "X");
  }

  /** From floats whose signs are those that B would hold. */
  static void writeUnpackedBlock(FunctionBuilder body, String signs) {
    convolve(body, signs, "convolved");
    body.node("z", "Add", List.of("convolved", "residual"));
    body.integers("per_channel", -1, 1, 1);
    body.node("shifts_in", "Reshape", List.of("shift_in", "per_channel"));
    body.node("t", "Add", List.of("z", "shifts_in"));
    body.node("slopes", "Reshape", List.of("slope", "per_channel"));
    body.node("p", "PRelu", List.of("t", "slopes"));
    // A shift of -0 becomes +0. Then no Y is -0, and it does not matter which zero PRelu returns.
    body.number("zero", 0);
    body.node("is_zero", "Equal", List.of("shift_out", "zero"));
    body.node("no_minus_zero", "Where", List.of("is_zero", "zero", "shift_out"));
    body.node("shifts_out", "Reshape", List.of("no_minus_zero", "per_channel"));
    body.node("Y", "Add", List.of("p", "shifts_out"));
    body.call("S", SubBitOperator.PACK_SIGNS, List.of("Y", "next_shift"));
  }

  /**
   * Adds the value {@code X}, float [N, in_channels * group, H, W], which is negative where the bit
   * of B is clear and not negative where it is set.
   */
  private static void unpack(FunctionBuilder body) {
    body.attributeScalar("in", OperatorTable.IN_CHANNELS);
    body.attributeScalar("groups", OperatorTable.GROUP);
    body.node("product", "Mul", List.of("in", "groups"));
    // Only a damaged model has no channels, by which ONNX Runtime's Conv would divide, or more than
    // a plane of indices has bits, for which it would take all memory there is.
    body.integer("least", 1);
    body.integer("byte_size", 8);
    body.node("index_shape", "Shape", List.of("index"));
    body.node("plane_bytes", "Gather", List.of("index_shape", "least"));
    body.node("most", "Mul", List.of("plane_bytes", "byte_size"));
    body.node("not_too_many", "Min", List.of("product", "most"));
    body.node("channels", "Max", List.of("not_too_many", "least"));
    placeChannels(body);
    // As in the bodies that decode indices: if a byte is divided by 2^(b + 1), bit b is set where
    // the fraction is a half or more.
    body.numbers("places", 1 / 2f, 1 / 4f, 1 / 8f, 1 / 16f, 1 / 32f, 1 / 64f, 1 / 128f, 1 / 256f);
    body.node("numbers", "Cast", List.of("B"), FunctionBuilder.to(DataType.FLOAT));
    body.node("bytes", "Gather", List.of("numbers", "byte_of_channel"), FunctionBuilder.axis(1));
    body.node("place_list", "Gather", List.of("places", "bit_of_channel"), FunctionBuilder.axis(0));
    body.integers("per_pixel", -1, 1, 1);
    body.node("place", "Reshape", List.of("place_list", "per_pixel"));
    body.node("quotients", "Mul", List.of("bytes", "place"));
    body.node("whole_quotients", "Floor", List.of("quotients"));
    body.node("fractions", "Sub", List.of("quotients", "whole_quotients"));
    body.number("half", 0.5f);
    body.node("X", "Sub", List.of("fractions", "half"));
  }

  /** Adds the byte and the bit of each of {@code channels} channels, as int64 [channels]. */
  private static void placeChannels(FunctionBuilder body) {
    body.integer("first", 0);
    body.integer("step", 1);
    body.integer("eight", 8);
    body.node("channel", "Range", List.of("first", "channels", "step"));
    body.node("byte_of_channel", "Div", List.of("channel", "eight"));
    body.node("bit_of_channel", "Mod", List.of("channel", "eight"));
  }

  private static void convolve(FunctionBuilder body, String signs, String output) {
    body.call(
        output,
        SubBitOperator.BINARY_SUB_BIT_CONV,
        List.of(signs, "index", "codebook", "scale", "bias"));
  }
}
