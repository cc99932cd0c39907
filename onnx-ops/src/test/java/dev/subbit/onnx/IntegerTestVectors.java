package dev.subbit.onnx;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;

/** Generates the cases of the integer operators, for {@link TestVectors}. */
final class IntegerTestVectors {

  /** How many random cases the vector file of a layer has; that of networks has half as many. */
  private static final int RANDOM_CASES = 12;

  private static final int[] NO_POOL = {1, 1, 1, 1, 0, 0, 0, 0};

  private IntegerTestVectors() {}

  static List<TestVector> all(OperatorTable operator) {
    List<TestVector> vectors = new ArrayList<>();
    int count = operator == OperatorTable.INTEGER_NETWORK ? RANDOM_CASES / 2 : RANDOM_CASES;
    for (int i = 0; i < count; i++) {
      vectors.add(random(operator, "random" + i, new Random(9000 + i)));
    }
    switch (operator) {
      case INTEGER_STEM -> {
        vectors.add(specialPixels());
        vectors.add(largestStemSum((byte) 127, 255, 0));
        vectors.add(largestStemSum((byte) -127, 255, 0));
      }
      case INTEGER_SUB_BIT_CONV -> vectors.add(largestSignSums());
      case INTEGER_SUB_BIT_BLOCK -> {
        vectors.add(saturatedBlock(16));
        vectors.add(saturatedBlock(12));
        vectors.add(halvesOfSlope());
      }
      case INTEGER_SHORTCUT -> {
        vectors.add(halvesOfMeans());
        vectors.add(largestShortcutSum(1));
        vectors.add(largestShortcutSum(8));
        vectors.add(largestShortcutSum(23));
      }
      case INTEGER_CLASSIFIER -> {
        vectors.add(largestDotProduct());
        vectors.add(roundedDotProduct());
      }
      default -> {}
    }
    return vectors;
  }

  /** A case with random shape, attributes and values, small enough to read. */
  static TestVector random(OperatorTable operator, String name, Random random) {
    return switch (operator) {
      case INTEGER_STEM -> vector(name, randomStem(random, 1 + random.nextInt(2)));
      case INTEGER_SUB_BIT_CONV -> vector(name, randomConv(random, randomMaps(random)));
      case INTEGER_SUB_BIT_BLOCK -> {
        Layer layer = randomConvWithoutPool(random, randomMaps(random));
        int[] shape = signSumsShape(layer);
        layer.inputs.put("residual", maps("residual", random, layer.one("width"), shape));
        addBlock(layer, random);
        yield vector(name, layer);
      }
      case INTEGER_SHORTCUT ->
          vector(name, randomShortcut(random, randomMaps(random), 1 + random.nextInt(2)));
      case INTEGER_CLASSIFIER -> vector(name, randomClassifier(random, randomMaps(random)));
      case INTEGER_NETWORK -> network(name, random);
      default -> throw new IllegalArgumentException(operator.opType);
    };
  }

  /** An operator with its attributes and inputs. */
  private static final class Layer {
    final OperatorTable operator;
    final Map<String, int[]> attributes = new LinkedHashMap<>();
    final Map<String, TestTensor> inputs = new LinkedHashMap<>();

    Layer(OperatorTable operator) {
      this.operator = operator;
    }

    int one(String attribute) {
      return attributes.get(attribute)[0];
    }

    Layer with(String attribute, int... values) {
      attributes.put(attribute, values);
      return this;
    }

    Layer with(TestTensor input) {
      inputs.put(input.name(), input);
      return this;
    }

    TestTensor output() {
      return NaiveIntegerLayers.run(operator, attributes, inputs);
    }
  }

  private static TestVector vector(String name, Layer layer) {
    Map<String, int[]> attributes = new LinkedHashMap<>();
    layer
        .operator
        .attributes()
        .forEach(a -> attributes.put(a.name(), layer.attributes.get(a.name())));
    List<TestTensor> inputs =
        layer.operator.inputs.stream().map(input -> layer.inputs.get(input.name())).toList();
    return new TestVector(name, layer.operator, attributes, inputs, List.of(layer.output()));
  }

