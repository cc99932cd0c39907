package dev.subbit.tribuo.codebook;

import dev.subbit.onnx.Codebook;
import java.util.Arrays;
import java.util.SplittableRandom;

/**
 * Fits a codebook to kernels that are already trained, by k-means in which every centre is a
 * codeword, the sign of the mean of the kernels that have it.
 *
 * <p>Source: "BTC-LLM" (arXiv 2506.12040), binary codebooks after training.
 */
public final class KernelClustering {

  private KernelClustering() {}

  /**
   * Fits a codebook to kernels.
   *
   * @param tau bits of an index, 1 to 9; at 9 the full codebook is returned.
   * @param kernels finite weights, 9 per kernel, row-major.
   * @param rounds largest number of rounds; fewer if a round changes nothing.
   * @param rng the generator that the first codewords and replacements of repeats are drawn from.
   * @return 2^tau different codewords.
   * @throws IllegalArgumentException if tau is out of range or the weights are not a whole number
   *     of kernels.
   */
  public static Codebook fit(int tau, float[] kernels, int rounds, SplittableRandom rng) {
    if (tau == Codebook.MAX_TAU) {
      return Codebook.full();
    }
    Codebook codebook = new Codebook(tau, DistinctCodewords.sample(tau, rng));
    for (int round = 0; round < rounds; round++) {
      Codebook next = round(codebook, kernels, rng);
      if (next.equals(codebook)) {
        break;
      }
      codebook = next;
    }
    return codebook;
  }

  /** Makes one round of k-means. */
  static Codebook round(Codebook codebook, float[] kernels, SplittableRandom rng) {
    int[] codewords = signsOfMeans(codebook, kernels);
    DistinctCodewords.replaceRepeats(codewords, rng);
    return new Codebook(codebook.tau(), codewords);
  }

  /** The sign of the sum of each codeword's kernels; a tap whose sum is 0 keeps its sign. */
  private static int[] signsOfMeans(Codebook codebook, float[] kernels) {
    int[] indices = KernelAssignment.nearest(codebook, kernels);
    double[] sums = new double[codebook.size() * Codebook.TAPS];
    for (int i = 0; i < kernels.length; i++) {
      sums[indices[i / Codebook.TAPS] * Codebook.TAPS + i % Codebook.TAPS] += kernels[i];
    }
    int[] codewords = new int[codebook.size()];
    Arrays.setAll(codewords, codebook::codeword);
    for (int i = 0; i < sums.length; i++) {
      int bit = 1 << (i % Codebook.TAPS);
      if (sums[i] > 0) {
        codewords[i / Codebook.TAPS] |= bit;
      } else if (sums[i] < 0) {
        codewords[i / Codebook.TAPS] &= ~bit;
      }
    }
    return codewords;
  }
}
