package dev.subbit.tribuo.quantizer.fit;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import org.junit.jupiter.api.Test;

class KernelPassesTest {

  /** The least error at the scales of a group with one kernel per output, one stage. */
  private static double least(Group group, float[][] taps, int size) {
    double least = 0;
    ErrorForm form = group.form();
    for (int o = 0; o < form.outputs(); o++) {
      double best = Double.POSITIVE_INFINITY;
      for (int k = 0; k < size; k++) {
        Group trial = new Group(form, 1);
        trial.index(0)[o] = k;
        trial.scale(0)[o] = group.scale(0)[o];
        best = Math.min(best, RandomTaps.error(form, trial.values(taps)));
      }
      least += best;
    }
    return least;
  }

  @Property(tries = 20)
  void aKernelAloneGetsTheBestCodewordFromBothPasses(@ForAll long seed) {
    SplittableRandom rng = new SplittableRandom(seed);
    try (ErrorForm form = SampledLayer.random(1, 18, seed).form()) {
      float[][] taps = RandomTaps.of(1, 3, rng);
      Group group = RandomTaps.group(form, 1, 3, rng);
      double least = least(group, taps, 8);
      Group assigned = group.copy();
      new KernelPasses(assigned, taps).assign();
      assertEquals(
          least, RandomTaps.error(form, assigned.values(taps)), 1e-3 * (1 + Math.abs(least)));
      group.fitScales(taps);
      least = least(group, taps, 8);
      new KernelPasses(group, taps).descend();
      assertEquals(least, RandomTaps.error(form, group.values(taps)), 1e-3 * (1 + Math.abs(least)));
    }
  }

  @Test
  void whatOneKernelGetsWrongTheNextMakesUpFor() {
    // Two channels that always see the same: only the sum of their kernels matters. Each wants 0.2
    // where codewords give 1 or -1, so that the best sum is none at all.
    SampledLayer once = SampledLayer.random(1, 1, 1);
    int rows = once.patches().length / 9;
    float[] patches = new float[rows * 18];
    float[] wanted = new float[rows];
    for (int row = 0; row < rows; row++) {
      for (int t = 0; t < 9; t++) {
        float value = once.patches()[row * 9 + t];
        patches[row * 18 + t] = value;
        patches[row * 18 + 9 + t] = value;
        wanted[row] += 2 * 0.2f * value;
      }
    }
    float[] weights = new float[18];
    Arrays.fill(weights, 0.2f);
    PatchMoments moments = new PatchMoments(2, 1);
    moments.add(patches, wanted, rows);
    try (ErrorForm form = new ErrorForm(List.of(moments), weights)) {
      float[][] taps = {new float[18]};
      Arrays.fill(taps[0], 0, 9, 1);
      Arrays.fill(taps[0], 9, 18, -1);
      Group group = new Group(form, 1);
      group.scale(0)[0] = 1;
      new KernelPasses(group, taps).assign();
      assertArrayEquals(new int[] {1, 0}, group.index(0), "the last is decided first");
    }
  }

  @Property(tries = 20)
  void descendingNeverRaisesTheErrorAndKeepsTheGradient(
      @ForAll @IntRange(min = 1, max = 3) int stages, @ForAll boolean inBlocks, @ForAll long seed) {
    SplittableRandom rng = new SplittableRandom(seed);
    SampledLayer layer = SampledLayer.random(4, 18, seed);
    try (ErrorForm form =
        inBlocks
            ? new ErrorForm(List.of(layer.moments(0, 1), layer.moments(1, 4)), layer.weights())
            : layer.form()) {
      float[][] taps = RandomTaps.of(stages, 3, rng);
      Group group = RandomTaps.group(form, stages, 3, rng);
      double before = group.fitScales(taps);
      for (int pass = 0; pass < 3; pass++) {
        new KernelPasses(group, taps).descend();
        double after = RandomTaps.error(form, group.values(taps));
        assertTrue(after <= before + 1e-3 * (1 + Math.abs(before)), after + " > " + before);
        float[] gradient = form.times(group.values(taps), form.outputs());
        for (int i = 0; i < gradient.length; i++) {
          assertEquals(gradient[i] - form.target()[i], group.gradient()[i], 5e-3f);
        }
        before = after;
      }
    }
  }

  @Test
  void handingErrorsOnBeatsTheNearestCodewords() {
    double nearest = 0;
    double handedOn = 0;
    for (int seed = 0; seed < 10; seed++) {
      SplittableRandom rng = new SplittableRandom(seed);
      SampledLayer layer = SampledLayer.random(6, 8, seed);
      try (ErrorForm form = layer.form()) {
        float[][] taps = RandomTaps.of(1, 4, rng);
        Group group = new Group(form, 1);
        Arrays.fill(group.scale(0), 0.7f);
        for (int kernel = 0; kernel < group.index(0).length; kernel++) {
          group.index(0)[kernel] = nearest(form.weights(), kernel, taps[0]);
        }
        nearest += group.fitScales(taps);
        new KernelPasses(group, taps).assign();
        handedOn += group.fitScales(taps);
      }
    }
    assertTrue(handedOn < nearest, handedOn + " >= " + nearest);
  }

  private static int nearest(float[] weights, int kernel, float[] taps) {
    int nearest = 0;
    float most = Float.NEGATIVE_INFINITY;
    for (int k = 0; k < taps.length / 9; k++) {
      float dot = 0;
      for (int t = 0; t < 9; t++) {
        dot += weights[kernel * 9 + t] * taps[k * 9 + t];
      }
      if (dot > most) {
        most = dot;
        nearest = k;
      }
    }
    return nearest;
  }
}
