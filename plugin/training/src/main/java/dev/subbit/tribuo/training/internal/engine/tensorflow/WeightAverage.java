package dev.subbit.tribuo.training.internal.engine.tensorflow;

import dev.subbit.tribuo.training.internal.engine.Recipe;
import dev.subbit.tribuo.training.internal.engine.TrainingState;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.tensorflow.Operand;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.op.Op;
import org.tensorflow.op.Ops;
import org.tensorflow.op.core.Placeholder;
import org.tensorflow.types.TFloat32;

/**
 * The exponential moving average of the trained variables, as {@link Recipe} defines it: each is
 * moved towards the value that the step's update gave.
 */
final class WeightAverage {

  private final Placeholder<TFloat32> share;
  private final Map<Parameter, Parameter> averages = new LinkedHashMap<>();
  private final List<Op> updates = new ArrayList<>();

  /**
   * Builds the averages.
   *
   * @param trained the variables.
   * @param steps the operations that update them.
   */
  WeightAverage(Ops tf, Set<Parameter> trained, List<Op> steps) {
    this.share = tf.placeholder(TFloat32.class, Placeholder.shape(Shape.scalar()));
    Ops behind = tf.withControlDependencies(steps);
    for (Parameter parameter : trained) {
      Parameter average =
          new Parameter(tf, parameter.name() + TrainingState.AVERAGE, parameter.shape().asArray());
      averages.put(parameter, average);
      Operand<TFloat32> now = behind.readVariableOp(parameter.handle(), TFloat32.class);
      updates.add(
          behind.assignSubVariableOp(
              average.handle(), behind.math.mul(behind.math.sub(average.value(), now), share)));
    }
  }

  /** The average of every trained variable; all start at its first value. */
  Map<Parameter, Parameter> averages() {
    return averages;
  }

  /** The operations that move all averages. */
  List<Op> updates() {
    return updates;
  }

  /** Feeds a run with the share that the step's values take of the average. */
  void feed(Feeds feeds, float stepShare) {
    feeds.feed(share, stepShare);
  }
}
