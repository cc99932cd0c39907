package dev.subbit.tribuo.training.internal.engine.tensorflow;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.tensorflow.Operand;
import org.tensorflow.op.Ops;
import org.tensorflow.types.TFloat32;
import org.tensorflow.types.TInt32;

/**
 * A batch cut into parts that are computed side by side, a thread for each. It must have as many
 * images as parts at least: TensorFlow's convolutions give empty parts wrong shapes.
 */
final class BatchParts {

  private final Ops tf;
  private final List<Operand<TInt32>> starts = new ArrayList<>();

  /**
   * Prepares the parts of a batch.
   *
   * @param batch a tensor whose first axis counts the images.
   * @param parts how many, at least 1.
   */
  BatchParts(Ops tf, Operand<TFloat32> batch, int parts) {
    this.tf = tf;
    Operand<TInt32> images = tf.slice(tf.shape(batch), tf.array(0), tf.array(1));
    for (int part = 0; part <= parts; part++) {
      starts.add(tf.math.div(tf.math.mul(images, tf.array(part)), tf.array(parts)));
    }
  }

  /** How many parts there are. */
  int count() {
    return starts.size() - 1;
  }

  /**
   * Cuts a tensor of the batch.
   *
   * @param whole [N, columns].
   */
  List<Operand<TFloat32>> of(Operand<TFloat32> whole) {
    if (count() == 1) {
      return List.of(whole);
    }
    return IntStream.range(0, count()).mapToObj(part -> part(whole, part)).toList();
  }

  private Operand<TFloat32> part(Operand<TFloat32> whole, int part) {
    Operand<TInt32> from = starts.get(part);
    Operand<TInt32> rows = tf.math.sub(starts.get(part + 1), from);
    Operand<TInt32> begin = tf.concat(List.of(from, tf.array(0)), tf.constant(0));
    Operand<TInt32> size = tf.concat(List.of(rows, tf.array(-1)), tf.constant(0));
    return tf.slice(whole, begin, size);
  }

  /** Puts parts together again, [N, ...]. */
  Operand<TFloat32> joined(List<Operand<TFloat32>> parts) {
    return parts.size() == 1 ? parts.get(0) : tf.concat(parts, tf.constant(0));
  }
}