  // ---- Values.

  private static TestTensor numbers(String name, int[] values, int... shape) {
    return TestTensor.integers(name, TestTensor.Type.I16, values, shape);
  }

  private static TestTensor taps(String name, int[] values, int... shape) {
    return TestTensor.integers(name, TestTensor.Type.I8, values, shape);
  }

  /** Values of so many bits, among them the least and the largest. */
  private static TestTensor maps(String name, Random random, int width, int... shape) {
    int limit = 1 << (width - 1);
    int[] values = random.ints(TestTensor.elements(shape), -limit, limit).toArray();
    // Large values saturate everything, so most are smaller.
    for (int i = 0; i < values.length; i++) {
      values[i] = i % 3 == 0 ? values[i] : values[i] >> 3;
    }
    values[random.nextInt(values.length)] = -limit;
    values[random.nextInt(values.length)] = limit - 1;
    return numbers(name, values, shape);
  }

  private static TestTensor randomMaps(Random random) {
    int channels = List.of(1, 3, 8, 9, 17, 33).get(random.nextInt(6));
    return maps(
        "X",
        random,
        randomWidth(random),
        1 + random.nextInt(2),
        1 + random.nextInt(6),
        1 + random.nextInt(6),
        channels);
  }

  private static int randomWidth(Random random) {
    return List.of(16, 12, 9).get(random.nextInt(3));
  }

  private static int randomOutputs(Random random) {
    return List.of(1, 2, 5, 8, 11).get(random.nextInt(5));
  }

  /** Factors of any size but -32768, with the largest among them now and then. */
  private static TestTensor factors(String name, Random random, int count) {
    int[] values = random.ints(count, -32767, 32768).toArray();
    if (random.nextBoolean()) {
      values[random.nextInt(count)] = random.nextBoolean() ? 32767 : -32767;
    }
    return numbers(name, values, count);
  }

  private static TestTensor summands(String name, Random random, int count) {
    int bits = 6 + random.nextInt(10);
    return numbers(name, random.ints(count, -(1 << bits), 1 << bits).toArray(), count);
  }

  private static TestTensor weights(String name, Random random, int... shape) {
    return taps(name, random.ints(TestTensor.elements(shape), -128, 128).toArray(), shape);
  }

  // ---- Layers.

  /** A stem of k x k with a random window, for a map that it and its pool fit into. */
  private static Layer randomStem(Random random, int images) {
    int size = List.of(1, 2, 3, 5).get(random.nextInt(4));
    int channels = List.of(1, 3, 4).get(random.nextInt(3));
    int[] pads = random.ints(4, 0, size).toArray();
    int[] strides = random.ints(2, 1, 4).toArray();
    int height = Math.max(1, size - pads[0] - pads[2]) + random.nextInt(9);
    int width = Math.max(1, size - pads[1] - pads[3]) + random.nextInt(9);
    int sumHeight = (height + pads[0] + pads[2] - size) / strides[0] + 1;
    int sumWidth = (width + pads[1] + pads[3] - size) / strides[1] + 1;
    int outputs = randomOutputs(random);
    Layer layer =
        new Layer(OperatorTable.INTEGER_STEM)
            .with("strides", strides)
            .with("pads", pads)
            .with("shift", 1 + random.nextInt(9))
            .with("width", randomWidth(random));
    addPool(layer, random, sumHeight, sumWidth);
    return layer
        .with(pixels(random, random.nextBoolean(), images, channels, height, width))
        .with(weights("weight", random, outputs, channels, size, size))
        .with(
            TestTensor.integers(
                "zero_pixel",
                TestTensor.Type.U8,
                random.ints(channels, 0, 256).toArray(),
                channels))
        .with(factors("multiplier", random, outputs))
        .with(summands("bias", random, outputs));
  }

