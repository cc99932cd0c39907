package dev.subbit.tribuo.quantizer.fit;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.SplittableRandom;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import org.junit.jupiter.api.Test;

class KernelChoiceTest {

  private static final int TAPS = 9;

  /** One kernel's problem: the best v for v^T M v - 2 v.p, v a sum of scaled codewords. */
  private record Problem(float[][] taps, float[] m, float[] p, float[] scale) {

    static Problem random(int stages, int tau, SplittableRandom rng) {
      double[] root = rng.doubles(TAPS * TAPS, -1, 1).toArray();
      float[] m = new float[TAPS * TAPS];
      for (int i = 0; i < TAPS; i++) {
        for (int j = 0; j < TAPS; j++) {
          for (int k = 0; k < TAPS; k++) {
            m[i * TAPS + j] += (float) (root[i * TAPS + k] * root[j * TAPS + k]);
          }
        }
      }
      float[] p = new float[TAPS];
      for (int i = 0; i < TAPS; i++) {
        p[i] = (float) rng.nextDouble(-5, 5);
      }
      float[] scale = new float[stages];
      for (int s = 0; s < stages; s++) {
        scale[s] = (float) rng.nextDouble(-1, 1);
      }
      return new Problem(RandomTaps.of(stages, tau, rng), m, p, scale);
    }

    int size() {
      return taps[0].length / TAPS;
    }

    double cost(int... choice) {
      double[] v = new double[TAPS];
      for (int s = 0; s < choice.length; s++) {
        for (int t = 0; t < TAPS; t++) {
          v[t] += (double) scale[s] * taps[s][choice[s] * TAPS + t];
        }
      }
      double cost = 0;
      for (int i = 0; i < TAPS; i++) {
        cost -= 2 * v[i] * p[i];
        for (int j = 0; j < TAPS; j++) {
          cost += v[i] * m[i * TAPS + j] * v[j];
        }
      }
      return cost;
    }

    double least(int[] choice, int stage) {
      if (stage == choice.length) {
        return cost(choice);
      }
      double least = Double.POSITIVE_INFINITY;
      for (choice[stage] = 0; choice[stage] < size(); choice[stage]++) {
        least = Math.min(least, least(choice, stage + 1));
      }
      return least;
    }

    int[] chosen(int... start) {
      KernelChoice choice = new KernelChoice(taps, 9);
      choice.prepare(m);
      int[] chosen = start.clone();
      choice.choose(p, scale, chosen);
      return chosen;
    }

    int[] randomChoice(SplittableRandom rng) {
      return rng.ints(taps.length, 0, size()).toArray();
    }
  }

  private static void assertNoWorse(double expected, double cost) {
    assertTrue(cost <= expected + 1e-3 * (1 + Math.abs(expected)), cost + " > " + expected);
  }

  @Test
  void withoutCorrelationsItIsTheCodewordOfMostEqualSigns() {
    float[] m = new float[81];
    for (int i = 0; i < TAPS; i++) {
      m[i * 10] = 1;
    }
    float[][] taps = {
      {
        1, 1, 1, 1, 1, 1, 1, 1, 1, //
        -1, -1, -1, 1, 1, 1, 1, 1, 1,
      }
    };
    KernelChoice choice = new KernelChoice(taps, 9);
    choice.prepare(m);
    int[] chosen = {0};
    float[] p = {-1, -1, 0.5f, 1, 1, 1, 1, 1, 1};
    choice.choose(p, new float[] {1}, chosen);
    assertArrayEquals(new int[] {1}, chosen);
    choice.choose(p, new float[] {-1}, chosen);
    assertArrayEquals(new int[] {0}, chosen, "a negative scale turns all signs");
  }

  @Property(tries = 100)
  void oneStageGetsTheBestOfAllCodewords(
      @ForAll @IntRange(min = 1, max = 9) int tau, @ForAll long seed) {
    SplittableRandom rng = new SplittableRandom(seed);
    Problem problem = Problem.random(1, tau, rng);
    assertNoWorse(
        problem.least(new int[1], 0), problem.cost(problem.chosen(problem.randomChoice(rng))));
  }

  @Property(tries = 60)
  void twoStagesGetTheBestOfAllPairs(
      @ForAll @IntRange(min = 1, max = 6) int tau, @ForAll long seed) {
    SplittableRandom rng = new SplittableRandom(seed);
    Problem problem = Problem.random(2, tau, rng);
    assertNoWorse(
        problem.least(new int[2], 0), problem.cost(problem.chosen(problem.randomChoice(rng))));
  }

  @Property(tries = 60)
  void moreStagesOrLargerCodebooksNeverGetWorseThanTheyWere(
      @ForAll @IntRange(min = 2, max = 4) int stages,
      @ForAll @IntRange(min = 1, max = 8) int tau,
      @ForAll long seed) {
    SplittableRandom rng = new SplittableRandom(seed);
    Problem problem = Problem.random(stages, tau, rng);
    int[] start = problem.randomChoice(rng);
    int[] chosen = problem.chosen(start);
    assertNoWorse(problem.cost(start), problem.cost(chosen));
    // What was chosen last was chosen in view of all others: no other codeword is better there.
    int last = stages - 1;
    for (int k = 0; k < problem.size(); k++) {
      int[] other = chosen.clone();
      other[last] = k;
      assertNoWorse(problem.cost(other), problem.cost(chosen));
    }
  }

  @Property(tries = 30)
  void threeStagesAreNearlyAlwaysTheBestOfAll(@ForAll long seed) {
    SplittableRandom rng = new SplittableRandom(seed);
    double chosen = 0;
    double least = 0;
    double random = 0;
    for (int i = 0; i < 50; i++) {
      Problem problem = Problem.random(3, 2, rng);
      int[] start = problem.randomChoice(rng);
      random += problem.cost(start);
      least += problem.least(new int[3], 0);
      chosen += problem.cost(problem.chosen(start));
    }
    assertTrue(chosen - least < 0.1 * (random - least), "a tenth of what there was to gain");
  }

  @Test
  void isSetAnewForEveryMatrix() {
    SplittableRandom rng = new SplittableRandom(1);
    Problem first = Problem.random(2, 3, rng);
    Problem second = Problem.random(2, 3, rng);
    KernelChoice choice = new KernelChoice(first.taps(), 9);
    choice.prepare(first.m());
    choice.prepare(second.m());
    int[] chosen = new int[2];
    choice.choose(second.p(), second.scale(), chosen);
    Problem mixed = new Problem(first.taps(), second.m(), second.p(), second.scale());
    assertEquals(mixed.least(new int[2], 0), mixed.cost(chosen), 1e-3);
  }
}
