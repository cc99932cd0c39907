package dev.subbit.onnx;

import java.util.Arrays;
import java.util.Optional;

/**
 * The operators exactly as they are defined, one output element at a time. Shares no code with the
 * function bodies, the kernels or {@link BitPlanes}.
 */
final class NaiveConvolution {

  /** Reads an input element as the convolution sees it; padding reads as 0. */
  private interface Activation {
    double at(int element);
  }

  private final ConvAttributes geometry;
  private final int outChannels;
  private final int inChannels;
  private final int tau;
  private final TestTensor index;
  private final TestTensor codebook;
  private final int[] shape;

  NaiveConvolution(
      ConvAttributes geometry,
      int outChannels,
      int inChannels,
      int tau,
      int[] shape,
      TestTensor index,
      TestTensor codebook) {
    this.geometry = geometry;
    this.outChannels = outChannels;
    this.inChannels = inChannels;
    this.tau = tau;
    this.shape = shape;
    this.index = index;
    this.codebook = codebook;
  }

  /** Convolves float activations; the sum has double precision and is rounded once. */
  TestTensor floats(TestTensor x, TestTensor scale, Optional<TestTensor> bias) {
    return rounded(sums(x, scale), bias);
  }

  /** Convolves float activations, without a bias and in double precision. */
  double[] sums(TestTensor x, TestTensor scale) {
    double[] sums = convolve(x::f);
    Arrays.setAll(sums, i -> sums[i] * scale.f(channel(i)));
    return sums;
  }

  /** Adds the bias and rounds to float. */
  TestTensor rounded(double[] sums, Optional<TestTensor> bias) {
    float[] y = new float[sums.length];
    for (int i = 0; i < y.length; i++) {
      y[i] = (float) (sums[i] + (bias.isPresent() ? bias.get().f(channel(i)) : 0));
    }
    return TestTensor.floats("Y", y, outputShape());
  }

  /** Convolves packed signs, [N, ceil(C / 8), H, W], but otherwise as {@link #binary}. */
  TestTensor packedBinary(TestTensor b, TestTensor scale, TestTensor bias) {
    int[] signs = new int[TestTensor.elements(shape)];
    int pixels = shape[2] * shape[3];
    for (int i = 0; i < signs.length; i++) {
      int channel = i / pixels % shape[1];
      int image = i / pixels / shape[1];
      int stored = b.values()[(image * b.shape()[1] + channel / 8) * pixels + i % pixels];
      signs[i] = (stored & (int) Math.pow(2, channel % 8)) == 0 ? -1 : 1;
    }
    return scaled(convolve(i -> signs[i]), scale, Optional.of(bias));
  }

  /** Convolves binarised activations: a whole number, then one product and one sum in float. */
  TestTensor binary(TestTensor x, TestTensor scale, Optional<TestTensor> bias) {
    return scaled(convolve(i -> x.f(i) >= 0 ? 1 : -1), scale, bias);
  }

  private TestTensor scaled(double[] sums, TestTensor scale, Optional<TestTensor> bias) {
    float[] y = new float[sums.length];
    for (int i = 0; i < y.length; i++) {
      int o = channel(i);
      float scaled = (float) sums[i] * scale.f(o);
      // A bias of -0 counts as +0, as does a missing bias, so a result of zero is always +0.
      y[i] = scaled + (bias.isPresent() ? bias.get().f(o) + 0f : 0f);
    }
    return TestTensor.floats("Y", y, outputShape());
  }

  /** Convolves 8-bit values: integer sum, a float multiplier per channel, half to even, clamp. */
  TestTensor quantized(
      TestTensor x,
      float xScale,
      int xZeroPoint,
      TestTensor wScale,
      float yScale,
      int yZeroPoint,
      Optional<TestTensor> bias) {
    int[] sums = integerSums(x.values(), xZeroPoint);
    int least = x.type() == TestTensor.Type.U8 ? 0 : -128;
    int[] y = new int[sums.length];
    for (int i = 0; i < y.length; i++) {
      int o = channel(i);
      int sum = sums[i] + (bias.isPresent() ? bias.get().values()[o] : 0);
      float multiplier = (xScale * wScale.f(o)) / yScale;
      double rounded = Math.rint((float) sum * multiplier) + yZeroPoint;
      y[i] = (int) Math.max(least, Math.min(least + 255, rounded));
    }
    return TestTensor.integers("y", x.type(), y, outputShape());
  }

  /** Computes the sums of whole numbers minus a zero point, in the order of the output. */
  int[] integerSums(int[] x, int zeroPoint) {
    return Arrays.stream(convolve(i -> x[i] - zeroPoint)).mapToInt(sum -> (int) sum).toArray();
  }

  int[] outputShape() {
    return new int[] {
      shape[0], outChannels, geometry.outputHeight(shape[2]), geometry.outputWidth(shape[3])
    };
  }

  private int channel(int element) {
    int[] y = outputShape();
    return element / (y[2] * y[3]) % outChannels;
  }

  private double[] convolve(Activation activation) {
    int[] y = outputShape();
    double[] sums = new double[TestTensor.elements(y)];
    int i = 0;
    for (int n = 0; n < y[0]; n++) {
      for (int o = 0; o < outChannels; o++) {
        for (int row = 0; row < y[2]; row++) {
          for (int column = 0; column < y[3]; column++) {
            sums[i++] = sum(activation, n, o, row, column);
          }
        }
      }
    }
    return sums;
  }

  private double sum(Activation activation, int n, int o, int outRow, int outColumn) {
    int firstChannel = o / (outChannels / geometry.group()) * inChannels;
    double sum = 0;
    for (int c = 0; c < inChannels; c++) {
      for (int tap = 0; tap < 9; tap++) {
        int row =
            outRow * geometry.strideHeight()
                - geometry.padTop()
                + tap / 3 * geometry.dilationHeight();
        int column =
            outColumn * geometry.strideWidth()
                - geometry.padLeft()
                + tap % 3 * geometry.dilationWidth();
        if (row >= 0 && row < shape[2] && column >= 0 && column < shape[3]) {
          int element = ((n * shape[1] + firstChannel + c) * shape[2] + row) * shape[3] + column;
          sum += activation.at(element) * codebook.values()[kernel(o, c) * 9 + tap];
        }
      }
    }
    return sum;
  }

  private int kernel(int o, int c) {
    int number = o * inChannels + c;
    int planeBytes = index.shape()[1];
    int kernel = 0;
    for (int plane = 0; plane < tau; plane++) {
      int bit = index.values()[plane * planeBytes + number / 8] >> (number % 8) & 1;
      kernel += bit * (int) Math.pow(2, plane);
    }
    return kernel;
  }
}
