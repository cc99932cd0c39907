package dev.subbit.onnx;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;

/**
 * The integer operators exactly as they are defined, one output element at a time, in integers.
 * Shares no code with the function bodies or the kernels.
 */
final class NaiveIntegerLayers {

  /** The operators by their numbers in {@code kinds}. */
  static final List<OperatorTable> KINDS =
      List.of(
          OperatorTable.INTEGER_STEM,
          OperatorTable.INTEGER_SUB_BIT_CONV,
          OperatorTable.INTEGER_SUB_BIT_BLOCK,
          OperatorTable.INTEGER_SHORTCUT,
          OperatorTable.INTEGER_CLASSIFIER);

  private final Map<String, int[]> attributes;
  private final Map<String, TestTensor> inputs;

  private NaiveIntegerLayers(Map<String, int[]> attributes, Map<String, TestTensor> inputs) {
    this.attributes = attributes;
    this.inputs = inputs;
  }

  /** Computes the output Y of an operator. */
  static TestTensor run(
      OperatorTable operator, Map<String, int[]> attributes, Map<String, TestTensor> inputs) {
    NaiveIntegerLayers layer = new NaiveIntegerLayers(attributes, inputs);
    return switch (operator) {
      case INTEGER_STEM -> layer.stem();
      case INTEGER_SUB_BIT_CONV -> layer.conv();
      case INTEGER_SUB_BIT_BLOCK -> layer.block();
      case INTEGER_SHORTCUT -> layer.shortcut();
      case INTEGER_CLASSIFIER -> layer.classifier();
      case INTEGER_NETWORK -> layer.network();
      default -> throw new IllegalArgumentException(operator.opType);
    };
  }

  /** A map [N, H, W, C] of whole numbers. */
  private record Maps(int n, int h, int w, int c, long[] values) {

    Maps(int n, int h, int w, int c) {
      this(n, h, w, c, new long[n * h * w * c]);
    }

    long at(int image, int row, int column, int channel) {
      return values[((image * h + row) * w + column) * c + channel];
    }

    void set(int image, int row, int column, int channel, long value) {
      values[((image * h + row) * w + column) * c + channel] = value;
    }

    boolean has(int row, int column) {
      return row >= 0 && row < h && column >= 0 && column < w;
    }

    TestTensor toTensor() {
      for (long value : values) {
        if (value != (short) value) {
          throw new AssertionError("Not a 16-bit number: " + value);
        }
      }
      int[] numbers = Arrays.stream(values).mapToInt(value -> (int) value).toArray();
      return TestTensor.integers("Y", TestTensor.Type.I16, numbers, n, h, w, c);
    }
  }

  private static Maps maps(TestTensor x) {
    int[] s = x.shape();
    return new Maps(s[0], s[1], s[2], s[3], Arrays.stream(x.values()).asLongStream().toArray());
  }

  // ---- Arithmetic.

  /** floor(value * 2^-shift + 1/2). */
  private static long rs(long value, int shift) {
    return Math.floorDiv(2 * value + (1L << shift), 2L << shift);
  }

  private static long mulhrs(long a, long m) {
    return rs(a * m, 15);
  }

  private static long sat(long value, int width) {
    long limit = 1L << (width - 1);
    return Math.max(-limit, Math.min(limit - 1, value));
  }

  private static long pixel(TestTensor x, int i) {
    if (x.type() == TestTensor.Type.U8) {
      return x.values()[i];
    }
    if (Float.isNaN(x.f(i))) {
      return 0;
    }
    return (long) Math.max(0, Math.min(255, Math.rint(x.f(i))));
  }

  // ---- The operators.