  private static TestTensor pixels(Random random, boolean bytes, int... shape) {
    int count = TestTensor.elements(shape);
    if (bytes) {
      return TestTensor.integers(
          "X", TestTensor.Type.U8, random.ints(count, 0, 256).toArray(), shape);
    }
    float[] special = {
      Float.NaN, Float.POSITIVE_INFINITY, Float.NEGATIVE_INFINITY, -0f, 0.5f, 1.5f, 254.5f, 255.5f
    };
    float[] values = new float[count];
    for (int i = 0; i < count; i++) {
      values[i] =
          switch (random.nextInt(12)) {
            case 0 -> special[random.nextInt(special.length)];
            case 1 -> random.nextInt(256) + 0.5f;
            case 2 -> -50 + 400 * random.nextFloat();
            default -> 255 * random.nextFloat();
          };
    }
    return TestTensor.floats("X", values, shape);
  }

  /** Adds a pool that fits a map, or none. */
  private static void addPool(Layer layer, Random random, int height, int width) {
    int[] pool = NO_POOL;
    if (random.nextInt(3) > 0) {
      int[] size = random.ints(2, 1, 4).toArray();
      int[] pads = {
        random.nextInt(size[0]), random.nextInt(size[1]),
        random.nextInt(size[0]), random.nextInt(size[1])
      };
      boolean none = size[0] == 1 && size[1] == 1;
      if (!none && height + pads[0] + pads[2] >= size[0] && width + pads[1] + pads[3] >= size[1]) {
        pool =
            new int[] {
              size[0],
              size[1],
              1 + random.nextInt(3),
              1 + random.nextInt(3),
              pads[0],
              pads[1],
              pads[2],
              pads[3]
            };
      }
    }
    layer
        .with("pool_shape", Arrays.copyOfRange(pool, 0, 2))
        .with("pool_strides", Arrays.copyOfRange(pool, 2, 4))
        .with("pool_pads", Arrays.copyOfRange(pool, 4, 8));
  }

  private static Layer randomConv(Random random, TestTensor x) {
    Layer layer = new Layer(OperatorTable.INTEGER_SUB_BIT_CONV);
    addConv(layer, random, x, randomOutputs(random), random.ints(2, 1, 3).toArray());
    int[] sums = signSumsShape(layer);
    addPool(layer, random, sums[1], sums[2]);
    return layer;
  }

  private static Layer randomConvWithoutPool(Random random, TestTensor x) {
    Layer layer = new Layer(OperatorTable.INTEGER_SUB_BIT_BLOCK);
    addConv(layer, random, x, randomOutputs(random), random.ints(2, 1, 3).toArray());
    return layer;
  }

  private static void addConv(
      Layer layer, Random random, TestTensor x, int outputs, int[] strides) {
    int channels = x.shape()[3];
    int tau = 1 + random.nextInt(9);
    int largest = 31 - Integer.numberOfLeadingZeros(Short.MAX_VALUE / (9 * channels));
    TestVectors.Layer weights =
        TestVectors.Layer.random(
            new TestVectors.Case("", tau, 1, outputs, channels, 1, 1, TestVectors.SAME), random);
    int[] thresholds = random.ints(channels, -300, 300).toArray();
    // Values that are equal to their threshold.
    for (int i = 0; i < x.values().length; i += 7) {
      x.values()[i] = Math.max(-256, Math.min(255, thresholds[i % channels]));
      thresholds[i % channels] = x.values()[i];
    }
    layer
        .with("tau", tau)
        .with("out_channels", outputs)
        .with("in_channels", channels)
        .with("strides", strides)
        .with("shift", Math.min(11, largest) - random.nextInt(2))
        .with("width", randomWidth(random))
        .with(x)
        .with(numbers("threshold", thresholds, channels))
        .with(weights.index)
        .with(weights.codebook)
        .with(factors("multiplier", random, outputs))
        .with(summands("bias", random, outputs));
  }

