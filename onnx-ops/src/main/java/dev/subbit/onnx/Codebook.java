package dev.subbit.onnx;

import java.util.Arrays;

/**
 * The 2^tau binary 3x3 kernels that all kernels of one layer are drawn from.
 *
 * <p>A codeword is held as nine bits: the taps of the kernel in row-major order, the first tap in
 * the least significant bit, a set bit for +1 and a clear bit for -1. The same order holds in
 * files, native code and hardware. Instances are immutable.
 *
 * <p>Source: Wang et al., "Sub-bit Neural Networks", ICCV 2021, section 3.
 */
public final class Codebook {

  /** The number of taps in a 3x3 kernel. */
  public static final int TAPS = 9;

  /**
   * The largest tau: with it the codebook can hold all 512 kernels, and the layer is a plain binary
   * one.
   */
  public static final int MAX_TAU = TAPS;

  private final int tau;
  private final short[] codewords;

  /**
   * Creates a codebook from codewords in numeric form.
   *
   * @param tau bits of an index, 1 to 9.
   * @param codewords 2^tau codewords, each 0 to 511.
   * @throws IllegalArgumentException if tau, the number of codewords or a codeword is out of range.
   */
  public Codebook(int tau, int[] codewords) {
    requireTau(tau);
    if (codewords.length != 1 << tau) {
      throw new IllegalArgumentException(
          "A codebook of tau = "
              + tau
              + " holds "
              + (1 << tau)
              + " codewords, found "
              + codewords.length);
    }
    this.tau = tau;
    this.codewords = new short[codewords.length];
    for (int i = 0; i < codewords.length; i++) {
      if (codewords[i] < 0 || codewords[i] >= 1 << TAPS) {
        throw new IllegalArgumentException(
            "Codeword " + i + " is " + codewords[i] + ", allowed are 0 to 511");
      }
      this.codewords[i] = (short) codewords[i];
    }
  }

  /**
   * Creates a codebook from its taps, in the layout of the operators' {@code codebook} input.
   *
   * @param tau bits of an index, 1 to 9.
   * @param taps 2^tau * 9 taps of -1 or +1, codeword by codeword, each row-major.
   * @return the codebook.
   * @throws IllegalArgumentException if tau, the number of taps or a tap is out of range.
   */
  public static Codebook ofTaps(int tau, byte[] taps) {
    requireTau(tau);
    if (taps.length != (1 << tau) * TAPS) {
      throw new IllegalArgumentException(
          "A codebook of tau = "
              + tau
              + " holds "
              + (1 << tau) * TAPS
              + " taps, found "
              + taps.length);
    }
    int[] codewords = new int[1 << tau];
    for (int i = 0; i < taps.length; i++) {
      if (taps[i] != 1 && taps[i] != -1) {
        throw new IllegalArgumentException(
            "Tap " + i + " is " + taps[i] + ", allowed are -1 and +1");
      }
      if (taps[i] == 1) {
        codewords[i / TAPS] |= 1 << (i % TAPS);
      }
    }
    return new Codebook(tau, codewords);
  }

  /**
   * Returns the codebook of a plain binary layer: tau = 9, with every kernel at the index that
   * equals its codeword.
   *
   * @return the full codebook.
   */
  public static Codebook full() {
    int[] codewords = new int[1 << TAPS];
    Arrays.setAll(codewords, i -> i);
    return new Codebook(MAX_TAU, codewords);
  }

  static void requireTau(int tau) {
    if (tau < 1 || tau > MAX_TAU) {
      throw new IllegalArgumentException("tau is " + tau + ", allowed are 1 to " + MAX_TAU);
    }
  }

  /**
   * Returns tau, the number of bits in an index.
   *
   * @return tau, 1 to 9.
   */
  public int tau() {
    return tau;
  }

  /**
   * Returns the number of codewords.
   *
   * @return 2^tau.
   */
  public int size() {
    return codewords.length;
  }

  /**
   * Returns a codeword in numeric form.
   *
   * @param index 0 to 2^tau - 1.
   * @return its nine taps as bits, first tap least significant.
   */
  public int codeword(int index) {
    return codewords[index];
  }

  /**
   * Returns a single tap of a codeword.
   *
   * @param index the codeword, 0 to 2^tau - 1.
   * @param tap the tap in row-major order, 0 to 8.
   * @return -1 or +1.
   */
  public int tap(int index, int tap) {
    return ((codewords[index] >> tap) & 1) == 1 ? 1 : -1;
  }

  /**
   * Returns all taps, in the layout of the operators' {@code codebook} input.
   *
   * @return 2^tau * 9 values of -1 or +1, codeword by codeword, each row-major.
   */
  public byte[] toTaps() {
    byte[] taps = new byte[codewords.length * TAPS];
    for (int i = 0; i < taps.length; i++) {
      taps[i] = (byte) tap(i / TAPS, i % TAPS);
    }
    return taps;
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof Codebook && Arrays.equals(codewords, ((Codebook) other).codewords);
  }

  @Override
  public int hashCode() {
    return Arrays.hashCode(codewords);
  }

  @Override
  public String toString() {
    return "Codebook(tau=" + tau + ")";
  }
}
