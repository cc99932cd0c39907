package dev.subbit.tribuo.network;

/**
 * The shape of the values that one node gives for one image: a stack of feature maps, or a plain
 * vector.
 *
 * @param channels feature maps, or length of the vector.
 * @param height rows of a map; 0 for a vector.
 * @param width columns of a map; 0 for a vector.
 */
public record NodeShape(int channels, int height, int width) {

  /**
   * The shape of a vector.
   *
   * @param length its length.
   * @return the shape.
   */
  public static NodeShape vector(int length) {
    return new NodeShape(length, 0, 0);
  }

  /**
   * Whether this is a vector and not a stack of maps.
   *
   * @return true for [N, channels], false for [N, channels, height, width].
   */
  public boolean isVector() {
    return height == 0;
  }

  /**
   * Number of values for one image.
   *
   * @return channels, times height and width for maps.
   */
  public long size() {
    return isVector() ? channels : (long) channels * height * width;
  }

  @Override
  public String toString() {
    return isVector() ? "[" + channels + "]" : channels + " x " + height + " x " + width;
  }
}
