package dev.subbit.tribuo.codebook;

import dev.subbit.onnx.Codebook;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.IntStream;

/**
 * Fits a codebook to kernels that are already trained: chooses the codewords for which the sum,
 * over the kernels, of the inner product with the nearest codeword is large. The codewords are
 * added greedily, each the one that raises the sum most, and then exchanged for others one by one
 * as long as an exchange raises the sum.
 *
 * <p>Rounds of k-means, each codeword the sign of the mean of its kernels, do not get away from
 * where they start: among 512 candidates a mean seldom changes a sign.
 *
 * <p>Source of the exchange: Schubert and Rousseeuw, "Fast and Eager k-Medoids Clustering" (2021),
 * which finds the best exchange for a candidate in one pass over the kernels.
 */
public final class KernelClustering {

  private static final int CANDIDATES = 1 << Codebook.TAPS;

  /** The most kernels that are looked at; of more, as many are drawn. */
  private static final int MOST_KERNELS = 1 << 13;

  /** A smaller share of the sum is rounding, not a gain. */
  private static final double LEAST_GAIN = 1e-9;

  /** The inner product of every kernel with every candidate, [kernels][512]. */
  private final float[][] products;

  private final int[] codewords;
  private int chosen;

  // Of every kernel: the place of its nearest codeword, and the products with that and with the
  // second nearest.
  private final int[] nearest;
  private final float[] best;
  private final float[] second;

  private KernelClustering(int tau, float[][] products) {
    this.products = products;
    this.codewords = new int[1 << tau];
    this.nearest = new int[products.length];
    this.best = new float[products.length];
    this.second = new float[products.length];
    Arrays.fill(best, Float.NEGATIVE_INFINITY);
    Arrays.fill(second, Float.NEGATIVE_INFINITY);
  }

  /**
   * Fits a codebook to kernels.
   *
   * @param tau bits of an index, 1 to 9; at 9 the full codebook is returned.
   * @param kernels finite weights, 9 per kernel, row-major; at least one kernel.
   * @param rng the generator that the kernels that are looked at are drawn from, where there are
   *     more than 8,192.
   * @return 2^tau different codewords.
   * @throws IllegalArgumentException if tau is out of range, there is no kernel, the weights are
   *     not a whole number of kernels, or one is not finite.
   */
  public static Codebook fit(int tau, float[] kernels, SplittableRandom rng) {
    if (kernels.length == 0 || kernels.length % Codebook.TAPS != 0) {
      throw new IllegalArgumentException(
          kernels.length + " weights are not a whole number of 3x3 kernels");
    }
    for (float weight : kernels) {
      // Gains that are not numbers would be exchanged for each other for ever.
      if (!Float.isFinite(weight)) {
        throw new IllegalArgumentException("A weight of the kernels is " + weight);
      }
    }
    if (tau == Codebook.MAX_TAU) {
      return Codebook.full();
    }
    int[] sample = sample(kernels.length / Codebook.TAPS, rng);
    float[][] products = new float[sample.length][];
    for (int i = 0; i < sample.length; i++) {
      products[i] = products(kernels, sample[i] * Codebook.TAPS);
    }
    KernelClustering clustering = new KernelClustering(tau, products);
    clustering.addGreedily();
    clustering.exchange();
    return new Codebook(tau, clustering.codewords);
  }

  private static int[] sample(int kernels, SplittableRandom rng) {
    int[] all = IntStream.range(0, kernels).toArray();
    if (kernels <= MOST_KERNELS) {
      return all;
    }
    for (int i = 0; i < MOST_KERNELS; i++) {
      int j = rng.nextInt(i, kernels);
      int drawn = all[j];
      all[j] = all[i];
      all[i] = drawn;
    }
    return Arrays.copyOf(all, MOST_KERNELS);
  }

  /**
   * The products of one kernel with all candidates: each differs from an earlier one in one tap.
   */
  private static float[] products(float[] kernels, int first) {
    float[] products = new float[CANDIDATES];
    for (int tap = 0; tap < Codebook.TAPS; tap++) {
      products[0] -= kernels[first + tap];
    }
    for (int tap = 0; tap < Codebook.TAPS; tap++) {
      float twice = 2 * kernels[first + tap];
      for (int word = 0; word < 1 << tap; word++) {
        products[word | 1 << tap] = products[word] + twice;
      }
    }
    return products;
  }

