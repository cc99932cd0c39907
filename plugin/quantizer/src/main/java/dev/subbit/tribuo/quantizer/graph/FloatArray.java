package dev.subbit.tribuo.quantizer.graph;

/**
 * A float tensor.
 *
 * @param shape its shape.
 * @param values its values in row-major order; not copied.
 */
public record FloatArray(long[] shape, float[] values) {

  private static final int IMAGE_AXES = 3;

  /**
   * The values as a batch of images: of a value inside a loop, all iterations follow one another.
   *
   * @return the same values, [images, channels, rows, columns]; no image where a loop did not run.
   */
  public FloatArray images() {
    if (values.length == 0) {
      return new FloatArray(new long[] {0, 1, 1, 1}, values);
    }
    int images = shape.length - IMAGE_AXES;
    if (images == 1) {
      return this;
    }
    long count = 1;
    for (int axis = 0; axis < images; axis++) {
      count *= shape[axis];
    }
    long[] batch = new long[1 + IMAGE_AXES];
    batch[0] = count;
    System.arraycopy(shape, images, batch, 1, IMAGE_AXES);
    return new FloatArray(batch, values);
  }
}
