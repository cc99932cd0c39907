package dev.subbit.onnx;

import dev.subbit.onnx.TestVectors.Case;
import dev.subbit.onnx.TestVectors.Layer;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;

/** Generates the cases of the operators on packed signs, for {@link TestVectors}. */
final class PackedTestVectors {

  private PackedTestVectors() {}

  static TestVector packSignsCase(Case c, int number) {
    Random random = new Random(3000 + number);
    int[] shape = {c.n(), c.in() * c.geometry().group(), c.h(), c.w()};
    return packSigns(
        c.name(),
        shape,
        TestVectors.floats(random, TestTensor.elements(shape), -2, 2),
        TestVectors.floats(random, shape[1], -1, 1));
  }

  private static TestVector packSigns(String name, int[] shape, float[] x, float[] shift) {
    TestTensor values = TestTensor.floats("X", x, shape);
    return new TestVector(
        name,
        OperatorTable.PACK_SIGNS,
        Map.of(),
        List.of(values, TestTensor.floats("shift", shift, shift.length)),
        List.of(signs("B", values, shift)));
  }

  /** Special values: zeros, infinities, numbers that rounding removes, and not-a-number. */
  static TestVector signsOfSpecialValues() {
    float tiny = Float.MIN_VALUE;
    float[] x = {
      0f,
      -0f,
      tiny,
      -tiny,
      Float.NaN,
      Float.intBitsToFloat(0xffc00000), // + 0
      Float.POSITIVE_INFINITY,
      Float.NEGATIVE_INFINITY,
      0f,
      -0f,
      tiny,
      -tiny, // + -0
      -1f,
      Math.nextDown(-1f),
      Math.nextUp(-1f),
      0f,
      Float.NEGATIVE_INFINITY,
      Float.NaN, // + 1
      1e-9f,
      -1e-9f,
      1f,
      -1f,
      3e-8f,
      -3e-8f, // + 1e-9
      Float.MAX_VALUE,
      -Float.MAX_VALUE,
      1f,
      -1f,
      0f,
      Float.NaN // + -Float.MAX_VALUE
    };
    return packSigns(
        "special_values",
        new int[] {1, 5, 2, 3},
        x,
        new float[] {0, -0f, 1, 1e-9f, -Float.MAX_VALUE});
  }

  /** Random signs. The bits that belong to no channel are random too and must be ignored. */
  private static TestTensor randomSigns(Layer layer, Random random) {
    int[] shape = {layer.shape[0], (layer.shape[1] + 7) / 8, layer.shape[2], layer.shape[3]};
    return TestTensor.integers(
        "B", TestTensor.Type.U8, random.ints(TestTensor.elements(shape), 0, 256).toArray(), shape);
  }

  static TestVector convCase(Case c, int number) {
    Random random = new Random(4000 + number);
    Layer layer = Layer.random(c, random);
    return conv(
        c.name(),
        layer,
        randomSigns(layer, random),
        TestVectors.floats(random, c.out(), 0.01f, 0.2f),
        TestVectors.floats(random, c.out(), -1, 1));
  }

  private static TestVector conv(
      String name, Layer layer, TestTensor b, float[] scaleValues, float[] biasValues) {
    TestTensor scale = TestTensor.floats("scale", scaleValues, scaleValues.length);
    TestTensor bias = TestTensor.floats("bias", biasValues, biasValues.length);
    TestTensor y = layer.naive.packedBinary(b, scale, bias);
    return new TestVector(
        name,
        OperatorTable.PACKED_BINARY_SUB_BIT_CONV,
        layer.attributes,
        List.of(b, layer.index, layer.codebook, scale, bias),
        List.of(y, signs("S", y, new float[biasValues.length])));
  }

  /** All taps and signs +1, so that narrow accumulators overflow if not widened in time. */
  static TestVector largestSum() {
    Case c = new Case("largest_sum", 1, 1, 2, 70, 3, 3, TestVectors.SAME);
    Layer layer = new Layer(c, new int[] {0, 511}, TestVectors.indicesOfChannel(c));
    int[] bytes = new int[9 * 9];
    Arrays.fill(bytes, 255);
    TestTensor b = TestTensor.integers("B", TestTensor.Type.U8, bytes, 1, 9, 3, 3);
    return conv(c.name(), layer, b, new float[] {0.1f, 0.3f}, new float[] {0.7f, -0.7f});
  }

  static TestVector blockCase(Case c, int number) {
    Random random = new Random(5000 + number);
    Layer layer = Layer.random(c, random);
    int outs = c.out();
    return block(
        c.name(),
        layer,
        randomSigns(layer, random),
        TestVectors.floats(random, outs, 0.01f, 0.2f),
        TestVectors.floats(random, outs, -1, 1),
        Optional.empty(),
        new float[][] {
          TestVectors.floats(random, outs, -1, 1),
          TestVectors.floats(random, outs, -0.3f, 1),
          TestVectors.floats(random, outs, -1, 1),
          TestVectors.floats(random, outs, -1, 1)
        },
        random);
  }

