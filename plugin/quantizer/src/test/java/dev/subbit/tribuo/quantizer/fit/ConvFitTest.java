package dev.subbit.tribuo.quantizer.fit;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import org.junit.jupiter.api.Test;

class ConvFitTest {

  private static StagedWeights fit(SampledLayer layer, FitSettings settings) {
    return ConvFit.fit(layer.weights(), List.of(List.of(layer.moments())), settings);
  }

  /** Kernels of random signs, with one scale per output channel. */
  private static float[] signs(int channels, int outputs, SplittableRandom rng) {
    float[] weights = new float[outputs * channels * 9];
    for (int i = 0; i < weights.length; i++) {
      weights[i] = (rng.nextBoolean() ? 0.1f : -0.1f) * (1 + i / (channels * 9));
    }
    return weights;
  }

  private static double totalError(SampledLayer layer, float[] dense) {
    double error = 0;
    for (int o = 0; o < layer.outputs(); o++) {
      error += layer.error(dense, o);
    }
    return error;
  }

  @Property(tries = 10)
  void weightsThatAreSubBitAlreadyAreFound(
      @ForAll @IntRange(min = 1, max = 4) int channels, @ForAll long seed) {
    SplittableRandom rng = new SplittableRandom(seed);
    SampledLayer layer = SampledLayer.of(channels, 3, signs(channels, 3, rng), rng);
    StagedWeights fitted = fit(layer, new FitSettings(9, 1, 2, seed));
    assertArrayEquals(layer.weights(), fitted.weights().toDense(), 1e-3f);
    assertTrue(fitted.signalToNoise() > 40, "" + fitted.signalToNoise());
  }

  @Test
  void blocksOfChannelsComeBackInTheirOrder() {
    SplittableRandom rng = new SplittableRandom(1);
    SampledLayer layer = SampledLayer.of(5, 3, signs(5, 3, rng), rng);
    StagedWeights fitted =
        ConvFit.fit(
            layer.weights(),
            List.of(List.of(layer.moments(0, 2), layer.moments(2, 5))),
            new FitSettings(9, 1, 2, 1));
    assertArrayEquals(layer.weights(), fitted.weights().toDense(), 1e-3f);
    assertEquals(expectedBias(layer, fitted.weights().toDense(), 1), fitted.bias()[1], 1e-3);
  }

  private static double expectedBias(SampledLayer layer, float[] dense, int output) {
    double wanted = 0;
    for (int at = output; at < layer.wanted().length; at += layer.outputs()) {
      wanted += layer.wanted()[at];
    }
    return wanted * layer.outputs() / layer.wanted().length - layer.mean(dense, output);
  }

  @Test
  void groupsHaveTheirOwnWeightsAndShareTheCodebook() {
    SplittableRandom rng = new SplittableRandom(1);
    SampledLayer first = SampledLayer.of(2, 2, signs(2, 2, rng), rng);
    SampledLayer second = SampledLayer.of(2, 2, signs(2, 2, rng), rng);
    float[] weights = Arrays.copyOf(first.weights(), 72);
    System.arraycopy(second.weights(), 0, weights, 36, 36);
    StagedWeights fitted =
        ConvFit.fit(
            weights,
            List.of(List.of(first.moments()), List.of(second.moments())),
            new FitSettings(9, 1, 2, 1));
    assertArrayEquals(weights, fitted.weights().toDense(), 1e-3f);
    assertEquals(4, fitted.bias().length);
    assertEquals(1, fitted.weights().stages());
    float[] dense = Arrays.copyOfRange(fitted.weights().toDense(), 36, 72);
    assertEquals(expectedBias(second, dense, 1), fitted.bias()[3], 1e-3);
  }