  private static int[] signSumsShape(Layer layer) {
    int[] x = layer.inputs.get("X").shape();
    int[] strides = layer.attributes.get("strides");
    return new int[] {
      x[0], (x[1] - 1) / strides[0] + 1, (x[2] - 1) / strides[1] + 1, layer.one("out_channels")
    };
  }

  private static void addBlock(Layer layer, Random random) {
    int outputs = layer.one("out_channels");
    layer
        .with("slope_shift", random.nextInt(4))
        .with(factors("slope", random, outputs))
        .with(summands("shift_out", random, outputs));
  }

  private static Layer randomShortcut(Random random, TestTensor x, int pool) {
    int outputs = randomOutputs(random);
    return new Layer(OperatorTable.INTEGER_SHORTCUT)
        .with("pool", pool, pool)
        .with("shift", 1 + random.nextInt(12))
        .with("width", randomWidth(random))
        .with(x)
        .with(weights("weight", random, outputs, x.shape()[3]))
        .with(factors("multiplier", random, outputs))
        .with(summands("bias", random, outputs));
  }

  private static Layer randomClassifier(Random random, TestTensor x) {
    int classes = 1 + random.nextInt(10);
    int positions = x.shape()[1] * x.shape()[2];
    int parts = random.nextBoolean() ? positions : 1;
    return new Layer(OperatorTable.INTEGER_CLASSIFIER)
        .with("shift", random.nextInt(7))
        .with(x)
        .with(weights("weight", random, classes, parts, x.shape()[3]))
        .with(TestTensor.floats("scale", TestVectors.floats(random, classes, -0.1f, 0.2f), classes))
        .with(TestTensor.floats("bias", TestVectors.floats(random, classes, -9, 9), classes));
  }

  // ---- Networks.

  /** A network that is being put together; values are numbered as its attributes do. */
  private static final class Net {
    final List<Layer> layers = new ArrayList<>();
    final List<Integer> reads = new ArrayList<>();
    final List<Integer> residuals = new ArrayList<>();
    final List<TestTensor> values = new ArrayList<>();

    /** Adds a layer, whose input is value {@code read}, and returns the number of its output. */
    int add(Layer layer, int read, int residual) {
      layers.add(layer);
      reads.add(read);
      residuals.add(residual);
      values.add(layer.output());
      return layers.size();
    }

    TestTensor value(int number, String name) {
      TestTensor value = values.get(number - 1);
      return numbers(name, value.values().clone(), value.shape());
    }
  }

  /**
   * A stem, a convolution, a block, a stage with half the rows whose shortcut has a convolution,
   * and a classifier.
   */
  private static TestVector network(String name, Random random) {
    Net net = new Net();
    Layer stem = randomStem(random, 1 + random.nextInt(2));
    int value = net.add(stem, 0, -1);
    if (random.nextBoolean()) {
      value = net.add(randomConv(random, net.value(value, "X")), value, -1);
    }
    int channels = net.value(value, "X").shape()[3];
    value = addBlock(net, random, value, value, channels, 1);
    int shortcut = net.add(randomShortcut(random, net.value(value, "X"), 2), value, -1);
    value = addBlock(net, random, value, shortcut, net.value(shortcut, "X").shape()[3], 2);
    net.add(randomClassifier(random, net.value(value, "X")), value, -1);

    Map<String, int[]> attributes = new LinkedHashMap<>();
    attributes.put(
        "kinds",
        net.layers.stream()
            .mapToInt(layer -> NaiveIntegerLayers.KINDS.indexOf(layer.operator))
            .toArray());
    attributes.put("reads", net.reads.stream().mapToInt(i -> i).toArray());
    attributes.put("residuals", net.residuals.stream().mapToInt(i -> i).toArray());
    attributes.put(
        "settings",
        net.layers.stream()
            .flatMap(
                layer ->
                    layer.operator.attributes().stream()
                        .map(attribute -> layer.attributes.get(attribute.name())))
            .flatMapToInt(Arrays::stream)
            .toArray());
    List<TestTensor> inputs = new ArrayList<>(List.of(stem.inputs.get("X")));
    for (Layer layer : net.layers) {
      for (OperatorTable.Input input : layer.operator.inputs) {
        if (input.use() == OperatorTable.Use.PARAMETER) {
          TestTensor tensor = layer.inputs.get(input.name());
          inputs.add(
              new TestTensor(
                  "p" + (inputs.size() - 1), tensor.type(), tensor.shape(), tensor.values()));
        }
      }
    }
    Map<String, TestTensor> byName = new LinkedHashMap<>();
    inputs.forEach(input -> byName.put(input.name(), input));
    TestTensor y = NaiveIntegerLayers.run(OperatorTable.INTEGER_NETWORK, attributes, byName);
    return new TestVector(name, OperatorTable.INTEGER_NETWORK, attributes, inputs, List.of(y));
  }

