package dev.subbit.tribuo.training.internal.engine.tensorflow;

import java.util.ArrayList;
import java.util.List;
import org.tensorflow.Operand;
import org.tensorflow.Output;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.op.Ops;
import org.tensorflow.types.TFloat32;

/**
 * The means over all processes of what each computes in a step, by one exchange: a ring pays its
 * delays once per exchange, so one with all values is faster than one for each.
 */
final class RingMean {

  private final Ops tf;
  private final List<Operand<TFloat32>> own = new ArrayList<>();
  private final List<Shape> shapes = new ArrayList<>();

  RingMean(Ops tf) {
    this.tf = tf;
  }

  /**
   * Adds a tensor to be exchanged.
   *
   * @param value what this process computes.
   * @param shape of it, known to the last axis.
   */
  void add(Operand<TFloat32> value, Shape shape) {
    own.add(tf.reshape(value, tf.array(-1)));
    shapes.add(shape);
  }

  /** The means of all that were added, in their order and shapes. */
  List<Operand<TFloat32>> of(Ring ring) {
    Operand<TFloat32> all = ring.mean(tf, tf.concat(own, tf.constant(0)));
    long[] sizes = shapes.stream().mapToLong(Shape::size).toArray();
    List<Output<TFloat32>> pieces =
        tf.splitV(all, tf.constant(sizes), tf.constant(0), (long) sizes.length).output();
    List<Operand<TFloat32>> means = new ArrayList<>();
    for (int i = 0; i < sizes.length; i++) {
      means.add(tf.reshape(pieces.get(i), tf.constant(shapes.get(i).asArray())));
    }
    return means;
  }
}
