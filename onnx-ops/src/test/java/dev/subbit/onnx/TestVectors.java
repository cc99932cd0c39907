package dev.subbit.onnx;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.stream.IntStream;

/** Generates the cases of the vector files. The same code always generates the same files. */
final class TestVectors {

  /** The shape of a case. Everything else follows from it and from the case's seed. */
  record Case(
      String name, int tau, int n, int out, int in, int h, int w, ConvAttributes geometry) {}

  static final ConvAttributes SAME = ConvAttributes.of(1, 1);

  private TestVectors() {}

  static Path file(OperatorTable operator) {
    String name = operator.name().toLowerCase(java.util.Locale.ROOT);
    return Path.of("src", "test", "vectors", name + ".vec");
  }

  static String text(OperatorTable operator) {
    StringBuilder text =
        new StringBuilder(
            "# Made by dev.subbit.onnx.TestVectors; format: dev.subbit.onnx.TestVector\n");
    all(operator).forEach(vector -> text.append(vector.toText()));
    return text.toString();
  }

  static List<TestVector> all(OperatorTable operator) {
    if (operator.opType.startsWith("Integer")) {
      return IntegerTestVectors.all(operator);
    }
    List<TestVector> vectors = new ArrayList<>();
    List<Case> cases = cases();
    for (int i = 0; i < cases.size(); i++) {
      vectors.add(
          switch (operator) {
            case STAGED_SUB_BIT_CONV -> StagedTestVectors.randomCase(cases.get(i), i);
            case SUB_BIT_CONV, BINARY_SUB_BIT_CONV -> floatCase(operator, cases.get(i), i);
            case Q_LINEAR_SUB_BIT_CONV -> quantizedCase(cases.get(i), i);
            case Q_LINEAR_SUB_BIT_BLOCK -> QuantizedBlockTestVectors.randomCase(cases.get(i), i);
            case PACK_SIGNS -> PackedTestVectors.packSignsCase(cases.get(i), i);
            case PACKED_BINARY_SUB_BIT_CONV -> PackedTestVectors.convCase(cases.get(i), i);
            case BINARY_SUB_BIT_BLOCK -> PackedTestVectors.blockCase(cases.get(i), i);
            default -> throw new IllegalArgumentException(operator.opType);
          });
    }
    switch (operator) {
      case BINARY_SUB_BIT_CONV -> {
        vectors.add(signsOfSpecialValues());
        vectors.add(largestBinarySum());
        vectors.add(zeroBiasOfEitherSign());
      }
      case Q_LINEAR_SUB_BIT_CONV -> {
        vectors.add(ties(TestTensor.Type.U8, 3));
        vectors.add(ties(TestTensor.Type.I8, -3));
        vectors.add(largestQuantizedSum(TestTensor.Type.U8, 255, 0));
        vectors.add(largestQuantizedSum(TestTensor.Type.U8, 0, 255));
        vectors.add(largestQuantizedSum(TestTensor.Type.I8, -128, 127));
        vectors.add(clampedAtBothEnds());
      }
      case Q_LINEAR_SUB_BIT_BLOCK -> {
        vectors.add(QuantizedBlockTestVectors.ties(TestTensor.Type.U8));
        vectors.add(QuantizedBlockTestVectors.ties(TestTensor.Type.I8));
        vectors.add(QuantizedBlockTestVectors.productsAreRounded());
        vectors.add(QuantizedBlockTestVectors.residualProductsAreRounded());
        vectors.add(QuantizedBlockTestVectors.overflowing());
        vectors.add(QuantizedBlockTestVectors.residualAlone());
        vectors.add(QuantizedBlockTestVectors.largestSum(TestTensor.Type.U8, 255, 0));
        vectors.add(QuantizedBlockTestVectors.largestSum(TestTensor.Type.U8, 0, 255));
        vectors.add(QuantizedBlockTestVectors.largestSum(TestTensor.Type.I8, -128, 127));
      }
      case PACK_SIGNS -> vectors.add(PackedTestVectors.signsOfSpecialValues());
      case PACKED_BINARY_SUB_BIT_CONV -> vectors.add(PackedTestVectors.largestSum());
      case BINARY_SUB_BIT_BLOCK -> {
        vectors.add(PackedTestVectors.zerosOfEitherSign());
        vectors.add(PackedTestVectors.residualsOfSpecialValues());
      }
      default -> {}
    }
    return vectors;
  }

