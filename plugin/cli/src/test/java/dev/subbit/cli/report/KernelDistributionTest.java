package dev.subbit.cli.report;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.subbit.onnx.Codebook;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class KernelDistributionTest {

  private static final double EXACT = 1e-12;

  @Test
  void countsTheSignsFirstTapLeastSignificant() {
    float[] kernels = {
      0.5f, -1, -1, -1, -1, -1, -1, -1, -2, // 0b000000001
      0.1f, -1, -1, -1, -1, -1, -1, -3, -1, // the same signs
      -1, -1, -1, -1, -1, -1, -1, -1, 0.2f, // 0b100000000
    };
    KernelDistribution distribution = KernelDistribution.ofSigns(kernels);
    assertEquals(3, distribution.total());
    assertEquals(2, distribution.count(1));
    assertEquals(1, distribution.count(256));
    assertEquals(2, distribution.distinct());
    assertEquals(1, distribution.byFrequency()[0]);
    assertEquals(256, distribution.byFrequency()[1]);
    assertEquals(0, distribution.byFrequency()[2], "equally frequent ones go by their numbers");
  }

  @Test
  void zeroOfEitherSignIsPlusOneAsInTheForwardPass() {
    float[] kernel = {0f, -0f, -Float.MIN_VALUE, -1, -1, -1, -1, -1, -1};
    assertEquals(1, KernelDistribution.ofSigns(kernel).count(0b11));
  }

  @Test
  void coverageGrowsFromTheMostFrequentOn() {
    KernelDistribution distribution = of(7, 7, 7, 7, 7, 3, 3, 3, 500, 0);
    assertEquals(0, distribution.coverage(0), EXACT);
    assertEquals(0.5, distribution.coverage(1), EXACT);
    assertEquals(0.8, distribution.coverage(2), EXACT);
    assertEquals(1, distribution.coverage(4), EXACT);
    assertEquals(1, distribution.coverage(512), EXACT);
    assertEquals(0.8, distribution.coverage(new Codebook(1, new int[] {3, 7})), EXACT);
    assertEquals(0.5, distribution.coverage(new Codebook(1, new int[] {7, 7})), EXACT);
    assertEquals(1, distribution.coverage(Codebook.full()), EXACT);
  }

  @Test
  void entropyIsZeroForOneKernelAndNineBitsForAll() {
    assertEquals(0, of(5, 5, 5).entropy(), EXACT);
    assertEquals(1, of(5, 9).entropy(), EXACT);
    assertEquals(9, of(IntStream.range(0, 512).toArray()).entropy(), EXACT);
  }

  @Test
  void aSumCountsBoth() {
    KernelDistribution sum = of(1, 2, 2).plus(of(2, 3));
    assertEquals(5, sum.total());
    assertEquals(3, sum.count(2));
    assertEquals(1, sum.count(3));
    assertEquals(0.6, sum.coverage(1), EXACT);
  }

  @Test
  void drawnKernelsSpreadNearlyEvenly() {
    Random random = new Random(1);
    float[] kernels = new float[200_000 * Codebook.TAPS];
    for (int i = 0; i < kernels.length; i++) {
      kernels[i] = (float) random.nextGaussian();
    }
    KernelDistribution distribution = KernelDistribution.ofSigns(kernels);
    assertEquals(512, distribution.distinct());
    assertTrue(distribution.entropy() > 8.99, "entropy " + distribution.entropy());
    assertEquals(32 / 512.0, distribution.coverage(32), 0.01);
  }

  @Test
  void nothingCountedIsNoError() {
    KernelDistribution none = KernelDistribution.ofSigns(new float[0]);
    assertEquals(0, none.total());
    assertEquals(0, none.coverage(512), EXACT);
    assertEquals(0, none.entropy(), EXACT);
  }

  @Test
  void weightsThatAreNoKernelsAreRefused() {
    assertThrows(IllegalArgumentException.class, () -> KernelDistribution.ofSigns(new float[10]));
    float[] broken = new float[9];
    broken[4] = Float.NaN;
    IllegalArgumentException e =
        assertThrows(IllegalArgumentException.class, () -> KernelDistribution.ofSigns(broken));
    assertTrue(e.getMessage().contains("Weight 4"), e.getMessage());
  }

  // Kernels that are these codewords.
  private static KernelDistribution of(int... codewords) {
    float[] kernels = new float[codewords.length * Codebook.TAPS];
    for (int i = 0; i < kernels.length; i++) {
      int codeword = codewords[i / Codebook.TAPS];
      kernels[i] = ((codeword >> (i % Codebook.TAPS)) & 1) == 1 ? 0.3f : -0.3f;
    }
    return KernelDistribution.ofSigns(kernels);
  }
}