  private void addGreedily() {
    boolean[] used = new boolean[CANDIDATES];
    while (chosen < codewords.length) {
      double[] gains = new double[CANDIDATES];
      for (int kernel = 0; kernel < products.length; kernel++) {
        // The first codeword is the one with the largest sum of products.
        float held = chosen == 0 ? 0 : best[kernel];
        for (int word = 0; word < CANDIDATES; word++) {
          float gain = products[kernel][word] - held;
          gains[word] += chosen == 0 || gain > 0 ? gain : 0;
        }
      }
      int next = -1;
      for (int word = 0; word < CANDIDATES; word++) {
        if (!used[word] && (next < 0 || gains[word] > gains[next])) {
          next = word;
        }
      }
      used[next] = true;
      codewords[chosen++] = next;
      place(chosen - 1);
    }
  }

  /** Takes note of the codeword that was put at a place. */
  private void place(int place) {
    for (int kernel = 0; kernel < products.length; kernel++) {
      float product = products[kernel][codewords[place]];
      if (product > best[kernel]) {
        second[kernel] = best[kernel];
        best[kernel] = product;
        nearest[kernel] = place;
      } else if (product > second[kernel]) {
        second[kernel] = product;
      }
    }
  }

  /** Makes exchanges until none of the candidates raises the sum. */
  private void exchange() {
    double sum = 0;
    for (float product : best) {
      sum += product;
    }
    double least = LEAST_GAIN * Math.abs(sum);
    int sinceLast = 0;
    for (int word = 0; sinceLast < CANDIDATES; word = (word + 1) % CANDIDATES) {
      sinceLast = !isChosen(word) && exchangeFor(word, least) ? 0 : sinceLast + 1;
    }
  }

  private boolean isChosen(int word) {
    return Arrays.stream(codewords).anyMatch(codeword -> codeword == word);
  }

  /** Exchanges the codeword that is missed least for a candidate, if the sum rises by it. */
  private boolean exchangeFor(int word, double least) {
    double common = 0;
    double[] gains = new double[codewords.length];
    for (int kernel = 0; kernel < products.length; kernel++) {
      float product = products[kernel][word];
      if (product > best[kernel]) {
        common += product - best[kernel];
      } else {
        // Only the kernels of the codeword that goes lose by it.
        gains[nearest[kernel]] += Math.max(product, second[kernel]) - best[kernel];
      }
    }
    int place = 0;
    for (int i = 1; i < gains.length; i++) {
      place = gains[i] > gains[place] ? i : place;
    }
    if (common + gains[place] <= least) {
      return false;
    }
    codewords[place] = word;
    Arrays.fill(best, Float.NEGATIVE_INFINITY);
    Arrays.fill(second, Float.NEGATIVE_INFINITY);
    for (int i = 0; i < codewords.length; i++) {
      place(i);
    }
    return true;
  }

  /**
   * The codewords that most kernels have as their signs. Of equally frequent ones those come first
   * whose kernels have the larger sum of magnitudes, then those with the lower number.
   *
   * @param tau bits of an index, 1 to 9; at 9 the full codebook is returned.
   * @param kernels finite weights, 9 per kernel, row-major.
   * @return 2^tau different codewords.
   * @throws IllegalArgumentException if tau is out of range, or the weights are not a whole number
   *     of kernels.
   */
  public static Codebook mostFrequent(int tau, float[] kernels) {
    if (tau == Codebook.MAX_TAU) {
      return Codebook.full();
    }
    int[] signs = KernelAssignment.nearest(Codebook.full(), kernels);
    int[] counts = new int[CANDIDATES];
    double[] magnitudes = new double[CANDIDATES];
    for (int kernel = 0; kernel < signs.length; kernel++) {
      counts[signs[kernel]]++;
      for (int tap = 0; tap < Codebook.TAPS; tap++) {
        magnitudes[signs[kernel]] += Math.abs(kernels[kernel * Codebook.TAPS + tap]);
      }
    }
    List<Integer> words = new ArrayList<>(IntStream.range(0, CANDIDATES).boxed().toList());
    words.sort(
        (a, b) ->
            counts[a] != counts[b]
                ? Integer.compare(counts[b], counts[a])
                : Double.compare(magnitudes[b], magnitudes[a]));
    return new Codebook(tau, words.stream().limit(1L << tau).mapToInt(word -> word).toArray());
  }
}