  private static List<Case> cases() {
    List<Case> cases = new ArrayList<>();
    for (int tau = 1; tau <= 9; tau++) {
      cases.add(new Case("tau" + tau, tau, 1, 4, 3, 5, 5, SAME));
    }
    cases.add(new Case("stride2", 4, 1, 3, 2, 7, 6, ConvAttributes.of(2, 1)));
    cases.add(
        new Case("stride1x3", 3, 1, 2, 2, 5, 9, new ConvAttributes(1, 3, 1, 1, 1, 1, 1, 1, 1)));
    cases.add(
        new Case("dilation2", 5, 1, 2, 3, 7, 8, new ConvAttributes(1, 1, 2, 2, 2, 2, 2, 2, 1)));
    cases.add(
        new Case("dilation1x3", 2, 1, 2, 2, 4, 9, new ConvAttributes(1, 2, 0, 1, 0, 2, 1, 3, 1)));
    cases.add(new Case("unpadded", 4, 1, 2, 5, 6, 7, ConvAttributes.of(1, 0)));
    cases.add(
        new Case("asymmetric", 4, 1, 3, 2, 4, 5, new ConvAttributes(1, 1, 0, 1, 2, 3, 1, 1, 1)));
    cases.add(
        new Case(
            "asymmetric_stride2", 5, 1, 3, 2, 8, 8, new ConvAttributes(2, 2, 0, 0, 1, 1, 1, 1, 1)));
    cases.add(
        new Case("wide_padding", 2, 1, 2, 1, 3, 3, new ConvAttributes(1, 1, 4, 3, 3, 4, 1, 1, 1)));
    cases.add(new Case("groups2", 4, 1, 6, 3, 5, 4, new ConvAttributes(1, 1, 1, 1, 1, 1, 1, 1, 2)));
    cases.add(
        new Case("depthwise", 5, 1, 5, 1, 5, 5, new ConvAttributes(1, 1, 1, 1, 1, 1, 1, 1, 5)));
    cases.add(new Case("batch3", 3, 3, 2, 2, 4, 4, SAME));
    cases.add(new Case("one_kernel", 1, 1, 1, 1, 3, 3, ConvAttributes.of(1, 0)));
    cases.add(new Case("one_pixel", 4, 1, 9, 17, 1, 1, SAME));
    cases.add(new Case("wide_rows", 4, 1, 2, 2, 3, 37, SAME));
    cases.add(new Case("wide_rows_stride2", 4, 1, 2, 2, 3, 41, ConvAttributes.of(2, 1)));
    cases.add(new Case("more_kernels_than_codewords", 4, 1, 40, 9, 3, 4, SAME));
    cases.add(new Case("many_channels", 5, 1, 33, 65, 3, 3, SAME));
    return cases;
  }

  /** Everything in a case except its activations. */
  static final class Layer {
    final Map<String, int[]> attributes = new LinkedHashMap<>();
    final int[] shape;
    final TestTensor index;
    final TestTensor codebook;
    final NaiveConvolution naive;

    Layer(Case c, int[] codewords, int[] indices) {
      ConvAttributes g = c.geometry();
      attributes.put("tau", new int[] {c.tau()});
      attributes.put("out_channels", new int[] {c.out()});
      attributes.put("in_channels", new int[] {c.in()});
      attributes.put("strides", new int[] {g.strideHeight(), g.strideWidth()});
      attributes.put("pads", new int[] {g.padTop(), g.padLeft(), g.padBottom(), g.padRight()});
      attributes.put("dilations", new int[] {g.dilationHeight(), g.dilationWidth()});
      attributes.put("group", new int[] {g.group()});
      shape = new int[] {c.n(), c.in() * g.group(), c.h(), c.w()};
      index = packed(indices, c.tau());
      int[] taps = new int[codewords.length * 9];
      Arrays.setAll(taps, i -> (codewords[i / 9] >> (i % 9) & 1) == 1 ? 1 : -1);
      codebook = TestTensor.integers("codebook", TestTensor.Type.I8, taps, codewords.length, 3, 3);
      naive = new NaiveConvolution(g, c.out(), c.in(), c.tau(), shape, index, codebook);
    }

    static Layer random(Case c, Random random) {
      List<Integer> all = new ArrayList<>(IntStream.range(0, 512).boxed().toList());
      Collections.shuffle(all, random);
      int[] codewords = all.stream().mapToInt(i -> i).limit(1 << c.tau()).toArray();
      return new Layer(
          c, codewords, random.ints((long) c.out() * c.in(), 0, 1 << c.tau()).toArray());
    }