  /** Creates a case of a block. The parameters are shift_in, slope, shift_out and next_shift. */
  private static TestVector block(
      String name,
      Layer layer,
      TestTensor b,
      float[] scaleValues,
      float[] biasValues,
      Optional<float[]> residualValues,
      float[][] parameters,
      Random random) {
    TestTensor scale = TestTensor.floats("scale", scaleValues, scaleValues.length);
    TestTensor bias = TestTensor.floats("bias", biasValues, biasValues.length);
    TestTensor convolved = layer.naive.packedBinary(b, scale, bias);
    int elements = convolved.values().length;
    TestTensor residual =
        TestTensor.floats(
            "residual",
            residualValues.orElseGet(() -> TestVectors.floats(random, elements, -2, 2)),
            convolved.shape());
    float[] y = new float[elements];
    for (int i = 0; i < elements; i++) {
      int o = i / (convolved.shape()[2] * convolved.shape()[3]) % convolved.shape()[1];
      float z = convolved.f(i) + residual.f(i);
      float t = z + parameters[0][o];
      float p = t >= 0 ? t : parameters[1][o] * t;
      // A shift of -0 counts as +0.
      y[i] = p + (parameters[2][o] + 0f);
    }
    TestTensor result = TestTensor.floats("Y", y, convolved.shape());
    return new TestVector(
        name,
        OperatorTable.BINARY_SUB_BIT_BLOCK,
        layer.attributes,
        List.of(
            b,
            layer.index,
            layer.codebook,
            scale,
            bias,
            residual,
            perChannel("shift_in", parameters[0]),
            perChannel("slope", parameters[1]),
            perChannel("shift_out", parameters[2]),
            perChannel("next_shift", parameters[3])),
        List.of(result, signs("S", result, parameters[3])));
  }

  private static TestTensor perChannel(String name, float[] values) {
    return TestTensor.floats(name, values, values.length);
  }

  /** Sums, slopes and shifts that are +0 or -0: a result of zero must be +0, and its sign +1. */
  static TestVector zerosOfEitherSign() {
    Case c = new Case("zeros_of_either_sign", 1, 1, 8, 2, 3, 3, ConvAttributes.of(1, 0));
    // The two channels cancel out, so each sum is 0.
    int[] indices = new int[16];
    Arrays.setAll(indices, i -> i % 2);
    Layer layer = new Layer(c, new int[] {0, 511}, indices);
    int[] bytes = new int[9];
    Arrays.fill(bytes, 3);
    return block(
        c.name(),
        layer,
        TestTensor.integers("B", TestTensor.Type.U8, bytes, 1, 1, 3, 3),
        new float[] {1, 1, 1, 1, 1, 1, 1, 1},
        new float[] {0, -0f, 0, -0f, 0, -0f, 0, -0f},
        Optional.of(new float[] {0, 0, -0f, -0f, -1, -1, -1, -Float.MIN_VALUE}),
        new float[][] {
          {0, -0f, 0, -0f, 0, 0, 1, 0},
          {-1, -1, 2, -1, 0, -0f, -1, 0.25f},
          {-0f, -0f, -0f, 0, -0f, -0f, -0f, -0f},
          {0, -0f, -0f, 0, -0f, -0f, -0f, -0f}
        },
        new Random(0));
  }

  static TestVector residualsOfSpecialValues() {
    Case c = new Case("special_residuals", 2, 1, 6, 3, 1, 1, TestVectors.SAME);
    Random random = new Random(6);
    Layer layer = Layer.random(c, random);
    return block(
        c.name(),
        layer,
        randomSigns(layer, random),
        TestVectors.floats(random, 6, 0.01f, 0.2f),
        TestVectors.floats(random, 6, -1, 1),
        Optional.of(
            new float[] {
              Float.POSITIVE_INFINITY,
              Float.NEGATIVE_INFINITY,
              Float.NEGATIVE_INFINITY,
              Float.MAX_VALUE,
              -Float.MAX_VALUE,
              1e30f
            }),
        new float[][] {
          {1, 1, 1, Float.MAX_VALUE, -Float.MAX_VALUE, 1},
          {0.5f, 0.5f, -0.5f, 0.5f, 0.5f, 2},
          {1, 1, 1, 1, 1, -1e30f},
          {1, 1, 1, 1, 1, 1}
        },
        random);
  }

  /** Packs the signs of values plus shifts; unused bits are clear. */
  static TestTensor signs(String name, TestTensor values, float[] shift) {
    int[] shape = values.shape().clone();
    int channels = shape[1];
    int pixels = shape[2] * shape[3];
    shape[1] = (channels + 7) / 8;
    int[] bytes = new int[TestTensor.elements(shape)];
    for (int i = 0; i < values.values().length; i++) {
      int channel = i / pixels % channels;
      if (values.f(i) + shift[channel] >= 0) {
        int image = i / pixels / channels;
        bytes[(image * shape[1] + channel / 8) * pixels + i % pixels] |= 1 << channel % 8;
      }
    }
    return TestTensor.integers(name, TestTensor.Type.U8, bytes, shape);
  }
}