  private TestTensor stem() {
    TestTensor x = inputs.get("X");
    TestTensor weight = inputs.get("weight");
    int[] s = attributes.get("strides");
    int[] p = attributes.get("pads");
    int[] shape = x.shape();
    int size = weight.shape()[2];
    int outputs = weight.shape()[0];
    Maps pixels = new Maps(shape[0], shape[2], shape[3], shape[1]);
    int i = 0;
    for (int n = 0; n < shape[0]; n++) {
      for (int c = 0; c < shape[1]; c++) {
        for (int row = 0; row < shape[2]; row++) {
          for (int column = 0; column < shape[3]; column++) {
            pixels.set(n, row, column, c, pixel(x, i++));
          }
        }
      }
    }
    Maps y =
        new Maps(
            pixels.n,
            (pixels.h + p[0] + p[2] - size) / s[0] + 1,
            (pixels.w + p[1] + p[3] - size) / s[1] + 1,
            outputs);
    for (int n = 0; n < y.n; n++) {
      for (int row = 0; row < y.h; row++) {
        for (int column = 0; column < y.w; column++) {
          for (int o = 0; o < outputs; o++) {
            long acc = 0;
            for (int c = 0; c < pixels.c; c++) {
              for (int tap = 0; tap < size * size; tap++) {
                int r = row * s[0] - p[0] + tap / size;
                int k = column * s[1] - p[1] + tap % size;
                if (pixels.has(r, k)) {
                  acc +=
                      weight.values()[(o * pixels.c + c) * size * size + tap]
                          * (pixels.at(n, r, k, c) - number("zero_pixel", c));
                }
              }
            }
            long scaled = mulhrs(sat(rs(acc, one("shift")), 16), number("multiplier", o));
            y.set(n, row, column, o, sat(scaled + number("bias", o), one("width")));
          }
        }
      }
    }
    return pooled(y).toTensor();
  }

  private TestTensor conv() {
    Maps sums = pooled(signSums());
    Maps y = new Maps(sums.n, sums.h, sums.w, sums.c);
    for (int i = 0; i < y.values.length; i++) {
      int o = i % y.c;
      long scaled = mulhrs(sums.values[i] << one("shift"), number("multiplier", o));
      y.values[i] = sat(scaled + number("bias", o), one("width"));
    }
    return y.toTensor();
  }

  private TestTensor block() {
    Maps sums = signSums();
    int width = one("width");
    Maps y = new Maps(sums.n, sums.h, sums.w, sums.c);
    for (int i = 0; i < y.values.length; i++) {
      int o = i % y.c;
      long t = mulhrs(sums.values[i] << one("shift"), number("multiplier", o));
      long u = sat(t + number("bias", o), 16);
      long v = sat(u + inputs.get("residual").values()[i], width);
      long below = sat(mulhrs(v, number("slope", o)) << one("slope_shift"), width);
      long bent = v >= 0 ? v : below;
      y.values[i] = sat(bent + number("shift_out", o), width);
    }
    return y.toTensor();
  }

  /** The sums of signs times taps, with padding of 1 on each side. */
  private Maps signSums() {
    Maps x = maps(inputs.get("X"));
    int[] s = attributes.get("strides");
    int outputs = one("out_channels");
    Maps sums = new Maps(x.n, (x.h - 1) / s[0] + 1, (x.w - 1) / s[1] + 1, outputs);
    for (int n = 0; n < sums.n; n++) {
      for (int row = 0; row < sums.h; row++) {
        for (int column = 0; column < sums.w; column++) {
          for (int o = 0; o < outputs; o++) {
            long acc = 0;
            for (int c = 0; c < x.c; c++) {
              int codeword = index(o * x.c + c);
              for (int tap = 0; tap < 9; tap++) {
                int r = row * s[0] - 1 + tap / 3;
                int k = column * s[1] - 1 + tap % 3;
                if (x.has(r, k)) {
                  int sign = x.at(n, r, k, c) >= number("threshold", c) ? 1 : -1;
                  acc += sign * inputs.get("codebook").values()[codeword * 9 + tap];
                }
              }
            }
            sums.set(n, row, column, o, acc);
          }
        }
      }
    }
    return sums;
  }

  private int index(int kernel) {
    TestTensor planes = inputs.get("index");
    int index = 0;
    for (int plane = 0; plane < planes.shape()[0]; plane++) {
      int stored = planes.values()[plane * planes.shape()[1] + kernel / 8];
      index += (stored >> kernel % 8 & 1) << plane;
    }
    return index;
  }

