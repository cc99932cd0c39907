package dev.subbit.tribuo.engine.tensorflow;

import java.util.List;

/** How TensorFlow is told of the 2x2 average pooling. */
final class Pooling {

  /** Both size and stride of the window, NHWC. */
  static final List<Long> WINDOW = List.of(1L, 2L, 2L, 1L);

  /** Pads a last odd row and column, and leaves the padding out of the average. */
  static final String PADDING = "SAME";

  private Pooling() {}
}
