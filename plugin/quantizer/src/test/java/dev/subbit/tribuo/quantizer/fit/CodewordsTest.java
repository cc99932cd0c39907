package dev.subbit.tribuo.quantizer.fit;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.subbit.onnx.ConvAttributes;
import java.util.SplittableRandom;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import org.junit.jupiter.api.Test;

/** Codewords of numbers, for kernels of every size. */
class CodewordsTest {

  private static final int SIDE = 12;

  /** A convolution with weights as networks have them, and maps of correlated values. */
  private record Layer(int out, int in, int rows, int columns, ConvAttributes geometry) {

    float[] weights() {
      SplittableRandom rng = new SplittableRandom(7);
      float[] weights = new float[out * in * rows * columns];
      for (int i = 0; i < weights.length; i++) {
        double normal = 0;
        for (int k = 0; k < 4; k++) {
          normal += rng.nextDouble(-1, 1);
        }
        weights[i] = (float) normal;
      }
      return weights;
    }

    long[] shape() {
      return new long[] {out, in, rows, columns};
    }

    ConvFit.Chosen fit(int width, FitSettings settings) {
      PatchSampler sampler = sampler(width, 1);
      return ConvFit.fit(weights(), shape(), sampler.moments(), settings, sampler.check());
    }

    /** Patches of maps drawn by a seed. */
    PatchSampler sampler(int width, long seed) {
      PatchSampler sampler = new PatchSampler(out, in, rows, columns, width, geometry, 1);
      SplittableRandom rng = new SplittableRandom(seed);
      for (int batch = 0; batch < 12; batch++) {
        float[] x = new float[in * geometry.group() * SIDE * SIDE];
        double last = 0;
        for (int i = 0; i < x.length; i++) {
          last = 0.7 * last + rng.nextDouble(-1, 1.3);
          x[i] = (float) last;
        }
        sampler.add(x, SIDE, SIDE, convolved(x), 200);
      }
      return sampler;
    }

    private float[] convolved(float[] x) {
      float[] w = weights();
      int height =
          size(
              SIDE,
              rows,
              geometry.padTop() + geometry.padBottom(),
              geometry.strideHeight(),
              geometry.dilationHeight());
      int wide =
          size(
              SIDE,
              columns,
              geometry.padLeft() + geometry.padRight(),
              geometry.strideWidth(),
              geometry.dilationWidth());
      float[] y = new float[out * height * wide];
      for (int i = 0; i < y.length; i++) {
        int o = i / (height * wide);
        int group = o / (out / geometry.group());
        double sum = o;
        for (int j = 0; j < in * rows * columns; j++) {
          int c = group * in + j / (rows * columns);
          int r =
              i / wide % height * geometry.strideHeight()
                  - geometry.padTop()
                  + j / columns % rows * geometry.dilationHeight();
          int q =
              i % wide * geometry.strideWidth()
                  - geometry.padLeft()
                  + j % columns * geometry.dilationWidth();
          if (r >= 0 && r < SIDE && q >= 0 && q < SIDE) {
            sum += (double) w[o * in * rows * columns + j] * x[(c * SIDE + r) * SIDE + q];
          }
        }
        y[i] = (float) sum;
      }
      return y;
    }

    private static int size(int length, int kernel, int pads, int stride, int dilation) {
      return (length + pads - dilation * (kernel - 1) - 1) / stride + 1;
    }
  }

  private static FitSettings settings(int stages, Codewords codewords) {
    return new FitSettings(5, stages, 3, 1, codewords);
  }

  @Test
  void comeNearerThanSignsAtTheSameBytes() {
    Layer layer = new Layer(32, 16, 3, 3, ConvAttributes.of(1, 1));
    for (int stages : new int[] {1, 2}) {
      StagedWeights signs = layer.fit(9, settings(stages, Codewords.SIGNS)).weights();
      StagedWeights numbers = layer.fit(9, settings(stages, Codewords.INT8)).weights();
      assertEquals(signs.weights().size(), numbers.weights().size());
      assertTrue(signs.weights().isSigns());
      assertFalse(numbers.weights().isSigns());
      assertTrue(
          numbers.signalToNoise() > signs.signalToNoise() + (stages == 1 ? 0.8 : 1.5),
          signs.signalToNoise() + " and " + numbers.signalToNoise());
    }
  }

  @Property(tries = 12)
  void everyStageMakesConvolutionsOfAnyKernelBetter(
      @ForAll @IntRange(min = 1, max = 5) int rows,
      @ForAll @IntRange(min = 1, max = 3) int columns,
      @ForAll @IntRange(min = 3, max = 9) int width,
      @ForAll boolean grouped,
      @ForAll @IntRange(min = 1, max = 2) int stride) {
    int group = grouped ? 2 : 1;
    ConvAttributes geometry = new ConvAttributes(stride, 1, 1, 0, 0, 1, 1, 2, group);
    Layer layer = new Layer(8, 5, rows, columns, geometry);
    double before = 0;
    for (int stages = 1; stages <= 3; stages++) {
      StagedWeights fitted = layer.fit(width, settings(stages, Codewords.INT8)).weights();
      // Few weights are soon exact but for the rounding.
      double least = Math.min(before + 1, 30);
      assertTrue(fitted.signalToNoise() > least, stages + ": " + fitted.signalToNoise());
      before = fitted.signalToNoise();
      assertEquals(5 * rows * columns * 8, fitted.weights().toDense().length);
    }
  }

  @Test
  void theBiasMakesTheMeansRight() {
    Layer layer = new Layer(6, 11, 1, 1, ConvAttributes.of(1, 0));
    PatchSampler sampler = layer.sampler(8, 1);
    StagedWeights fitted =
        ConvFit.fit(
                layer.weights(),
                layer.shape(),
                sampler.moments(),
                settings(2, Codewords.INT8),
                sampler.check())
            .weights();
    float[] own = fitted.withBiasFor(sampler.moments()).bias();
    for (int o = 0; o < 6; o++) {
      assertEquals(fitted.bias()[o], own[o], 1e-3);
    }
  }
}
