package dev.subbit.tribuo.codebook;

import dev.subbit.onnx.Codebook;
import java.util.Arrays;
import java.util.SplittableRandom;
import java.util.stream.IntStream;

/** Draws codebooks without repeated codewords, and replaces codewords that repeat. */
public final class DistinctCodewords {

  private static final int ALL = 1 << Codebook.TAPS;

  private DistinctCodewords() {}

  /**
   * Draws 2^tau of the 512 codewords without repetition, each subset equally likely. At tau = 9 the
   * result is all codewords, in their order.
   *
   * @param tau bits of an index, 1 to 9.
   * @param rng the generator that the choice is drawn from.
   * @return the codewords, each 9 bits.
   */
  public static int[] sample(int tau, SplittableRandom rng) {
    int[] all = IntStream.range(0, ALL).toArray();
    if (tau == Codebook.MAX_TAU) {
      return all;
    }
    int count = 1 << tau;
    // The first steps of a Fisher-Yates shuffle.
    for (int i = 0; i < count; i++) {
      int j = rng.nextInt(i, ALL);
      int drawn = all[j];
      all[j] = all[i];
      all[i] = drawn;
    }
    return Arrays.copyOf(all, count);
  }

  /**
   * The codewords of a codebook.
   *
   * @param codebook the codebook.
   * @return its codewords in the order of their indices.
   */
  public static int[] of(Codebook codebook) {
    return IntStream.range(0, codebook.size()).map(codebook::codeword).toArray();
  }

  /**
   * Replaces every codeword that repeats an earlier one by one drawn from those that are not in the
   * codebook. There is always one, since a codebook holds at most 512 codewords.
   *
   * @param codewords the codewords, changed in place.
   * @param rng the generator that replacements are drawn from; not used if nothing repeats.
   * @return the places that were replaced.
   */
  public static boolean[] replaceRepeats(int[] codewords, SplittableRandom rng) {
    boolean[] used = new boolean[ALL];
    boolean[] repeats = new boolean[codewords.length];
    for (int i = 0; i < codewords.length; i++) {
      repeats[i] = used[codewords[i]];
      used[codewords[i]] = true;
    }
    for (int i = 0; i < codewords.length; i++) {
      if (repeats[i]) {
        int[] unused = IntStream.range(0, ALL).filter(codeword -> !used[codeword]).toArray();
        codewords[i] = unused[rng.nextInt(unused.length)];
        used[codewords[i]] = true;
      }
    }
    return repeats;
  }
}
