package dev.subbit.tribuo.data;

import dev.subbit.tribuo.network.ImageShape;
import java.util.Arrays;
import java.util.SplittableRandom;

/**
 * Random changes of training images.
 *
 * @param flip whether half of the images are mirrored left to right.
 * @param maxShift images are moved by up to so many pixels in each direction; what moves in is 0.
 */
public record Augmentation(boolean flip, int maxShift) {

  /**
   * Changes one image in place. Draws as many random numbers for every image.
   *
   * @param shape the shape of the image.
   * @param pixels holds the image from {@code offset} on.
   * @param offset where the image starts.
   * @param rng where the choices come from.
   */
  public void apply(ImageShape shape, float[] pixels, int offset, SplittableRandom rng) {
    if (flip && rng.nextBoolean()) {
      mirror(shape, pixels, offset);
    }
    if (maxShift > 0) {
      int down = rng.nextInt(-maxShift, maxShift + 1);
      int right = rng.nextInt(-maxShift, maxShift + 1);
      shift(shape, pixels, offset, down, right);
    }
  }

  private static void mirror(ImageShape shape, float[] pixels, int offset) {
    int rows = shape.channels() * shape.height();
    for (int row = 0; row < rows; row++) {
      int left = offset + row * shape.width();
      int right = left + shape.width() - 1;
      while (left < right) {
        float pixel = pixels[left];
        pixels[left++] = pixels[right];
        pixels[right--] = pixel;
      }
    }
  }

  private static void shift(ImageShape shape, float[] pixels, int offset, int down, int right) {
    float[] source = Arrays.copyOfRange(pixels, offset, offset + shape.size());
    for (int i = 0; i < shape.size(); i++) {
      int x = i % shape.width() - right;
      int y = i / shape.width() % shape.height() - down;
      boolean inside = x >= 0 && x < shape.width() && y >= 0 && y < shape.height();
      pixels[offset + i] = inside ? source[i - down * shape.width() - right] : 0;
    }
  }
}