  private static int addBlock(
      Net net, Random random, int read, int residual, int outputs, int stride) {
    Layer block = new Layer(OperatorTable.INTEGER_SUB_BIT_BLOCK);
    addConv(block, random, net.value(read, "X"), outputs, new int[] {stride, stride});
    block.with(net.value(residual, "residual"));
    addBlock(block, random);
    return net.add(block, read, residual);
  }

  // ---- Special cases.

  private static Layer plainStem(TestTensor x, TestTensor weight, int zeroPixel, int shift) {
    int outputs = weight.shape()[0];
    int[] multipliers = new int[outputs];
    Arrays.fill(multipliers, 32767);
    int[] zeros = new int[x.shape()[1]];
    Arrays.fill(zeros, zeroPixel);
    return new Layer(OperatorTable.INTEGER_STEM)
        .with("strides", 1, 1)
        .with("pads", 0, 0, 0, 0)
        .with("shift", shift)
        .with("pool_shape", 1, 1)
        .with("pool_strides", 1, 1)
        .with("pool_pads", 0, 0, 0, 0)
        .with("width", 16)
        .with(x)
        .with(weight)
        .with(TestTensor.integers("zero_pixel", TestTensor.Type.U8, zeros, zeros.length))
        .with(numbers("multiplier", multipliers, outputs))
        .with(numbers("bias", new int[outputs], outputs));
  }

  /** Pixels that are no whole numbers from 0 to 255, and halves. */
  private static TestVector specialPixels() {
    float[] x = {
      Float.NaN,
      Float.intBitsToFloat(0xffc00000),
      Float.POSITIVE_INFINITY,
      Float.NEGATIVE_INFINITY,
      -0f,
      Float.MIN_VALUE,
      Float.MAX_VALUE,
      -Float.MAX_VALUE,
      0.5f,
      1.5f,
      2.5f,
      Math.nextDown(0.5f),
      Math.nextUp(0.5f),
      253.5f,
      254.5f,
      255.5f,
      256,
      -0.5f,
      -1,
      1e9f
    };
    return vector(
        "special_pixels",
        plainStem(
            TestTensor.floats("X", x, 1, 1, 4, 5),
            taps("weight", new int[] {127}, 1, 1, 1, 1),
            7,
            1));
  }

  /** The largest sum that is not refused: it does not fit 16 bits and nearly fills 23. */
  private static TestVector largestStemSum(int weight, int pixel, int zeroPixel) {
    // 7 * 6 * 6 * 127 = 32,004 of 32,896.
    int[] weights = new int[7 * 36];
    Arrays.fill(weights, weight);
    int[] x = new int[7 * 49];
    Arrays.fill(x, pixel);
    return vector(
        "largest_sum_" + (weight < 0 ? "down" : "up"),
        plainStem(
            TestTensor.integers("X", TestTensor.Type.U8, x, 1, 7, 7, 7),
            taps("weight", weights, 1, 7, 6, 6),
            zeroPixel,
            7));
  }

