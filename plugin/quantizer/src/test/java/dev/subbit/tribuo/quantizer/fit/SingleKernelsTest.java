package dev.subbit.tribuo.quantizer.fit;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.subbit.onnx.Codebook;
import dev.subbit.tribuo.codebook.CodebookTaps;
import java.util.Arrays;
import java.util.SplittableRandom;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import org.junit.jupiter.api.Test;

/** Depthwise convolutions: every output channel has one kernel and its own scales. */
class SingleKernelsTest {

  /** The least error over all choices of codewords, each with its best scales. */
  private static double least(Group group, float[][] taps, int size) {
    int stages = taps.length;
    double[] least = new double[group.form().outputs()];
    Arrays.fill(least, Double.POSITIVE_INFINITY);
    int choices = (int) Math.round(Math.pow(size, stages));
    for (int choice = 0; choice < choices; choice++) {
      for (int s = 0, rest = choice; s < stages; s++, rest /= size) {
        Arrays.fill(group.index(s), rest % size);
      }
      group.fitScales(taps);
      double[] errors = errors(group, taps);
      for (int o = 0; o < least.length; o++) {
        least[o] = Math.min(least[o], errors[o]);
      }
    }
    return Arrays.stream(least).sum();
  }

  private static double[] errors(Group group, float[][] taps) {
    ErrorForm form = group.form();
    float[] v = group.values(taps);
    float[] products = form.times(v, form.outputs());
    double[] errors = new double[form.outputs()];
    for (int i = 0; i < v.length; i++) {
      errors[i / form.columns()] += v[i] * ((double) products[i] - 2.0 * form.target()[i]);
    }
    return errors;
  }

  @Test
  void areThoseOfGroupsWithOneInputChannel() {
    try (ErrorForm one = SampledLayer.random(1, 3, 1).form();
        ErrorForm two = SampledLayer.random(2, 3, 1).form()) {
      assertTrue(SingleKernels.fits(new Group(one, 1)));
      assertFalse(SingleKernels.fits(new Group(two, 1)));
    }
  }

  @Property(tries = 20)
  void smallCodebooksGetTheBestOfAllChoices(
      @ForAll @IntRange(min = 1, max = 3) int stages,
      @ForAll @IntRange(min = 1, max = 2) int tau,
      @ForAll long seed) {
    SplittableRandom rng = new SplittableRandom(seed);
    try (ErrorForm form = SampledLayer.random(1, 4, seed).form()) {
      float[][] taps = RandomTaps.of(stages, tau, rng);
      double least = least(new Group(form, stages), taps, 1 << tau);
      Group group = RandomTaps.group(form, stages, tau, rng);
      new SingleKernels(group, taps).choose();
      assertEquals(least, group.fitScales(taps), 1e-3 * (1 + Math.abs(least)));
    }
  }

  @Property(tries = 10)
  void largeCodebooksAndManyStagesNeverGetWorseThanTheyWere(
      @ForAll boolean large, @ForAll long seed) {
    SplittableRandom rng = new SplittableRandom(seed);
    int stages = large ? 2 : 4;
    int tau = large ? 7 : 2;
    try (ErrorForm form = SampledLayer.random(1, 4, seed).form()) {
      float[][] taps = RandomTaps.of(stages, tau, rng);
      Group group = RandomTaps.group(form, stages, tau, rng);
      double before = group.fitScales(taps);
      new SingleKernels(group, taps).choose();
      double after = group.fitScales(taps);
      assertTrue(after <= before + 1e-3 * (1 + Math.abs(before)), after + " > " + before);
    }
  }

  @Test
  void aKernelThatIsACodewordIsFoundWhateverItsSign() {
    Codebook codebook = new Codebook(2, new int[] {3, 77, 300, 505});
    float[] weights = new float[4 * 9];
    for (int o = 0; o < 4; o++) {
      for (int t = 0; t < 9; t++) {
        weights[o * 9 + t] = (o % 2 == 0 ? 0.3f : -2) * codebook.tap(3 - o, t);
      }
    }
    SampledLayer layer = SampledLayer.of(1, 4, weights, new SplittableRandom(1));
    try (ErrorForm form = layer.form()) {
      float[][] taps = {CodebookTaps.of(codebook)};
      Group group = new Group(form, 1);
      new SingleKernels(group, taps).choose();
      group.fitScales(taps);
      assertArrayEquals(new int[] {3, 2, 1, 0}, group.index(0));
      assertArrayEquals(new float[] {0.3f, -2, 0.3f, -2}, group.scale(0), 1e-3f);
    }
  }

  @Test
  void stagesWithOneCodebookMayChooseTheSameCodeword() {
    SplittableRandom rng = new SplittableRandom(1);
    try (ErrorForm form = SampledLayer.random(1, 3, 1).form()) {
      float[][] one = RandomTaps.of(1, 1, rng);
      float[][] taps = {one[0], one[0], one[0]};
      double least = least(new Group(form, 3), taps, 2);
      Group group = new Group(form, 3);
      new SingleKernels(group, taps).choose();
      assertEquals(least, group.fitScales(taps), 1e-3 * (1 + Math.abs(least)));
    }
  }
}