    private static TestTensor packed(int[] indices, int tau) {
      int planeBytes = (indices.length + 7) / 8;
      int[] bytes = new int[tau * planeBytes];
      for (int i = 0; i < indices.length; i++) {
        for (int plane = 0; plane < tau; plane++) {
          bytes[plane * planeBytes + i / 8] += (indices[i] >> plane & 1) << i % 8;
        }
      }
      return TestTensor.integers("index", TestTensor.Type.U8, bytes, tau, planeBytes);
    }
  }

  static float[] floats(Random random, int count, float least, float most) {
    float[] values = new float[count];
    for (int i = 0; i < count; i++) {
      values[i] = least + (most - least) * random.nextFloat();
    }
    return values;
  }

  private static TestVector floatCase(OperatorTable operator, Case c, int number) {
    Random random = new Random(1000 + number);
    Layer layer = Layer.random(c, random);
    float[] x = floats(random, TestTensor.elements(layer.shape), -2, 2);
    float[] scale = floats(random, c.out(), 0.01f, 0.2f);
    Optional<float[]> bias =
        number % 2 == 0 ? Optional.of(floats(random, c.out(), -1, 1)) : Optional.empty();
    return floatVector(operator, c.name(), layer, x, scale, bias);
  }

  private static TestVector floatVector(
      OperatorTable operator,
      String name,
      Layer layer,
      float[] xValues,
      float[] scaleValues,
      Optional<float[]> biasValues) {
    TestTensor x = TestTensor.floats("X", xValues, layer.shape);
    TestTensor scale = TestTensor.floats("scale", scaleValues, scaleValues.length);
    Optional<TestTensor> bias =
        biasValues.map(values -> TestTensor.floats("bias", values, values.length));
    List<TestTensor> inputs = new ArrayList<>(List.of(x, layer.index, layer.codebook, scale));
    bias.ifPresent(inputs::add);
    TestTensor y =
        operator == OperatorTable.SUB_BIT_CONV
            ? layer.naive.floats(x, scale, bias)
            : layer.naive.binary(x, scale, bias);
    return new TestVector(name, operator, layer.attributes, inputs, List.of(y));
  }

  private static TestVector signsOfSpecialValues() {
    Case c = new Case("signs_of_special_values", 3, 1, 2, 1, 3, 4, SAME);
    float[] x = {
      0f,
      -0f,
      Float.NaN,
      Float.intBitsToFloat(0xffc00000),
      Float.POSITIVE_INFINITY,
      Float.NEGATIVE_INFINITY,
      Float.MIN_VALUE,
      -Float.MIN_VALUE,
      Float.MAX_VALUE,
      -Float.MAX_VALUE,
      1e-30f,
      -1e-30f
    };
    return floatVector(
        OperatorTable.BINARY_SUB_BIT_CONV,
        c.name(),
        Layer.random(c, new Random(1)),
        x,
        new float[] {0.5f, -0.3f},
        Optional.empty());
  }

  /** All taps and activations +1, so that narrow accumulators overflow if not widened in time. */
  private static TestVector largestBinarySum() {
    Case c = new Case("largest_sum", 1, 1, 2, 70, 3, 3, SAME);
    Layer layer = new Layer(c, new int[] {0, 511}, indicesOfChannel(c));
    float[] x = new float[TestTensor.elements(layer.shape)];
    Arrays.fill(x, 1);
    return floatVector(
        OperatorTable.BINARY_SUB_BIT_CONV,
        c.name(),
        layer,
        x,
        new float[] {0.1f, 0.3f},
        Optional.of(new float[] {0.7f, -0.7f}));
  }

  /** Sums and biases that are both +0 or -0: the result must be +0. */
  private static TestVector zeroBiasOfEitherSign() {
    Case c = new Case("zero_bias_of_either_sign", 1, 1, 4, 2, 3, 3, ConvAttributes.of(1, 0));
    // The two channels cancel out, so each sum is 0; scales have either sign.
    Layer layer = new Layer(c, new int[] {0, 511}, new int[] {0, 1, 0, 1, 1, 0, 1, 0});
    float[] x = new float[TestTensor.elements(layer.shape)];
    Arrays.fill(x, 1);
    return floatVector(
        OperatorTable.BINARY_SUB_BIT_CONV,
        c.name(),
        layer,
        x,
        new float[] {0.5f, -0.5f, 0.5f, -0.5f},
        Optional.of(new float[] {0f, 0f, -0f, -0f}));
  }

  /** Indices in which every kernel of output channel o has index o. */
  static int[] indicesOfChannel(Case c) {
    int[] indices = new int[c.out() * c.in()];
    Arrays.setAll(indices, i -> i / c.in());
    return indices;
  }

