package dev.subbit.tribuo.data;

import dev.subbit.tribuo.network.ImageShape;

/**
 * Whether light and dark of a picture change places before a network looks at it. Some data sets,
 * such as MNIST and Fashion-MNIST, show light things on a dark ground, where photographs and scans
 * show dark things on a light one.
 */
public enum Inversion {
  /** Pictures are taken as they are. */
  NEVER,
  /** All pictures are inverted. */
  ALWAYS,
  /**
   * Pictures with a light border are inverted, so that the ground is always dark: those whose
   * outermost rows and columns, as the network would see them, have a mean above 127.5.
   */
  AUTO;

  private static final int WHITE = 255;

  /**
   * Inverts an image where that is due.
   *
   * @param image its values in the order of positions; changed in place.
   * @param shape its shape.
   */
  void apply(byte[] image, ImageShape shape) {
    if (this == ALWAYS || (this == AUTO && hasLightBorder(image, shape))) {
      for (int i = 0; i < image.length; i++) {
        image[i] = (byte) (WHITE - (image[i] & 0xFF));
      }
    }
  }

  private static boolean hasLightBorder(byte[] image, ImageShape shape) {
    long sum = 0;
    long count = 0;
    int position = 0;
    for (int channel = 0; channel < shape.channels(); channel++) {
      for (int y = 0; y < shape.height(); y++) {
        for (int x = 0; x < shape.width(); x++) {
          boolean edge = y == 0 || y == shape.height() - 1 || x == 0 || x == shape.width() - 1;
          if (edge) {
            sum += image[position] & 0xFF;
            count++;
          }
          position++;
        }
      }
    }
    return 2 * sum > WHITE * count;
  }
}
