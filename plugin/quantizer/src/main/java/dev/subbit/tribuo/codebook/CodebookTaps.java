package dev.subbit.tribuo.codebook;

import dev.subbit.onnx.Codebook;

/** Converts codebooks to and from the form that training holds: [2^tau, 9] floats of -1 and +1. */
public final class CodebookTaps {

  private CodebookTaps() {}

  /**
   * Returns the taps of a codebook.
   *
   * @param codebook the codebook.
   * @return its taps, codeword by codeword, in row-major order.
   */
  public static float[] of(Codebook codebook) {
    byte[] signs = codebook.toTaps();
    float[] taps = new float[signs.length];
    for (int i = 0; i < taps.length; i++) {
      taps[i] = signs[i];
    }
    return taps;
  }

  /**
   * Makes the codebook that has given taps.
   *
   * @param tau bits of an index.
   * @param taps as {@link #of} gives them.
   * @return the codebook.
   */
  public static Codebook codebook(int tau, float[] taps) {
    byte[] signs = new byte[taps.length];
    for (int i = 0; i < signs.length; i++) {
      signs[i] = (byte) taps[i];
    }
    return Codebook.ofTaps(tau, signs);
  }
}