  /** All signs equal to all taps, with the shift and the factors at their largest. */
  private static TestVector largestSignSums() {
    int channels = 28; // 9 * 28 * 2^7 = 32,256
    TestVectors.Layer weights =
        new TestVectors.Layer(
            new TestVectors.Case("", 1, 1, 4, channels, 1, 1, TestVectors.SAME),
            new int[] {0, 511},
            // The first two outputs have the first codeword.
            TestVectors.indicesOfChannel(
                new TestVectors.Case("", 1, 1, 2, 2 * channels, 1, 1, TestVectors.SAME)));
    int[] x = new int[9 * channels];
    Arrays.fill(x, 5);
    return vector(
        "largest_sums",
        new Layer(OperatorTable.INTEGER_SUB_BIT_CONV)
            .with("tau", 1)
            .with("out_channels", 4)
            .with("in_channels", channels)
            .with("strides", 1, 1)
            .with("shift", 7)
            .with("pool_shape", 3, 3)
            .with("pool_strides", 1, 1)
            .with("pool_pads", 1, 1, 1, 1)
            .with("width", 16)
            .with(numbers("X", x, 1, 3, 3, channels))
            .with(numbers("threshold", Arrays.copyOf(x, channels), channels))
            .with(weights.index)
            .with(weights.codebook)
            .with(numbers("multiplier", new int[] {32767, -32767, 32767, -32767}, 4))
            .with(numbers("bias", new int[] {-32768, 32767, 32767, -32768}, 4)));
  }

  /** A block whose convolution has one input channel, for given values of what comes after it. */
  private static Layer plainBlock(
      int width,
      int[] residual,
      int multiplier,
      int[] bias,
      int[] slope,
      int slopeShift,
      int[] out) {
    int outputs = bias.length;
    TestVectors.Layer weights =
        TestVectors.Layer.random(
            new TestVectors.Case("", 2, 1, outputs, 1, 1, 1, TestVectors.SAME), new Random(12));
    int pixels = residual.length / outputs;
    int[] multipliers = new int[outputs];
    Arrays.fill(multipliers, multiplier);
    int[] x = new Random(13).ints(pixels, -2, 3).toArray();
    return new Layer(OperatorTable.INTEGER_SUB_BIT_BLOCK)
        .with("tau", 2)
        .with("out_channels", outputs)
        .with("in_channels", 1)
        .with("strides", 1, 1)
        .with("shift", 11)
        .with("slope_shift", slopeShift)
        .with("width", width)
        .with(numbers("X", x, 1, 1, pixels, 1))
        .with(numbers("threshold", new int[] {0}, 1))
        .with(weights.index)
        .with(weights.codebook)
        .with(numbers("multiplier", multipliers, outputs))
        .with(numbers("bias", bias, outputs))
        .with(numbers("residual", residual, 1, 1, pixels, outputs))
        .with(numbers("slope", slope, outputs))
        .with(numbers("shift_out", out, outputs));
  }

  /** Every saturation of a block, in both directions. */
  private static TestVector saturatedBlock(int width) {
    int[] residual = new int[64];
    int limit = 1 << (width - 1);
    for (int i = 0; i < residual.length; i++) {
      residual[i] = new int[] {-limit, limit - 1, 0, -1}[i / 8 % 4];
    }
    return vector(
        "saturated" + width,
        plainBlock(
            width,
            residual,
            32767,
            new int[] {-32768, 32767, -32768, 32767, -32768, 32767, 0, -1},
            new int[] {32767, 32767, -32767, -32767, 1, -1, 32767, -32767},
            3,
            new int[] {-32768, 32767, 32767, -32768, 32767, 1, -1, 32767}));
  }

