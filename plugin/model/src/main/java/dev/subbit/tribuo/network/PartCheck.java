package dev.subbit.tribuo.network;

import com.oracle.labs.mlrg.olcut.config.PropertyException;
import dev.subbit.tribuo.config.FieldCheck;

/**
 * Checks the properties that parts of networks share. Messages name the layer.
 *
 * @param layer the name of the layer's component.
 */
record PartCheck(String layer) {

  /** Most channels of a layer. */
  static final int MAX_WIDTH = 8192;

  /** Most layers or blocks of one part. */
  private static final int MAX_COUNT = 1000;

  void width(int width) {
    require(width >= 1 && width <= MAX_WIDTH, "width", width, "1 to " + MAX_WIDTH);
  }

  void count(int count) {
    require(count >= 1 && count <= MAX_COUNT, "count", count, "1 to " + MAX_COUNT);
  }

  void kernel(int kernel) {
    require(Layer.Conv.KERNELS.contains(kernel), "kernel", kernel, "one of " + Layer.Conv.KERNELS);
  }

  void stride(int stride) {
    require(stride == 1 || stride == 2, "stride", stride, "1 or 2");
  }

  void pool(int pool) {
    require(pool == 0 || pool == 2 || pool == 3, "pool", pool, "0 for no pooling, 2 or 3");
  }

  void notNegative(String field, int value) {
    require(value >= 0, field, value, "0 and more");
  }

  /**
   * Checks a property.
   *
   * @throws PropertyException if its value is not allowed.
   */
  private void require(boolean condition, String field, int value, String allowed) {
    new FieldCheck(layer).require(condition, "layer '" + layer + "': " + field, value, allowed);
  }
}
