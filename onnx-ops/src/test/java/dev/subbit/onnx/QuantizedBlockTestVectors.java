package dev.subbit.onnx;

import dev.subbit.onnx.TestVectors.Case;
import dev.subbit.onnx.TestVectors.Layer;
import java.util.Arrays;
import java.util.List;
import java.util.Random;

/** Generates the cases of {@code QLinearSubBitBlock}, for {@link TestVectors}. */
final class QuantizedBlockTestVectors {

  private QuantizedBlockTestVectors() {}

  /** The scale and the zero point of a tensor. */
  private record Range(float scale, int zeroPoint) {}

  /** The values of a case, in addition to its layer. */
  private record Values(
      TestTensor.Type type,
      int[] x,
      Range xRange,
      float[] wScale,
      Range yRange,
      int[] bias,
      int[] residual,
      Range residualRange) {}

  static TestVector randomCase(Case c, int number) {
    Random random = new Random(7000 + number);
    Layer layer = Layer.random(c, random);
    TestTensor.Type type = number % 2 == 0 ? TestTensor.Type.I8 : TestTensor.Type.U8;
    int least = least(type);
    int[] shape = layer.naive.outputShape();
    // With this scale, convolution and residual both matter, and the outputs fill the 8 bits.
    float yScale = (float) (0.02 * 0.1 * 74 * Math.sqrt(9.0 * c.in()) / 40);
    return vector(
        c.name(),
        layer,
        new Values(
            type,
            random.ints(TestTensor.elements(layer.shape), least, least + 256).toArray(),
            new Range(0.02f, least + 1 + random.nextInt(255)),
            TestVectors.floats(random, c.out(), -0.05f, 0.2f),
            new Range(yScale, least + 64 + random.nextInt(128)),
            random.ints(c.out(), -2000, 2000).toArray(),
            random.ints(TestTensor.elements(shape), least, least + 256).toArray(),
            new Range(yScale * (0.3f + random.nextFloat()), least + 1 + random.nextInt(255))));
  }

  private static int least(TestTensor.Type type) {
    return type == TestTensor.Type.U8 ? 0 : -128;
  }

  private static TestVector vector(String name, Layer layer, Values v) {
    TestTensor x = TestTensor.integers("x", v.type, v.x, layer.shape);
    TestTensor wScale = TestTensor.floats("w_scale", v.wScale, v.wScale.length);
    TestTensor bias = TestTensor.integers("B", TestTensor.Type.I32, v.bias, v.bias.length);
    TestTensor residual =
        TestTensor.integers("residual", v.type, v.residual, layer.naive.outputShape());
    TestTensor y = expected(layer, v);
    return new TestVector(
        name,
        OperatorTable.Q_LINEAR_SUB_BIT_BLOCK,
        layer.attributes,
        List.of(
            x,
            scale("x_scale", v.xRange),
            zeroPoint("x_zero_point", v.type, v.xRange),
            layer.index,
            layer.codebook,
            wScale,
            scale("y_scale", v.yRange),
            zeroPoint("y_zero_point", v.type, v.yRange),
            bias,
            residual,
            scale("residual_scale", v.residualRange),
            zeroPoint("residual_zero_point", v.type, v.residualRange)),
        List.of(y));
  }

  private static TestTensor scale(String name, Range range) {
    return TestTensor.floats(name, new float[] {range.scale});
  }

  private static TestTensor zeroPoint(String name, TestTensor.Type type, Range range) {
    return TestTensor.integers(name, type, new int[] {range.zeroPoint});
  }

  /** Computes the result by definition: two products and one sum, each rounded to float. */
  private static TestTensor expected(Layer layer, Values v) {
    int[] sums = layer.naive.integerSums(v.x, v.xRange.zeroPoint);
    int[] shape = layer.naive.outputShape();
    float residualMultiplier = v.residualRange.scale / v.yRange.scale;
    int[] y = new int[sums.length];
    for (int i = 0; i < y.length; i++) {
      int o = i / (shape[2] * shape[3]) % shape[1];
      float multiplier = (v.xRange.scale * v.wScale[o]) / v.yRange.scale;
      float scaled = (float) (sums[i] + v.bias[o]) * multiplier;
      float scaledResidual =
          (float) (v.residual[i] - v.residualRange.zeroPoint) * residualMultiplier;
      float s = scaled + scaledResidual;
      double rounded = Math.rint(s) + v.yRange.zeroPoint;
      int least = least(v.type);
      y[i] = (int) Math.max(least, Math.min(least + 255, rounded));
    }
    return TestTensor.integers("y", v.type, y, shape);
  }

