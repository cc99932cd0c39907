package dev.subbit.tribuo.quantizer.fit;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;

import dev.subbit.onnx.Codebook;
import java.util.List;
import java.util.SplittableRandom;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import org.junit.jupiter.api.Test;

class ErrorFormTest {

  private static float[] random(int count, long seed) {
    SplittableRandom rng = new SplittableRandom(seed);
    float[] values = new float[count];
    for (int i = 0; i < count; i++) {
      values[i] = (float) rng.nextDouble(-1, 1);
    }
    return values;
  }

  private static double distance(float[] a, float[] b) {
    double sum = 0;
    for (int i = 0; i < a.length; i++) {
      sum += ((double) a[i] - b[i]) * ((double) a[i] - b[i]);
    }
    return sum;
  }

  /** A channel in which one tap goes up and down by an amount. */
  private static PatchMoments upAndDown(float... amounts) {
    PatchMoments moments = new PatchMoments(amounts.length, 1);
    float[] patches = new float[2 * amounts.length * Codebook.TAPS];
    for (int c = 0; c < amounts.length; c++) {
      patches[c * Codebook.TAPS] = amounts[c];
      patches[(amounts.length + c) * Codebook.TAPS] = -amounts[c];
    }
    moments.add(patches, new float[] {1, -1}, 2);
    return moments;
  }

  @Property(tries = 20)
  void isTheErrorOfTheOutputsAndOnePercentOfTheDistanceFromTheFloatWeights(
      @ForAll @IntRange(min = 1, max = 4) int channels,
      @ForAll @IntRange(min = 1, max = 10) int outputs,
      @ForAll long seed) {
    SampledLayer layer = SampledLayer.random(channels, outputs, seed);
    try (ErrorForm form = layer.form()) {
      float[] v = random(layer.weights().length, seed + 1);
      double damping = form.blocks().get(0).damping();
      double expected = damping * distance(v, form.weights());
      expected -= damping * distance(new float[v.length], form.weights());
      for (int o = 0; o < outputs; o++) {
        expected += layer.error(layer.inLayerOrder(form, v), o) - form.variance(o);
      }
      assertEquals(expected, RandomTaps.error(form, v), 1e-3 * (1 + Math.abs(expected)));
    }
  }

  @Property(tries = 20)
  void isASquareOnceItIsWhitened(
      @ForAll @IntRange(min = 1, max = 4) int channels,
      @ForAll @IntRange(min = 1, max = 10) int outputs,
      @ForAll long seed) {
    SampledLayer layer = SampledLayer.random(channels, outputs, seed);
    try (ErrorForm form = layer.form()) {
      float[] v = random(layer.weights().length, seed + 1);
      double[] l = form.blocks().get(0).factor();
      double squares = 0;
      double constant = 0;
      int n = form.columns();
      for (int o = 0; o < outputs; o++) {
        for (int i = 0; i < n; i++) {
          double z = form.whitened()[o * n + i];
          double sum = -z;
          for (int j = i; j < n; j++) {
            sum += l[j * n + i] * v[o * n + j];
          }
          squares += sum * sum;
          constant += z * z;
        }
      }
      assertEquals(RandomTaps.error(form, v), squares - constant, 1e-3 * (1 + constant));
    }
  }

  @Test
  void theDampingGrowsWithTheUnknownsPerPatch() {
    try (ErrorForm form = new ErrorForm(List.of(upAndDown(3)), new float[9])) {
      // One tap of nine has the variance 9, so that their mean is 1.
      ErrorForm.Block block = form.blocks().get(0);
      // To one percent, 0.3 for each of nine unknowns come to two patches.
      assertEquals(1.36, block.damping(), 1e-9);
      assertEquals(10.36f, block.h()[0], 1e-5f);
      assertEquals(1.36f, block.h()[10], 1e-6f);
      assertEquals(3, form.target()[0], "the covariance with the output, 3 * 1");
    }
  }

  @Test
  void channelsThatVaryLeastComeFirst() {
    float[] weights = random(27, 1);
    try (ErrorForm form = new ErrorForm(List.of(upAndDown(2, 3, 1)), weights)) {
      assertArrayEquals(
          new int[] {2, 0, 1}, new int[] {form.channelAt(0), form.channelAt(1), form.channelAt(2)});
      assertEquals(weights[18], form.weights()[0]);
      assertEquals(weights[0], form.weights()[9]);
      assertEquals(weights[26], form.weights()[8]);
      float damping = (float) form.blocks().get(0).damping();
      assertEquals(1 + damping, form.blocks().get(0).h()[0], 1e-6);
      assertEquals(9 + damping, form.blocks().get(0).h()[18 * 27 + 18], 1e-6);
      assertEquals(3 + damping * weights[9], form.target()[18], 1e-6);
    }
  }

  @Test
  void whereNoInputEverVariesTheFloatWeightsAreWanted() {
    PatchMoments still = new PatchMoments(1, 1);
    still.add(new float[18], new float[] {5, 5}, 2);
    float[] weights = random(9, 1);
    try (ErrorForm form = new ErrorForm(List.of(still), weights)) {
      assertEquals(1, form.blocks().get(0).damping());
      assertArrayEquals(weights, form.target());
      assertEquals(-distance(weights, new float[9]), RandomTaps.error(form, weights), 1e-6);
    }
  }

  @Property(tries = 10)
  void blocksOfChannelsAreTakenForUncorrelated(@ForAll long seed) {
    SampledLayer layer = SampledLayer.random(5, 3, seed);
    List<PatchMoments> parts = List.of(layer.moments(0, 2), layer.moments(2, 5));
    try (ErrorForm form = new ErrorForm(parts, layer.weights())) {
      assertEquals(2, form.blocks().size());
      assertEquals(5, form.channels());
      assertEquals(18, form.blocks().get(1).firstColumn());
      for (int c = 0; c < 5; c++) {
        assertEquals(c < 2, form.channelAt(c) < 2, "channels stay in their block");
      }
      // The float weights are the best there are: the gradient H w - b is zero.
      assertArrayEquals(form.target(), form.times(form.weights(), 3), 1e-5f);
      float[] v = random(form.weights().length, seed + 1);
      float[] products = form.times(v, 3);
      double energy = 0;
      double match = 0;
      for (int i = 0; i < v.length; i++) {
        energy += (double) v[i] * products[i];
        match += (double) v[i] * form.target()[i];
      }
      assertEquals(RandomTaps.error(form, v), energy - 2 * match, 1e-3 * (1 + energy));
    }
  }

  @Test
  void everyBlockOfUsualWidthIsFactored() {
    SampledLayer layer = SampledLayer.random(4, 2, 1);
    try (ErrorForm form =
        new ErrorForm(List.of(layer.moments(0, 2), layer.moments(2, 4)), layer.weights())) {
      form.blocks().forEach(block -> assertNotNull(block.factor()));
    }
  }
}
