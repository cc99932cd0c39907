package dev.subbit.tribuo.network;

import java.io.Serializable;

/**
 * The shape of the images that a network takes. Pixels are numbered channel by channel, each
 * row-major: pixel {@code (c, y, x)} has position {@code (c * height + y) * width + x}.
 *
 * @param channels colour channels, at least 1.
 * @param height rows, at least 1.
 * @param width columns, at least 1.
 */
public record ImageShape(int channels, int height, int width) implements Serializable {

  // Checks that the sizes are positive and their product is not too large.
  public ImageShape {
    if (channels < 1
        || height < 1
        || width < 1
        || (long) channels * height * width > Integer.MAX_VALUE / 4) {
      throw new IllegalArgumentException(
          "Not an image shape: " + channels + " x " + height + " x " + width);
    }
  }

  /**
   * Number of values in one image.
   *
   * @return channels * height * width.
   */
  public int size() {
    return channels * height * width;
  }
}