  @Property(tries = 10)
  void saysWhatTheWeightsGiveOnTheCalibrationData(
      @ForAll @IntRange(min = 1, max = 3) int channels,
      @ForAll @IntRange(min = 1, max = 3) int stages,
      @ForAll long seed) {
    SampledLayer layer = SampledLayer.random(channels, 4, seed);
    StagedWeights fitted = fit(layer, new FitSettings(3, stages, 2, seed));
    float[] dense = fitted.weights().toDense();
    double signal = 0;
    for (int o = 0; o < 4; o++) {
      double bias = expectedBias(layer, dense, o);
      assertEquals(bias, fitted.bias()[o], 1e-3);
      assertEquals(layer.mean(dense, o) + bias, fitted.mean()[o], 1e-3, "the mean wanted");
      signal += layer.error(new float[dense.length], o);
      SampledLayer own =
          new SampledLayer(channels, 4, dense, layer.patches(), new float[layer.wanted().length]);
      assertEquals(own.error(dense, o), fitted.variance()[o], 1e-2);
    }
    double noise = totalError(layer, dense);
    assertEquals(10 * Math.log10(signal / noise), fitted.signalToNoise(), 0.05);
  }

  @Test
  void everyStageTakesErrorOff() {
    SampledLayer layer = SampledLayer.random(6, 8, 1);
    double last = totalError(layer, new float[layer.weights().length]);
    for (int stages = 1; stages <= 4; stages++) {
      StagedWeights fitted = fit(layer, new FitSettings(4, stages, 3, 1));
      assertEquals(stages, fitted.weights().stages());
      double error = totalError(layer, fitted.weights().toDense());
      assertTrue(error < 0.7 * last, stages + " stages: " + error + " after " + last);
      last = error;
    }
  }

  @Test
  void roundsOfFittingTakeErrorOffTheStart() {
    double one = 0;
    double many = 0;
    for (int seed = 0; seed < 5; seed++) {
      SampledLayer layer = SampledLayer.random(6, 8, seed);
      one += totalError(layer, fit(layer, new FitSettings(3, 2, 1, 1)).weights().toDense());
      many += totalError(layer, fit(layer, new FitSettings(3, 2, 8, 1)).weights().toDense());
    }
    assertTrue(many < one, many + " >= " + one);
  }

  @Test
  void theArgumentsDetermineTheResult() {
    SampledLayer layer = SampledLayer.random(4, 6, 1);
    FitSettings settings = new FitSettings(3, 2, 3, 5);
    StagedWeights one = fit(layer, settings);
    StagedWeights two = fit(layer, settings);
    assertEquals(one.weights().convolutions(), two.weights().convolutions());
    assertArrayEquals(one.bias(), two.bias());
    assertEquals(one.signalToNoise(), two.signalToNoise());
  }

  @Test
  void anInputThatNeverVariesIsFittedToTheFloatWeights() {
    float[] weights = signs(2, 2, new SplittableRandom(1));
    PatchMoments still = new PatchMoments(2, 2);
    float[] patches = new float[10 * 18];
    Arrays.fill(patches, 3);
    float[] wanted = new float[20];
    Arrays.fill(wanted, 7);
    still.add(patches, wanted, 10);
    StagedWeights fitted =
        ConvFit.fit(weights, List.of(List.of(still)), new FitSettings(9, 1, 2, 1));
    assertArrayEquals(weights, fitted.weights().toDense(), 1e-3f);
    double sum = 0;
    for (int i = 0; i < 18; i++) {
      sum += fitted.weights().toDense()[i];
    }
    assertEquals(7 - 3 * sum, fitted.bias()[0], 1e-3, "the output is 7 all the same");
  }

  @Test
  void numbersThatAreNotFiniteAreRefused() {
    for (float number : new float[] {Float.NaN, Float.POSITIVE_INFINITY}) {
      SampledLayer layer = SampledLayer.random(2, 2, 1);
      FitSettings settings = new FitSettings(3, 1, 1, 1);
      float[] weights = layer.weights().clone();
      weights[3] = number;
      assertThrows(
          IllegalArgumentException.class,
          () -> ConvFit.fit(weights, List.of(List.of(layer.moments())), settings));
      layer.patches()[5] = number;
      assertThrows(IllegalArgumentException.class, () -> fit(layer, settings));
    }
  }
}
