package dev.subbit.tribuo.training.internal.codebook;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.subbit.onnx.Codebook;
import dev.subbit.tribuo.training.internal.random.RandomPlace;
import java.util.Arrays;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.FloatRange;
import net.jqwik.api.constraints.IntRange;
import org.junit.jupiter.api.Test;

class RefinedCodebookTest {

  static void assertDistinct(Codebook codebook) {
    assertEquals(
        1 << codebook.tau(),
        IntStream.range(0, codebook.size()).map(codebook::codeword).distinct().count());
  }

  private static CodebookLearner learner(int tau, long seed) {
    return CodebookLearner.start(TestPlans.codebooks(tau), new float[0], RandomPlace.of(seed));
  }

  private static float[] gradient(int tau, SplittableRandom rng) {
    float[] gradient = new float[(1 << tau) * Codebook.TAPS];
    for (int i = 0; i < gradient.length; i++) {
      gradient[i] = (float) rng.nextDouble(-1, 1);
    }
    return gradient;
  }

  @Property(tries = 100)
  void codewordsNeverRepeat(
      @ForAll @IntRange(min = 1, max = 9) int tau,
      @ForAll long seed,
      @ForAll @FloatRange(min = 0.01f, max = 10f) float rate) {
    SplittableRandom rng = new SplittableRandom(seed);
    CodebookLearner learner = learner(tau, rng.nextLong());
    assertDistinct(learner.codebook());
    for (int step = 0; step < 10; step++) {
      learner.refine(step, gradient(tau, rng), rate);
      assertDistinct(learner.codebook());
    }
  }

  @Property(tries = 50)
  void codewordsDrivenTogetherAreReplaced(
      @ForAll @IntRange(min = 1, max = 8) int tau, @ForAll long seed) {
    CodebookLearner learner = learner(tau, seed);
    float[] allUp = new float[(1 << tau) * Codebook.TAPS];
    Arrays.fill(allUp, -1f);
    for (int step = 0; step < 5; step++) {
      learner.refine(step, allUp, 1f);
      assertDistinct(learner.codebook());
      assertEquals(511, learner.codebook().codeword(0), "the first follows its gradient");
    }
  }

  @Property(tries = 30)
  void theSameNumbersGiveTheSameCodebooks(
      @ForAll @IntRange(min = 1, max = 9) int tau, @ForAll long seed) {
    CodebookLearner one = learner(tau, seed);
    CodebookLearner two = learner(tau, seed);
    SplittableRandom rng = new SplittableRandom(seed + 1);
    for (int step = 0; step < 5; step++) {
      float[] gradient = gradient(tau, rng);
      one.refine(step, gradient, 0.3f);
      two.refine(step, gradient, 0.3f);
    }
    assertEquals(one.codebook(), two.codebook());
  }

  @Test
  void differentSeedsDrawDifferentCodebooks() {
    assertNotEquals(learner(5, 1).codebook(), learner(5, 2).codebook());
  }

  @Test
  void tauNineIsTheFullCodebookForGood() {
    CodebookLearner learner = learner(9, 1);
    assertFalse(learner.isLearnable());
    learner.refine(0, gradient(9, new SplittableRandom(2)), 10f);
    assertEquals(Codebook.full(), learner.codebook());
  }

  @Test
  void aCodewordWithoutGradientStays() {
    CodebookLearner learner = learner(3, 7);
    Codebook before = learner.codebook();
    float[] gradient = new float[8 * Codebook.TAPS];
    // Pushes every tap of codeword 2 to the sign it has.
    for (int tap = 0; tap < Codebook.TAPS; tap++) {
      gradient[2 * Codebook.TAPS + tap] = -before.tap(2, tap);
    }
    learner.refine(0, gradient, 5f);
    assertEquals(before, learner.codebook());
  }

  @Test
  void aTapFollowsTheSignOfItsNumber() {
    CodebookLearner learner = learner(1, 7);
    Codebook before = learner.codebook();
    float[] gradient = new float[2 * Codebook.TAPS];
    gradient[0] = before.tap(0, 0);
    learner.refine(0, gradient, 0.05f);
    assertEquals(before, learner.codebook(), "halfway to 0");
    learner.refine(0, gradient, 0.0495f);
    assertEquals(before, learner.codebook(), "within the memory's threshold");
    learner.refine(0, gradient, 0.05f);
    assertEquals(before.codeword(0) ^ 1, learner.codebook().codeword(0));
    assertEquals(before.codeword(1), learner.codebook().codeword(1));
  }

  @Test
  void theMemoryHoldsATapWhoseNumberIsNearZero() {
    CodebookLearner learner = learner(1, 7);
    Codebook before = learner.codebook();
    float[] gradient = new float[2 * Codebook.TAPS];
    gradient[0] = before.tap(0, 0);
    // Adam's first step is the rate itself: p comes to -0.0005, past 0 but within 1e-3.
    learner.refine(0, gradient, 0.1005f);
    assertEquals(before, learner.codebook());
  }

  @Test
  void theClampKeepsATapWithinReach() {
    CodebookLearner learner = learner(1, 7);
    int first = learner.codebook().codeword(0);
    float[] gradient = new float[2 * Codebook.TAPS];
    gradient[0] = learner.codebook().tap(0, 0);
    learner.refine(0, gradient, 1000f);
    int flipped = first ^ 1;
    assertEquals(flipped, learner.codebook().codeword(0));
    gradient[0] = -100 * gradient[0];
    // From -1000 these steps would not come back; from -3 they do.
    learner.refine(0, gradient, 5f);
    assertEquals(first, learner.codebook().codeword(0));
  }

  @Test
  void refusesWhatDoesNotFit() {
    CodebookLearner learner = learner(2, 1);
    assertThrows(IllegalArgumentException.class, () -> learner.refine(0, new float[9], 1f));
    float[] gradient = new float[36];
    gradient[5] = Float.NaN;
    assertThrows(IllegalArgumentException.class, () -> learner.refine(0, gradient, 1f));
  }
}
