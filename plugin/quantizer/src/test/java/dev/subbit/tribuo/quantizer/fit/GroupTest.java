package dev.subbit.tribuo.quantizer.fit;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.SplittableRandom;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import org.junit.jupiter.api.Test;

class GroupTest {

  private static ErrorForm blocks(SampledLayer layer) {
    int channels = layer.channels();
    return new ErrorForm(
        List.of(layer.moments(0, channels / 2), layer.moments(channels / 2, channels)),
        layer.weights());
  }

  /** H v - b of a group as it is. */
  private static float[] gradient(Group group, float[][] taps) {
    ErrorForm form = group.form();
    float[] gradient = form.times(group.values(taps), form.outputs());
    for (int i = 0; i < gradient.length; i++) {
      gradient[i] -= form.target()[i];
    }
    return gradient;
  }

  @Test
  void aWeightIsTheSumOfScaledTapsOverTheStages() {
    SampledLayer layer = SampledLayer.random(2, 1, 1);
    try (ErrorForm form = layer.form()) {
      Group group = new Group(form, 2);
      float[][] taps = {
        {1, 1, 1, 1, 1, 1, 1, 1, 1, -1, -1, -1, -1, -1, -1, -1, -1, -1},
        {1, 1, 1, -1, -1, -1, -1, -1, -1, 1, -1, 1, -1, 1, -1, 1, -1, 1},
      };
      group.scale(0)[0] = 2;
      group.scale(1)[0] = 0.5f;
      group.index(0)[1] = 1;
      group.index(1)[1] = 1;
      float[] values = group.values(taps);
      assertArrayEquals(
          new float[] {
            2.5f, 2.5f, 2.5f, 1.5f, 1.5f, 1.5f, 1.5f, 1.5f, 1.5f, // ++, +-
            -1.5f, -2.5f, -1.5f, -2.5f, -1.5f, -2.5f, -1.5f, -2.5f, -1.5f
          },
          values);
    }
  }

  @Property(tries = 20)
  void fittedScalesLeaveNoErrorThatAnotherScaleCouldTakeOff(
      @ForAll @IntRange(min = 1, max = 3) int stages,
      @ForAll @IntRange(min = 1, max = 4) int channels,
      @ForAll long seed) {
    SplittableRandom rng = new SplittableRandom(seed);
    SampledLayer layer = SampledLayer.random(channels, 3, seed);
    try (ErrorForm form = layer.form()) {
      float[][] taps = RandomTaps.of(stages, 3, rng);
      Group group = RandomTaps.group(form, stages, 3, rng);
      double error = group.fitScales(taps);
      assertEquals(RandomTaps.error(form, group.values(taps)), error, 1e-3 * (1 + Math.abs(error)));
      for (int s = 0; s < stages; s++) {
        for (int o = 0; o < 3; o++) {
          float best = group.scale(s)[o];
          for (float step : new float[] {-0.05f, 0.05f}) {
            group.scale(s)[o] = best + step;
            assertTrue(RandomTaps.error(form, group.values(taps)) > error - 1e-4);
          }
          group.scale(s)[o] = best;
        }
      }
    }
  }

  @Property(tries = 20)
  void theGradientFollowsFlippedTapsAndTheChangeIsForetold(
      @ForAll @IntRange(min = 1, max = 3) int stages, @ForAll boolean inBlocks, @ForAll long seed) {
    SplittableRandom rng = new SplittableRandom(seed);
    SampledLayer layer = SampledLayer.random(4, 3, seed);
    try (ErrorForm form = inBlocks ? blocks(layer) : layer.form()) {
      float[][] taps = RandomTaps.of(stages, 2, rng);
      Group group = RandomTaps.group(form, stages, 2, rng);
      group.fitScales(taps);
      double before = RandomTaps.error(form, group.values(taps));
      assertArrayEquals(gradient(group, taps), group.gradient(), 1e-3f);
      for (int flips = 0; flips < 5; flips++) {
        int stage = rng.nextInt(stages);
        int at = rng.nextInt(taps[stage].length);
        float sign = taps[stage][at];
        double change = 4 * group.changeByFlip(stage, at / 9, at % 9, sign);
        group.flip(stage, at / 9, at % 9, sign);
        taps[stage][at] = -sign;
        double after = RandomTaps.error(form, group.values(taps));
        assertEquals(after - before, change, 1e-3 * (1 + Math.abs(change)));
        assertArrayEquals(gradient(group, taps), group.gradient(), 2e-3f);
        before = after;
      }
    }
  }

  @Test
  void aCodewordThatNoKernelHasMayBeFlippedForNothing() {
    SampledLayer layer = SampledLayer.random(2, 2, 1);
    try (ErrorForm form = layer.form()) {
      float[][] taps = RandomTaps.of(1, 2, new SplittableRandom(1));
      Group group = new Group(form, 1);
      group.fitScales(taps);
      assertEquals(0, group.changeByFlip(0, 3, 4, taps[0][3 * 9 + 4]));
    }
  }

  @Test
  void aCopyKeepsWhatWasFound() {
    SampledLayer layer = SampledLayer.random(2, 2, 1);
    try (ErrorForm form = layer.form()) {
      SplittableRandom rng = new SplittableRandom(1);
      float[][] taps = RandomTaps.of(2, 2, rng);
      Group group = RandomTaps.group(form, 2, 2, rng);
      float[] before = group.values(taps);
      Group copy = group.copy();
      group.index(1)[0] ^= 1;
      group.scale(0)[1] += 1;
      assertArrayEquals(before, copy.values(taps));
      assertEquals(2, copy.stages());
    }
  }
}
