package dev.subbit.onnx;

/**
 * Converts codebook indices to and from their packed form, tau bit planes, in which an index takes
 * exactly tau bits.
 *
 * <p>Bit {@code b} of index {@code i} is bit {@code i mod 8} of byte {@code b * ceil(count / 8) + i
 * / 8}. Unused bits at the end of a plane are zero.
 */
public final class BitPlanes {

  private BitPlanes() {}

  /**
   * Returns the number of bytes in one bit plane.
   *
   * @param count number of indices, not negative.
   * @return ceil(count / 8).
   */
  public static int planeBytes(int count) {
    return count / 8 + (count % 8 == 0 ? 0 : 1);
  }

  /**
   * Packs indices into bit planes.
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
   * Unpacks the indices in a layer's bit planes.
   *
   * @param planes tau * ceil(count / 8) bytes, as {@link #encode} returns them.
   * @param tau bits of an index, 1 to 9.
   * @param count number of indices, not negative.
   * @return the indices, each 0 to 2^tau - 1.
   * @throws IllegalArgumentException if tau is out of range or the number of bytes does not match.
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
