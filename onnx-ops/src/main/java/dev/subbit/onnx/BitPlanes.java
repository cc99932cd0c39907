package dev.subbit.onnx;

/**
 * The packed form of codebook indices: tau bit planes, so that an index costs tau bits on disk and
 * nothing more.
 *
 * <p>Bit {@code b} of index {@code i} is bit {@code i mod 8} of byte {@code b * ceil(count / 8) + i
 * / 8}. Unused bits at the end of a plane are zero.
 */
public final class BitPlanes {

  private BitPlanes() {}

  /**
   * Bytes of one plane.
   *
   * @param count number of indices, not negative.
   * @return ceil(count / 8).
   */
  public static int planeBytes(int count) {
    return count / 8 + (count % 8 == 0 ? 0 : 1);
  }

  /**
   * Packs indices.
   *
   * @param indices the indices, each 0 to 2^tau - 1.
   * @param tau bits of an index, 1 to 9.
   * @return tau * ceil(indices.length / 8) bytes, plane by plane, least significant bit first.
   * @throws IllegalArgumentException if tau or an index is out of range.
   */
  public static byte[] encode(int[] indices, int tau) {
    Codebook.requireTau(tau);
    int planeBytes = planeBytes(indices.length);
    byte[] planes = new byte[Math.multiplyExact(tau, planeBytes)];
    for (int i = 0; i < indices.length; i++) {
      if (indices[i] < 0 || indices[i] >= 1 << tau) {
        throw new IllegalArgumentException(
            "Index "
                + i
                + " is "
                + indices[i]
                + ", allowed are 0 to "
                + ((1 << tau) - 1)
                + " at tau = "
                + tau);
      }
      for (int bit = 0; bit < tau; bit++) {
        planes[bit * planeBytes + i / 8] |= (byte) (((indices[i] >> bit) & 1) << (i % 8));
      }
    }
    return planes;
  }

  /**
   * Unpacks indices.
   *
   * @param planes tau * ceil(count / 8) bytes, as {@link #encode} makes them.
   * @param tau bits of an index, 1 to 9.
   * @param count number of indices, not negative.
   * @return the indices, each 0 to 2^tau - 1.
   * @throws IllegalArgumentException if tau or the number of bytes does not fit.
   */
  public static int[] decode(byte[] planes, int tau, int count) {
    Codebook.requireTau(tau);
    int planeBytes = planeBytes(count);
    if (count < 0 || planes.length != (long) tau * planeBytes) {
      throw new IllegalArgumentException(
          count
              + " indices of tau = "
              + tau
              + " take "
              + (long) tau * planeBytes
              + " bytes, found "
              + planes.length);
    }
    int[] indices = new int[count];
    for (int bit = 0; bit < tau; bit++) {
      for (int i = 0; i < count; i++) {
        indices[i] |= ((planes[bit * planeBytes + i / 8] >> (i % 8)) & 1) << bit;
      }
    }
    return indices;
  }
}
