package dev.subbit.tribuo.codebook;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.subbit.onnx.Codebook;
import dev.subbit.tribuo.settings.Assignment;
import java.util.SplittableRandom;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import org.junit.jupiter.api.Test;

class KernelAssignmentTest {

  private static float[] kernels(int count, SplittableRandom rng) {
    float[] kernels = new float[count * Codebook.TAPS];
    for (int i = 0; i < kernels.length; i++) {
      kernels[i] = (float) rng.nextDouble(-1, 1);
    }
    return kernels;
  }

  private static double squaredDistance(Codebook codebook, int word, float[] kernels, int kernel) {
    double sum = 0;
    for (int tap = 0; tap < Codebook.TAPS; tap++) {
      double difference = kernels[kernel * Codebook.TAPS + tap] - (double) codebook.tap(word, tap);
      sum += difference * difference;
    }
    return sum;
  }

  @Property(tries = 50)
  void noCodewordIsNearer(@ForAll @IntRange(min = 1, max = 9) int tau, @ForAll long seed) {
    SplittableRandom rng = new SplittableRandom(seed);
    Codebook codebook = new Codebook(tau, DistinctCodewords.sample(tau, rng));
    float[] kernels = kernels(10, rng);
    int[] indices = KernelAssignment.nearest(codebook, kernels);
    for (int kernel = 0; kernel < indices.length; kernel++) {
      double chosen = squaredDistance(codebook, indices[kernel], kernels, kernel);
      for (int word = 0; word < codebook.size(); word++) {
        assertTrue(chosen <= squaredDistance(codebook, word, kernels, kernel) + 1e-5);
      }
    }
  }

  @Test
  void underTheFullCodebookAKernelBecomesItsSigns() {
    float[] kernels = kernels(20, new SplittableRandom(3));
    int[] indices = KernelAssignment.nearest(Codebook.full(), kernels);
    for (int i = 0; i < kernels.length; i++) {
      assertEquals(
          kernels[i] > 0 ? 1 : -1,
          Codebook.full().tap(indices[i / Codebook.TAPS], i % Codebook.TAPS));
    }
  }

  @Test
  void equallyNearCodewordsGoToTheLowestIndex() {
    Codebook codebook = new Codebook(1, new int[] {0b1, 0b10});
    assertArrayEquals(new int[] {0}, KernelAssignment.nearest(codebook, new float[9]));
  }

  @Test
  void scaledAssignmentLetsNoWeightOutvoteTheOthers() {
    // The outlier wants the first codeword, the eight other weights the second.
    float[] kernel = {9, -1, -1, -1, -1, -1, -1, -1, -1};
    Codebook codebook = new Codebook(1, new int[] {0b111111111, 0b000000000});
    assertArrayEquals(new int[] {0}, KernelAssignment.assign(Assignment.NEAREST, codebook, kernel));
    assertArrayEquals(new int[] {1}, KernelAssignment.assign(Assignment.SCALED, codebook, kernel));
  }

  @Test
  void refusesPartsOfKernels() {
    assertThrows(
        IllegalArgumentException.class,
        () -> KernelAssignment.nearest(Codebook.full(), new float[10]));
  }
}