  /** Products with slopes that are halves: they are rounded up. */
  private static TestVector halvesOfSlope() {
    int[] residual = new int[64];
    Arrays.setAll(residual, i -> -1 - i / 8);
    return vector(
        "halves_of_slope",
        plainBlock(
            16,
            residual,
            0,
            new int[8],
            new int[] {16384, -16384, 8192, -8192, 24576, -24576, 4096, -4096},
            0,
            new int[8]));
  }

  private static Layer plainShortcut(int pool, int shift, TestTensor x, TestTensor weight) {
    int outputs = weight.shape()[0];
    int[] multipliers = new int[outputs];
    Arrays.fill(multipliers, 32767);
    return new Layer(OperatorTable.INTEGER_SHORTCUT)
        .with("pool", pool, pool)
        .with("shift", shift)
        .with("width", 16)
        .with(x)
        .with(weight)
        .with(numbers("multiplier", multipliers, outputs))
        .with(numbers("bias", new int[outputs], outputs));
  }

  /** Means that are quarters, halves and, at the edges, of two values or one. */
  private static TestVector halvesOfMeans() {
    int[] x = {
      0, 1, -1, 1, 1, -2, 2, 1, 0, -1, -1, 0, -3, 0, 0, 5, -32768, 32767, -5, -32768, 3, -7, 9, -1,
      7
    };
    return vector(
        "halves_of_means",
        plainShortcut(
            2, 1, numbers("X", x, 1, 5, 5, 1), taps("weight", new int[] {2, -2, 127}, 3, 1)));
  }

  /** The largest sums that are not refused, of both signs. */
  private static TestVector largestShortcutSum(int shift) {
    int channels = 64; // 64 * 127 = 8,128 of at most 32,768 or more
    int[] x = new int[4 * channels];
    int[] weights = new int[4 * channels];
    for (int i = 0; i < x.length; i++) {
      int c = i % channels;
      x[i] = new int[] {-32768, 32767, c % 2 == 0 ? -32768 : 32767, 255}[i / channels];
      weights[i] = new int[] {127, -127, c % 2 == 0 ? -127 : 127, c - 32}[i / channels];
    }
    return vector(
        "largest_sum_shift" + shift,
        plainShortcut(
            1, shift, numbers("X", x, 1, 2, 2, channels), taps("weight", weights, 4, channels)));
  }

  private static Layer plainClassifier(int shift, TestTensor x, TestTensor weight, float... scale) {
    return new Layer(OperatorTable.INTEGER_CLASSIFIER)
        .with("shift", shift)
        .with(x)
        .with(weight)
        .with(TestTensor.floats("scale", scale, scale.length))
        .with(TestTensor.floats("bias", new float[scale.length], scale.length));
  }

  /** 256 positions of the largest values, which saturate, and the largest weights. */
  private static TestVector largestDotProduct() {
    int[] x = new int[256 * 2];
    Arrays.setAll(x, i -> i % 2 == 0 ? -32768 : 32767);
    return vector(
        "largest_positions",
        plainClassifier(
            0,
            numbers("X", x, 1, 16, 16, 2),
            taps("weight", new int[] {127, -127, -127, 127, -128, -128}, 3, 1, 2),
            1,
            0.1f,
            -3));
  }

  /** Products beyond 2^24, of which float holds only the nearest. */
  private static TestVector roundedDotProduct() {
    int channels = 40;
    int[] x = new int[4 * channels];
    Arrays.setAll(x, i -> 32767 - i * 3);
    int[] weights = new int[3 * 4 * channels];
    Arrays.setAll(weights, i -> i < 4 * channels ? 127 : i % 5 == 0 ? 126 : 127);
    return vector(
        "rounded_product",
        plainClassifier(
            0,
            numbers("X", x, 1, 2, 2, channels),
            taps("weight", weights, 3, 4, channels),
            1,
            -0.3f,
            1e-9f));
  }
}
