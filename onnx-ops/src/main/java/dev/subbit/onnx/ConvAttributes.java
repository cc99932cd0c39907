package dev.subbit.onnx;

/**
 * The geometry of a 3x3 convolution: the attributes {@code strides}, {@code pads}, {@code
 * dilations} and {@code group} that all sub-bit convolutions have, with the meaning they have in
 * ONNX's Conv.
 *
 * @param strideHeight rows from one output row to the next, at least 1.
 * @param strideWidth columns from one output column to the next, at least 1.
 * @param padTop rows of padding above, at least 0.
 * @param padLeft columns of padding to the left, at least 0.
 * @param padBottom rows of padding below, at least 0.
 * @param padRight columns of padding to the right, at least 0.
 * @param dilationHeight rows from one tap to the next, at least 1.
 * @param dilationWidth columns from one tap to the next, at least 1.
 * @param group number of groups that the channels are split into, at least 1.
 */
public record ConvAttributes(
    int strideHeight,
    int strideWidth,
    int padTop,
    int padLeft,
    int padBottom,
    int padRight,
    int dilationHeight,
    int dilationWidth,
    int group) {

  // Rejects values that no convolution can have.
  public ConvAttributes {
    requireAtLeast(1, "stride", strideHeight, strideWidth);
    requireAtLeast(0, "pad", padTop, padLeft, padBottom, padRight);
    requireAtLeast(1, "dilation", dilationHeight, dilationWidth);
    requireAtLeast(1, "group", group);
  }

  /**
   * Returns the usual geometry: the same stride on both axes, the same padding on all sides, no
   * dilation, one group.
   *
   * @param stride rows and columns from one output to the next, at least 1.
   * @param pad rows and columns of padding on each side, at least 0.
   * @return the attributes.
   */
  public static ConvAttributes of(int stride, int pad) {
    return new ConvAttributes(stride, stride, pad, pad, pad, pad, 1, 1, 1);
  }

  private static void requireAtLeast(int least, String what, int... values) {
    for (int value : values) {
      if (value < least) {
        throw new IllegalArgumentException(
            "A convolution's " + what + " is at least " + least + ", found " + value);
      }
    }
  }

  /**
   * Computes the number of output rows.
   *
   * @param height rows of the input.
   * @return rows of the output; not positive where the kernel does not fit into the padded input.
   */
  public int outputHeight(int height) {
    return Math.floorDiv(height + padTop + padBottom - 2 * dilationHeight - 1, strideHeight) + 1;
  }

  /**
   * Computes the number of output columns.
   *
   * @param width columns of the input.
   * @return columns of the output; not positive where the kernel does not fit into the padded
   *     input.
   */
  public int outputWidth(int width) {
    return Math.floorDiv(width + padLeft + padRight - 2 * dilationWidth - 1, strideWidth) + 1;
  }
}
