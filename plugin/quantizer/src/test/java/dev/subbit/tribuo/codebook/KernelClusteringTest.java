package dev.subbit.tribuo.codebook;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.subbit.onnx.Codebook;
import java.util.Arrays;
import java.util.SplittableRandom;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import org.junit.jupiter.api.Test;

class KernelClusteringTest {

  private static float[] kernels(int count, SplittableRandom rng) {
    float[] kernels = new float[count * Codebook.TAPS];
    for (int i = 0; i < kernels.length; i++) {
      kernels[i] = (float) rng.nextDouble(-1, 1);
    }
    return kernels;
  }

  /** The sum of the kernels' products with their nearest codewords. */
  private static double fit(Codebook codebook, float[] kernels) {
    int[] indices = KernelAssignment.nearest(codebook, kernels);
    double sum = 0;
    for (int i = 0; i < kernels.length; i++) {
      sum += kernels[i] * codebook.tap(indices[i / Codebook.TAPS], i % Codebook.TAPS);
    }
    return sum;
  }

  private static void assertDistinct(int tau, Codebook codebook) {
    assertEquals(1 << tau, Arrays.stream(DistinctCodewords.of(codebook)).distinct().count());
  }

  @Property(tries = 20)
  void noExchangeOfOneCodewordFitsBetter(
      @ForAll @IntRange(min = 1, max = 4) int tau, @ForAll long seed) {
    float[] kernels = kernels(60, new SplittableRandom(seed));
    Codebook fitted = KernelClustering.fit(tau, kernels, new SplittableRandom(seed));
    assertDistinct(tau, fitted);
    double best = fit(fitted, kernels);
    for (int place = 0; place < fitted.size(); place++) {
      for (int word = 0; word < 512; word++) {
        int[] exchanged = DistinctCodewords.of(fitted);
        exchanged[place] = word;
        assertTrue(fit(new Codebook(tau, exchanged), kernels) <= best + 1e-5);
      }
    }
  }

  @Property(tries = 5)
  void findsTheCodewordsThatKernelsWereMadeFrom(@ForAll long seed) {
    SplittableRandom rng = new SplittableRandom(seed);
    Codebook truth = new Codebook(3, DistinctCodewords.sample(3, rng));
    float[] kernels = kernels(400, rng);
    for (int i = 0; i < kernels.length; i++) {
      int word = (i / Codebook.TAPS) % truth.size();
      kernels[i] = truth.tap(word, i % Codebook.TAPS) + 0.3f * kernels[i];
    }
    int[] fitted = DistinctCodewords.of(KernelClustering.fit(3, kernels, rng));
    int[] expected = DistinctCodewords.of(truth);
    Arrays.sort(fitted);
    Arrays.sort(expected);
    assertArrayEquals(expected, fitted);
  }

  @Test
  void looksAtAShareOfVeryManyKernels() {
    SplittableRandom rng = new SplittableRandom(7);
    float[] kernels = kernels(20_000, rng);
    Codebook fitted = KernelClustering.fit(5, kernels, rng);
    Codebook drawn = new Codebook(5, DistinctCodewords.sample(5, rng));
    assertDistinct(5, fitted);
    assertTrue(fit(fitted, kernels) > fit(drawn, kernels));
  }

  @Test
  void mostFrequentSignsComeFirst() {
    // Three kernels of one pattern, two of another, one of a third and a larger one of a fourth.
    int[] signs = {0b1, 0b11, 0b1, 0b11, 0b1, 0b111, 0b1111};
    float[] kernels = new float[signs.length * Codebook.TAPS];
    for (int i = 0; i < kernels.length; i++) {
      int kernel = i / Codebook.TAPS;
      float size = kernel == 6 ? 2 : 1;
      kernels[i] = (signs[kernel] >> (i % Codebook.TAPS) & 1) == 1 ? size : -size;
    }
    Codebook codebook = KernelClustering.mostFrequent(2, kernels);
    assertArrayEquals(new int[] {0b1, 0b11, 0b1111, 0b111}, DistinctCodewords.of(codebook));
  }

  @Property(tries = 20)
  void thereAreEnoughCodewordsEvenForOneKernel(@ForAll @IntRange(min = 1, max = 9) int tau) {
    float[] kernel = kernels(1, new SplittableRandom(tau));
    assertDistinct(tau, KernelClustering.mostFrequent(tau, kernel));
    assertDistinct(tau, KernelClustering.fit(tau, kernel, new SplittableRandom(1)));
  }

  @Test
  void refusesPartsOfKernels() {
    for (int length : new int[] {0, 10}) {
      assertThrows(
          IllegalArgumentException.class,
          () -> KernelClustering.fit(2, new float[length], new SplittableRandom(1)));
    }
  }

  @Test
  void refusesWeightsThatAreNotFinite() {
    for (float number : new float[] {Float.NaN, Float.NEGATIVE_INFINITY}) {
      float[] kernels = new float[4 * Codebook.TAPS];
      kernels[20] = number;
      assertThrows(
          IllegalArgumentException.class,
          () -> KernelClustering.fit(2, kernels, new SplittableRandom(1)));
    }
  }
}
