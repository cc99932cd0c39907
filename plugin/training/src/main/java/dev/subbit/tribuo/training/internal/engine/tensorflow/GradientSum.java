package dev.subbit.tribuo.training.internal.engine.tensorflow;

import org.tensorflow.Operand;
import org.tensorflow.op.Op;
import org.tensorflow.op.Ops;
import org.tensorflow.types.TFloat32;

/** A gradient summed over steps, from one use of the sum to the next. */
final class GradientSum {

  private final Parameter before;
  private final Operand<TFloat32> sum;
  private final Op update;

  /**
   * Builds the sum of one gradient.
   *
   * @param name of the variable.
   * @param gradient the gradient of one step.
   */
  GradientSum(Ops tf, String name, Operand<TFloat32> gradient) {
    this.before = new Parameter(tf, name, gradient.shape().asArray());
    this.sum = tf.math.add(before.value(), gradient);
    this.update = tf.assignVariableOp(before.handle(), sum);
  }

  /** The sum before this step; to be set to 0 after the sum was used. */
  Parameter before() {
    return before;
  }

  /** The sum with this step. */
  Operand<TFloat32> sum() {
    return sum;
  }

  /** Carries the sum over to the next step. */
  Op update() {
    return update;
  }
}
