package dev.subbit.cli.report;

import dev.subbit.onnx.Codebook;
import java.util.Arrays;
import java.util.Comparator;
import java.util.stream.IntStream;

/**
 * The distribution of a layer's 3x3 kernels over the 512 binary kernels: a kernel counts for the
 * one that its signs make, {@code w >= 0} for +1, as the forward pass binarises.
 *
 * <p>That trained kernels crowd on few of the 512, and that these few differ from layer to layer,
 * is the observation that sub-bit networks rest on (Wang et al., "Sub-bit Neural Networks", ICCV
 * 2021, section 3.1). Immutable.
 */
public final class KernelDistribution {

  /** Number of binary 3x3 kernels. */
  public static final int KERNELS = 1 << Codebook.TAPS;

  private final int[] counts;
  private final long total;
  private final int[] byFrequency;

  private KernelDistribution(int[] counts) {
    this.counts = counts;
    this.total = Arrays.stream(counts).asLongStream().sum();
    this.byFrequency =
        IntStream.range(0, KERNELS)
            .boxed()
            .sorted(Comparator.comparing(codeword -> -counts[codeword]))
            .mapToInt(Integer::intValue)
            .toArray();
  }

  /**
   * Counts the signs of real kernels.
   *
   * @param kernels weights, 9 per kernel, row-major, such as latent weights [out, in, 3, 3].
   * @return the distribution.
   * @throws IllegalArgumentException if the weights are not a whole number of kernels, or one is
   *     not a number.
   */
  public static KernelDistribution ofSigns(float[] kernels) {
    if (kernels.length % Codebook.TAPS != 0) {
      throw new IllegalArgumentException(
          kernels.length + " weights are not a whole number of 3x3 kernels");
    }
    int[] counts = new int[KERNELS];
    for (int first = 0; first < kernels.length; first += Codebook.TAPS) {
      int codeword = 0;
      for (int tap = 0; tap < Codebook.TAPS; tap++) {
        float weight = kernels[first + tap];
        if (Float.isNaN(weight)) {
          throw new IllegalArgumentException("Weight " + (first + tap) + " is not a number");
        }
        if (weight >= 0) {
          codeword |= 1 << tap;
        }
      }
      counts[codeword]++;
    }
    return new KernelDistribution(counts);
  }

  /**
   * The kernels of this and another distribution together.
   *
   * @param other the other one.
   * @return the sum.
   */
  public KernelDistribution plus(KernelDistribution other) {
    int[] sum = counts.clone();
    for (int codeword = 0; codeword < KERNELS; codeword++) {
      sum[codeword] = Math.addExact(sum[codeword], other.counts[codeword]);
    }
    return new KernelDistribution(sum);
  }

  /**
   * The number of kernels that fall on a binary kernel.
   *
   * @param codeword the binary kernel, 0 to 511, first tap least significant.
   * @return the number.
   */
  public int count(int codeword) {
    return counts[codeword];
  }

  /**
   * Number of kernels counted.
   *
   * @return at least 0.
   */
  public long total() {
    return total;
  }

  /**
   * The binary kernels, the most frequent first; equally frequent ones in the order of their
   * numbers.
   *
   * @return all 512 codewords.
   */
  public int[] byFrequency() {
    return byFrequency.clone();
  }

  /**
   * The number of binary kernels that occur at least once.
   *
   * @return 0 to 512.
   */
  public int distinct() {
    return (int) Arrays.stream(counts).filter(count -> count > 0).count();
  }

  /**
   * The share of the kernels that fall on the most frequent binary kernels.
   *
   * @param most how many of these, 0 to 512.
   * @return 0 to 1; 0 where nothing was counted.
   */
  public double coverage(int most) {
    long covered = 0;
    for (int rank = 0; rank < most; rank++) {
      covered += counts[byFrequency[rank]];
    }
    return share(covered);
  }

  /**
   * The share of the kernels whose signs are a codeword of a codebook.
   *
   * @param codebook the codebook; a codeword that it holds twice counts once.
   * @return 0 to 1; 0 where nothing was counted.
   */
  public double coverage(Codebook codebook) {
    boolean[] member = new boolean[KERNELS];
    for (int index = 0; index < codebook.size(); index++) {
      member[codebook.codeword(index)] = true;
    }
    long covered = 0;
    for (int codeword = 0; codeword < KERNELS; codeword++) {
      covered += member[codeword] ? counts[codeword] : 0;
    }
    return share(covered);
  }

  /**
   * Shannon's entropy: the bits that a perfect code would spend on one kernel.
   *
   * @return 0, where all kernels are alike, to 9, where they spread evenly over all 512.
   */
  public double entropy() {
    double entropy = 0;
    for (int count : counts) {
      if (count > 0) {
        double share = (double) count / total;
        entropy -= share * Math.log(share) / Math.log(2);
      }
    }
    return entropy;
  }

  private double share(long covered) {
    return total == 0 ? 0 : (double) covered / total;
  }
}
