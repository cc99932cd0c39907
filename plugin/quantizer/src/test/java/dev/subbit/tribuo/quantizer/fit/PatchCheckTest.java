package dev.subbit.tribuo.quantizer.fit;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.subbit.onnx.CodedWeights;
import dev.subbit.onnx.ConvAttributes;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

/** The error on patches that nothing was fitted to, and what is chosen by it. */
class PatchCheckTest {

  /** Weights [outputs, 2, 1, 1] that are all 3 times a scale of their own. */
  private static StagedWeights weights(float[] scales, float[] bias) {
    CodedWeights coded =
        CodedWeights.pack(
            new long[] {scales.length, 2, 1, 1},
            2,
            List.of(new byte[] {3, 3, 0, 0}),
            List.of(new int[scales.length]),
            List.of(scales));
    return new StagedWeights(coded, bias, bias, bias, 0);
  }

  @Test
  void isTheSumOfSquaresOverPatchesAndOutputs() {
    PatchCheck check = new PatchCheck();
    assertEquals(0, check.count());
    StagedWeights weights = weights(new float[] {1, 2}, new float[] {10, 20});
    assertEquals(0, check.error(weights));
    // 3 * (1 + 2) + 10 = 19 and 6 * (1 + 2) + 20 = 38; then 10 and 20.
    check.add(2, List.of(new float[] {1, 2, 0, 0}), List.of(new float[] {18, 40, 10, 23}));
    assertEquals(1 + 4 + 0 + 9, check.error(weights), 1e-3);
    check.add(1, List.of(new float[] {0, 0}), List.of(new float[] {15, 20}));
    assertEquals(3, check.count());
    assertEquals(14 + 25, check.error(weights), 1e-3);
  }

  @Test
  void groupsReadPatchesOfTheirOwn() {
    PatchCheck check = new PatchCheck();
    check.add(
        1,
        List.of(new float[] {1, 1}, new float[] {2, 2}),
        List.of(new float[] {6}, new float[] {25}));
    StagedWeights weights = weights(new float[] {1, 2}, new float[] {0, 0});
    assertEquals(1, check.error(weights), 1e-3, "6 is right, and 24 one off");
  }

  /** A fit to three patches of noise knows nothing of others: the nearest weights stay. */
  @Test
  void weightsThatOnlyKnowTheirCalibrationAreNotTaken() {
    SplittableRandom rng = new SplittableRandom(3);
    PatchSampler sampler = new PatchSampler(8, 6, ConvAttributes.of(1, 0), 1);
    float[] weights = numbers(rng, 8 * 54);
    for (int i = 0; i < 3; i++) {
      float[] wanted = numbers(rng, 8);
      for (int o = 0; o < wanted.length; o++) {
        wanted[o] *= 200;
      }
      sampler.add(numbers(rng, 54), 3, 3, wanted, 1);
    }
    for (int i = 0; i < 20; i++) {
      float[] x = numbers(rng, 54);
      sampler.addToCheck(x, 3, 3, outputs(weights, x), 1);
    }
    FitSettings settings = new FitSettings(5, 1, 3, 1);
    long[] shape = {8, 6, 3, 3};
    assertTrue(ConvFit.fit(weights, shape, sampler.moments(), settings, sampler.check()).plain());
    assertFalse(ConvFit.fit(weights, shape, sampler.moments(), settings, new PatchCheck()).plain());
  }

  private static float[] numbers(SplittableRandom rng, int count) {
    float[] numbers = new float[count];
    for (int i = 0; i < count; i++) {
      numbers[i] = (float) rng.nextDouble(-1, 1);
    }
    return numbers;
  }

  private static float[] outputs(float[] weights, float[] x) {
    float[] outputs = new float[8];
    for (int i = 0; i < weights.length; i++) {
      outputs[i / 54] += weights[i] * x[i % 54];
    }
    return outputs;
  }
}