  /**
   * Creates a layer with one kernel per channel whose only pixel equals its zero point, so that the
   * sum is 0 and the total is the bias.
   */
  private static TestVector withoutSum(
      String name,
      TestTensor.Type type,
      float[] wScale,
      Range yRange,
      int[] bias,
      int[] residual,
      Range residualRange) {
    Case c = new Case(name, 1, 1, bias.length, 1, 1, 1, TestVectors.SAME);
    Layer layer = Layer.random(c, new Random(8));
    Range xRange = new Range(1, least(type) + 9);
    return vector(
        name,
        layer,
        new Values(
            type,
            new int[] {xRange.zeroPoint},
            xRange,
            wScale,
            yRange,
            bias,
            residual,
            residualRange));
  }

  /** Sums of halves, of which only the total is rounded, half to even. */
  static TestVector ties(TestTensor.Type type) {
    int least = least(type);
    return withoutSum(
        "ties_" + type.text(),
        type,
        new float[] {0.5f, 0.5f, 0.5f, 0.5f, 0.5f, 0.5f, 0.25f, 0.25f},
        new Range(1, least + 101),
        new int[] {1, 1, 3, -1, -3, 5, 1, 3},
        Arrays.stream(new int[] {0, 1, 2, 0, 0, -4, 1, -1}).map(r -> least + 50 + r).toArray(),
        new Range(0.5f, least + 50));
  }

  /**
   * A product that is rounded to a tie before the residual is added. A fused multiply-add would see
   * that it lies next to the tie.
   */
  static TestVector productsAreRounded() {
    float inexact = 0.1f;
    for (int i : new int[] {0, 1}) {
      float product = new float[] {1005, 995}[i];
      float summand = new float[] {-100, -99}[i];
      requireDifferent(product * inexact + summand, Math.fma(product, inexact, summand));
    }
    return withoutSum(
        "products_are_rounded",
        TestTensor.Type.U8,
        new float[] {inexact, inexact, -inexact, -inexact},
        new Range(1, 10),
        new int[] {1005, 995, -1005, -995},
        new int[] {100, 101, 100, 101},
        new Range(1, 200));
  }

  /** As {@link #productsAreRounded}, but the inexact product is that of the residual. */
  static TestVector residualProductsAreRounded() {
    float inexact = 0.1f;
    requireDifferent(255 * inexact - 25, Math.fma(255, inexact, -25));
    return withoutSum(
        "residual_products_are_rounded",
        TestTensor.Type.U8,
        new float[] {1, 1, 1, 1},
        new Range(1, 10),
        new int[] {-25, -24, -15, -14},
        new int[] {255, 245, 155, 145},
        new Range(inexact, 0));
  }

  private static void requireDifferent(float rounded, float fused) {
    if (Math.rint(rounded) == Math.rint(fused)) {
      throw new AssertionError("This case cannot detect fused arithmetic: " + rounded);
    }
  }

  /** Products and sums beyond all integers and floats, of either sign. */
  static TestVector overflowing() {
    return withoutSum(
        "overflowing",
        TestTensor.Type.I8,
        new float[] {1e30f, 1e30f, 3e38f, 3e38f, 3e38f, -3e38f, 1f, 1f},
        new Range(1, -3),
        new int[] {1, -1, 1 << 30, -(1 << 30), 1, 1, 1 << 24, -(1 << 24)},
        new int[] {-128, 127, -128, 127, 127, -128, -128, 127},
        new Range(1e36f, 0));
  }

  /** A convolution whose result is 0, so that only the residual remains, in the output's range. */
  static TestVector residualAlone() {
    int[] residual = new int[256];
    Arrays.setAll(residual, i -> i);
    Case c = new Case("residual_alone", 1, 1, 1, 1, 16, 16, TestVectors.SAME);
    Layer layer = Layer.random(c, new Random(9));
    return vector(
        c.name(),
        layer,
        new Values(
            TestTensor.Type.U8,
            new Random(10).ints(256, 0, 256).toArray(),
            new Range(0.1f, 128),
            new float[] {0},
            new Range(0.03f, 0),
            new int[] {0},
            residual,
            new Range(0.05f, 100)));
  }

  /** Every product at its largest: 16-bit accumulators overflow if not widened in time. */
  static TestVector largestSum(TestTensor.Type type, int x, int zeroPoint) {
    String name = "largest_sum_" + type.text() + (x > zeroPoint ? "_up" : "_down");
    Case c = new Case(name, 1, 1, 2, 150, 3, 3, TestVectors.SAME);
    Layer layer = new Layer(c, new int[] {0, 511}, TestVectors.indicesOfChannel(c));
    int[] xs = new int[TestTensor.elements(layer.shape)];
    Arrays.fill(xs, x);
    int least = least(type);
    return vector(
        name,
        layer,
        new Values(
            type,
            xs,
            new Range(0.01f, zeroPoint),
            new float[] {0.01f, 0.011f},
            new Range(0.4f, least + 128),
            new int[] {1000, -1000},
            new Random(11).ints(18, least, least + 256).toArray(),
            new Range(0.1f, least + 128)));
  }
}