  private static TestVector quantizedCase(Case c, int number) {
    Random random = new Random(2000 + number);
    Layer layer = Layer.random(c, random);
    boolean unsigned = number % 2 == 0;
    int least = unsigned ? 0 : -128;
    int[] x = random.ints(TestTensor.elements(layer.shape), least, least + 256).toArray();
    float[] wScale = floats(random, c.out(), 0.01f, 0.2f);
    // With this scale, the outputs fill the 8 bits, and few are clamped.
    float yScale = (float) (0.02 * 0.1 * 74 * Math.sqrt(9.0 * c.in()) / 50);
    Optional<int[]> bias =
        number % 3 == 0
            ? Optional.of(random.ints(c.out(), -2000, 2000).toArray())
            : Optional.empty();
    return quantizedVector(
        c.name(),
        layer,
        unsigned ? TestTensor.Type.U8 : TestTensor.Type.I8,
        x,
        0.02f,
        least + random.nextInt(256),
        wScale,
        yScale,
        least + 64 + random.nextInt(128),
        bias);
  }

  private static TestVector quantizedVector(
      String name,
      Layer layer,
      TestTensor.Type type,
      int[] xValues,
      float xScale,
      int xZeroPoint,
      float[] wScaleValues,
      float yScale,
      int yZeroPoint,
      Optional<int[]> biasValues) {
    TestTensor x = TestTensor.integers("x", type, xValues, layer.shape);
    TestTensor wScale = TestTensor.floats("w_scale", wScaleValues, wScaleValues.length);
    Optional<TestTensor> bias =
        biasValues.map(
            values -> TestTensor.integers("B", TestTensor.Type.I32, values, values.length));
    List<TestTensor> inputs =
        new ArrayList<>(
            List.of(
                x,
                TestTensor.floats("x_scale", new float[] {xScale}),
                TestTensor.integers("x_zero_point", type, new int[] {xZeroPoint}),
                layer.index,
                layer.codebook,
                wScale,
                TestTensor.floats("y_scale", new float[] {yScale}),
                TestTensor.integers("y_zero_point", type, new int[] {yZeroPoint})));
    bias.ifPresent(inputs::add);
    TestTensor y = layer.naive.quantized(x, xScale, xZeroPoint, wScale, yScale, yZeroPoint, bias);
    return new TestVector(
        name, OperatorTable.Q_LINEAR_SUB_BIT_CONV, layer.attributes, inputs, List.of(y));
  }

  /** A multiplier of one half, so that every odd sum is a tie. */
  private static TestVector ties(TestTensor.Type type, int yZeroPoint) {
    String name = "ties_" + type.text();
    Case c = new Case(name, 3, 1, 2, 1, 6, 6, ConvAttributes.of(1, 0));
    Random random = new Random(3);
    Layer layer = Layer.random(c, random);
    int[] x = random.ints(TestTensor.elements(layer.shape), 0, 20).toArray();
    return quantizedVector(
        name,
        layer,
        type,
        x,
        1f,
        10,
        new float[] {0.5f, 0.25f},
        1f,
        type == TestTensor.Type.U8 ? 128 + yZeroPoint : yZeroPoint,
        Optional.empty());
  }

  /** Every product at its largest: 16-bit accumulators overflow if not widened in time. */
  private static TestVector largestQuantizedSum(TestTensor.Type type, int x, int zeroPoint) {
    String name = "largest_sum_" + type.text() + (x > zeroPoint ? "_up" : "_down");
    Case c = new Case(name, 1, 1, 2, 150, 3, 3, SAME);
    Layer layer = new Layer(c, new int[] {0, 511}, indicesOfChannel(c));
    int[] xs = new int[TestTensor.elements(layer.shape)];
    Arrays.fill(xs, x);
    return quantizedVector(
        name,
        layer,
        type,
        xs,
        0.01f,
        zeroPoint,
        new float[] {0.01f, 0.011f},
        0.35f,
        type == TestTensor.Type.U8 ? 128 : 0,
        Optional.of(new int[] {1000, -1000}));
  }

  private static TestVector clampedAtBothEnds() {
    Case c = new Case("clamped_at_both_ends", 4, 1, 3, 2, 5, 5, SAME);
    Random random = new Random(5);
    Layer layer = Layer.random(c, random);
    return quantizedVector(
        c.name(),
        layer,
        TestTensor.Type.U8,
        random.ints(TestTensor.elements(layer.shape), 0, 256).toArray(),
        10f,
        120,
        new float[] {1f, 1000f, 1e30f},
        0.001f,
        0,
        Optional.of(new int[] {0, 1 << 30, -(1 << 30)}));
  }
}
