package dev.subbit.tribuo.training.internal.codebook;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.subbit.onnx.Codebook;
import dev.subbit.tribuo.settings.Assignment;
import dev.subbit.tribuo.settings.CodebookStart;
import dev.subbit.tribuo.settings.Selection;
import dev.subbit.tribuo.training.internal.random.RandomPlace;
import java.util.Arrays;
import java.util.Set;
import java.util.SplittableRandom;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.FloatRange;
import net.jqwik.api.constraints.IntRange;
import org.junit.jupiter.api.Test;

class PermutedCodebookTest {

  private static CodebookLearner learner(int tau, long seed) {
    return CodebookLearner.start(
        TestPlans.codebooks(tau, Selection.PERMUTATION, 1, 0.1f),
        new float[0],
        RandomPlace.of(seed));
  }

  private static float[] gradient(int tau, SplittableRandom rng) {
    float[] gradient = new float[(1 << tau) * Codebook.TAPS];
    for (int i = 0; i < gradient.length; i++) {
      gradient[i] = (float) rng.nextDouble(-1, 1);
    }
    return gradient;
  }

  @Property(tries = 20)
  void codewordsNeverRepeat(
      @ForAll @IntRange(min = 1, max = 5) int tau,
      @ForAll long seed,
      @ForAll @FloatRange(min = 0.01f, max = 10f) float rate) {
    CodebookLearner learner = learner(tau, seed);
    SplittableRandom rng = new SplittableRandom(seed);
    RefinedCodebookTest.assertDistinct(learner.codebook());
    for (int step = 0; step < 5; step++) {
      learner.refine(step, gradient(tau, rng), rate);
      RefinedCodebookTest.assertDistinct(learner.codebook());
    }
  }

  @Test
  void codewordsPulledToOnePlaceStayApart() {
    CodebookLearner learner = learner(3, 1);
    float[] allUp = new float[8 * Codebook.TAPS];
    Arrays.fill(allUp, -1f);
    int before = ups(learner.codebook());
    for (int step = 0; step < 40; step++) {
      learner.refine(step, allUp, 0.1f);
    }
    RefinedCodebookTest.assertDistinct(learner.codebook());
    int after = ups(learner.codebook());
    assertTrue(after > before + 8, "set taps: " + before + ", then " + after);
  }

  private static int ups(Codebook codebook) {
    int ups = 0;
    for (int i = 0; i < codebook.size(); i++) {
      ups += Integer.bitCount(codebook.codeword(i));
    }
    return ups;
  }

  @Test
  void withoutAGradientNothingMoves() {
    CodebookLearner learner = learner(3, 7);
    Codebook before = learner.codebook();
    learner.refine(0, new float[72], 1e-6f);
    assertEquals(before, learner.codebook());
  }

  @Test
  void theGradientOfAChoiceIsItsInnerProduct() {
    SplittableRandom rng = new SplittableRandom(3);
    float[] taps = gradient(1, rng);
    double[] choices = PermutedCodebook.choiceGradient(taps, 2);
    for (int codeword : new int[] {0, 5, 300, 511}) {
      for (int place = 0; place < 2; place++) {
        double expected = 0;
        for (int tap = 0; tap < Codebook.TAPS; tap++) {
          expected += Codebook.full().tap(codeword, tap) * taps[place * Codebook.TAPS + tap];
        }
        assertEquals(expected, choices[codeword * 2 + place], 1e-6);
      }
    }
  }

  @Test
  void resumesFromAStateAsIfUninterrupted() {
    CodebookLearner uncut = learner(4, 9);
    CodebookLearner resumed = learner(4, 9);
    SplittableRandom rng = new SplittableRandom(2);
    for (int step = 0; step < 6; step++) {
      if (step == 3) {
        resumed.restore(uncut.state());
      }
      float[] gradient = gradient(4, rng);
      uncut.refine(step, gradient, 0.3f);
      if (step >= 3) {
        resumed.refine(step, gradient, 0.3f);
      }
    }
    assertEquals(uncut.codebook(), resumed.codebook());
    assertArrayEquals(uncut.state().floats().get("scores"), resumed.state().floats().get("scores"));
    CodebookState refined =
        CodebookLearner.start(TestPlans.codebooks(4), new float[0], RandomPlace.of(1)).state();
    assertThrows(IllegalArgumentException.class, () -> resumed.restore(refined));
  }

  @Test
  void aFixedCodebookStaysAndAClusteredStartFollowsTheKernels() {
    float[] kernels = new float[2 * 50 * Codebook.TAPS];
    for (int i = 0; i < kernels.length; i++) {
      int codeword = i / Codebook.TAPS % 2 == 0 ? 0b101 : 0b111000111;
      kernels[i] = ((codeword >> (i % Codebook.TAPS)) & 1) == 1 ? 0.5f : -0.5f;
    }
    CodebookPlan plan =
        new CodebookPlan(1, Selection.FIXED, CodebookStart.CLUSTERED, Assignment.NEAREST, 1, 0.1f);
    CodebookLearner learner = CodebookLearner.start(plan, kernels, RandomPlace.of(4));
    Codebook codebook = learner.codebook();
    assertEquals(Set.of(0b101, 0b111000111), Set.of(codebook.codeword(0), codebook.codeword(1)));
    learner.refine(0, new float[18], 1f);
    assertEquals(codebook, learner.codebook());
  }
}
