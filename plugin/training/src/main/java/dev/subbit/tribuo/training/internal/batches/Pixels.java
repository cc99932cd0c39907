package dev.subbit.tribuo.training.internal.batches;

/**
 * The values of images, one after the other, each in the order of positions (channel, row, column):
 * bytes where all of them are whole numbers from 0 to 255, which take a quarter of the memory, else
 * floats. Holds the array that it is made from.
 */
public final class Pixels {

  // Exactly one of the two is there.
  private final byte[] bytes;
  private final float[] floats;

  private Pixels(byte[] bytes, float[] floats) {
    this.bytes = bytes;
    this.floats = floats;
  }

  /**
   * Makes pixels of bytes.
   *
   * @param bytes the values, each 0 to 255.
   * @return the pixels.
   */
  public static Pixels of(byte[] bytes) {
    return new Pixels(bytes, null);
  }

  /**
   * Makes pixels of floats.
   *
   * @param floats the values.
   * @return the pixels.
   */
  public static Pixels of(float[] floats) {
    return new Pixels(null, floats);
  }

  /**
   * Whether the values are held as bytes.
   *
   * @return true for bytes, false for floats.
   */
  public boolean areBytes() {
    return bytes != null;
  }

  /**
   * Number of values.
   *
   * @return the number.
   */
  public int size() {
    return bytes != null ? bytes.length : floats.length;
  }

  /**
   * The values as bytes.
   *
   * @return the array that is held.
   * @throws IllegalStateException if floats are held.
   */
  public byte[] bytes() {
    if (bytes == null) {
      throw new IllegalStateException("These pixels are floats");
    }
    return bytes;
  }

  /**
   * The values as floats.
   *
   * @return the array that is held, or, of bytes, a new one.
   */
  public float[] floats() {
    if (floats != null) {
      return floats;
    }
    float[] values = new float[bytes.length];
    for (int i = 0; i < values.length; i++) {
      values[i] = bytes[i] & 0xFF;
    }
    return values;
  }
}
