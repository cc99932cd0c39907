package dev.subbit.tribuo.training.internal.graph.tensorflow;

import dev.subbit.tribuo.training.internal.engine.tensorflow.Parameter;
import org.tensorflow.Operand;
import org.tensorflow.op.Ops;
import org.tensorflow.types.TFloat32;

/**
 * A tensor that starts at given numbers: {@code start + unit * change}, where the change starts at
 * 0. So the start is exact, and a learning rate means the same share of the usual size of any
 * tensor.
 */
final class TrainedTensor {

  private final Parameter change;
  private final Operand<TFloat32> value;

  /**
   * Makes a tensor.
   *
   * @param scope the graph.
   * @param name its name, unique in the graph.
   * @param shape its shape.
   * @param start the numbers it starts at.
   * @param unit for each of them what a change of 1 adds; or one for all.
   */
  TrainedTensor(GraphScope scope, String name, long[] shape, float[] start, float[] unit) {
    Ops tf = scope.tf();
    this.change = new Parameter(tf, name, shape);
    Operand<TFloat32> step = unit.length == 1 ? tf.constant(unit[0]) : scope.constant(shape, unit);
    this.value = tf.math.add(scope.constant(shape, start), tf.math.mul(change.value(), step));
  }

  /** The root mean square of some numbers; 1 if all are 0. */
  static float[] usualSize(float[] numbers) {
    double squares = 0;
    for (float number : numbers) {
      squares += (double) number * number;
    }
    float size = (float) Math.sqrt(squares / Math.max(1, numbers.length));
    return new float[] {size > 0 ? size : 1};
  }

  Parameter change() {
    return change;
  }

  Operand<TFloat32> value() {
    return value;
  }
}