  /** The largest values in the windows of the pool. */
  private Maps pooled(Maps x) {
    int[] size = attributes.get("pool_shape");
    int[] s = attributes.get("pool_strides");
    int[] p = attributes.get("pool_pads");
    Maps y =
        new Maps(
            x.n,
            (x.h + p[0] + p[2] - size[0]) / s[0] + 1,
            (x.w + p[1] + p[3] - size[1]) / s[1] + 1,
            x.c);
    for (int n = 0; n < y.n; n++) {
      for (int row = 0; row < y.h; row++) {
        for (int column = 0; column < y.w; column++) {
          for (int c = 0; c < y.c; c++) {
            long largest = Long.MIN_VALUE;
            for (int i = 0; i < size[0]; i++) {
              for (int j = 0; j < size[1]; j++) {
                if (x.has(row * s[0] - p[0] + i, column * s[1] - p[1] + j)) {
                  largest =
                      Math.max(
                          largest, x.at(n, row * s[0] - p[0] + i, column * s[1] - p[1] + j, c));
                }
              }
            }
            y.set(n, row, column, c, largest);
          }
        }
      }
    }
    return y;
  }

  private TestTensor shortcut() {
    Maps x = maps(inputs.get("X"));
    TestTensor weight = inputs.get("weight");
    int size = one("pool");
    int outputs = weight.shape()[0];
    Maps y = new Maps(x.n, (x.h + size - 1) / size, (x.w + size - 1) / size, outputs);
    for (int n = 0; n < y.n; n++) {
      for (int row = 0; row < y.h; row++) {
        for (int column = 0; column < y.w; column++) {
          for (int o = 0; o < outputs; o++) {
            long acc = 0;
            for (int c = 0; c < x.c; c++) {
              acc += weight.values()[o * x.c + c] * mean(x, n, row * size, column * size, c, size);
            }
            long scaled = mulhrs(sat(rs(acc, one("shift")), 16), number("multiplier", o));
            y.set(n, row, column, o, sat(scaled + number("bias", o), one("width")));
          }
        }
      }
    }
    return y.toTensor();
  }

  /** The mean of what there is of a window, halves rounded up. */
  private static long mean(Maps x, int n, int row, int column, int c, int size) {
    long sum = 0;
    int count = 0;
    for (int i = 0; i < size * size; i++) {
      if (x.has(row + i / size, column + i % size)) {
        sum += x.at(n, row + i / size, column + i % size, c);
        count++;
      }
    }
    return Math.floorDiv(2 * sum + count, 2 * count);
  }

  private TestTensor classifier() {
    Maps x = maps(inputs.get("X"));
    TestTensor weight = inputs.get("weight");
    int classes = weight.shape()[0];
    int parts = weight.shape()[1];
    int length = x.h * x.w / parts;
    float[] y = new float[x.n * classes];
    for (int i = 0; i < y.length; i++) {
      int k = i % classes;
      long dot = 0;
      for (int part = 0; part < parts; part++) {
        for (int c = 0; c < x.c; c++) {
          long sum = 0;
          for (int position = part * length; position < (part + 1) * length; position++) {
            sum += x.at(i / classes, position / x.w, position % x.w, c);
          }
          dot += weight.values()[(k * parts + part) * x.c + c] * sat(rs(sum, one("shift")), 16);
        }
      }
      float scaled = (float) dot * inputs.get("scale").f(k);
      y[i] = scaled + inputs.get("bias").f(k);
    }
    return TestTensor.floats("Y", y, x.n, classes);
  }

  private TestTensor network() {
    int[] kinds = attributes.get("kinds");
    int[] settings = attributes.get("settings");
    List<TestTensor> values = new ArrayList<>(List.of(inputs.get("X")));
    int nextSetting = 0;
    int nextParameter = 0;
    for (int i = 0; i < kinds.length; i++) {
      OperatorTable operator = KINDS.get(kinds[i]);
      Map<String, int[]> own = new java.util.HashMap<>();
      for (OperatorTable.Attribute attribute : operator.attributes()) {
        own.put(
            attribute.name(),
            Arrays.copyOfRange(settings, nextSetting, nextSetting + attribute.count()));
        nextSetting += attribute.count();
      }
      Map<String, TestTensor> given = new java.util.HashMap<>();
      for (OperatorTable.Input input : operator.inputs) {
        TestTensor tensor =
            switch (input.name()) {
              case "X" -> values.get(attributes.get("reads")[i]);
              case "residual" -> values.get(attributes.get("residuals")[i]);
              default -> inputs.get("p" + nextParameter++);
            };
        given.put(input.name(), tensor);
      }
      values.add(run(operator, own, given));
    }
    return values.get(kinds.length);
  }

  private int one(String attribute) {
    return attributes.get(attribute)[0];
  }

  private long number(String input, int i) {
    return inputs.get(input).values()[i];
  }
}
