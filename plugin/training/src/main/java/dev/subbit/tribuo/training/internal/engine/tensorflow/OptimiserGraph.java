package dev.subbit.tribuo.training.internal.engine.tensorflow;

import dev.subbit.tribuo.settings.Optimiser;
import dev.subbit.tribuo.training.internal.engine.LayerRates;
import dev.subbit.tribuo.training.internal.engine.Recipe;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;
import org.tensorflow.Operand;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.op.Op;
import org.tensorflow.op.Ops;
import org.tensorflow.op.core.Placeholder;
import org.tensorflow.op.core.ReduceSum;
import org.tensorflow.op.train.ResourceApplyAdam;
import org.tensorflow.op.train.ResourceApplyMomentum;
import org.tensorflow.types.TFloat32;

/** The graph from gradients to steps: clipping, decay, Adam or SGD. */
final class OptimiserGraph {

  private static final float ADAM_BETA1 = 0.9f;
  private static final float ADAM_BETA2 = 0.999f;
  private static final float ADAM_EPSILON = 1e-8f;

  private final Ops tf;
  private final Recipe recipe;
  private final LayerRates rates;
  private final List<Parameter> slots = new ArrayList<>();
  private final List<Op> updates = new ArrayList<>();
  private final Placeholder<TFloat32> learningRate;
  private final Placeholder<TFloat32> beta1Power;
  private final Placeholder<TFloat32> beta2Power;

  /**
   * Builds the updates of all variables.
   *
   * @param rates how fast each layer is trained; none of the trained variables is frozen.
   * @param gradients the gradient of every trained variable.
   * @param isDecayed which variables the weight decay is for.
   */
  OptimiserGraph(
      Ops tf,
      Recipe recipe,
      LayerRates rates,
      Map<Parameter, Operand<TFloat32>> gradients,
      Predicate<Parameter> isDecayed) {
    this.tf = tf;
    this.recipe = recipe;
    this.rates = rates;
    this.learningRate = scalar();
    this.beta1Power = scalar();
    this.beta2Power = scalar();
    clipped(gradients)
        .forEach(
            (parameter, gradient) ->
                update(
                    parameter,
                    isDecayed.test(parameter) ? decayed(parameter, gradient) : gradient));
  }

  private Placeholder<TFloat32> scalar() {
    return tf.placeholder(TFloat32.class, Placeholder.shape(Shape.scalar()));
  }

  /** Shortens all gradients by one factor, min(1, clip / norm). */
  private Map<Parameter, Operand<TFloat32>> clipped(Map<Parameter, Operand<TFloat32>> gradients) {
    float clip = recipe.gradientClip();
    if (clip == 0) {
      return gradients;
    }
    List<Operand<TFloat32>> squares = new ArrayList<>();
    for (Operand<TFloat32> gradient : gradients.values()) {
      Operand<TFloat32> flat = tf.reshape(gradient, tf.array(-1));
      squares.add(tf.reduceSum(tf.math.square(flat), tf.constant(0), ReduceSum.keepDims(false)));
    }
    Operand<TFloat32> norm = tf.math.sqrt(tf.math.addN(squares));
    Operand<TFloat32> factor =
        tf.math.div(tf.constant(clip), tf.math.maximum(norm, tf.constant(clip)));
    Map<Parameter, Operand<TFloat32>> shortened = new LinkedHashMap<>();
    gradients.forEach(
        (parameter, gradient) -> shortened.put(parameter, tf.math.mul(gradient, factor)));
    return shortened;
  }

  private Operand<TFloat32> decayed(Parameter parameter, Operand<TFloat32> gradient) {
    return recipe.weightDecay() == 0
        ? gradient
        : tf.math.add(gradient, tf.math.mul(parameter.value(), tf.constant(recipe.weightDecay())));
  }

  private void update(Parameter parameter, Operand<TFloat32> gradient) {
    updates.add(
        recipe.optimiser() == Optimiser.ADAM
            ? adam(parameter, gradient)
            : sgd(parameter, gradient));
  }

  private Op adam(Parameter parameter, Operand<TFloat32> gradient) {
    return tf.train.resourceApplyAdam(
        parameter.handle(),
        slot(parameter, "m").handle(),
        slot(parameter, "v").handle(),
        beta1Power,
        beta2Power,
        rate(parameter),
        tf.constant(ADAM_BETA1),
        tf.constant(ADAM_BETA2),
        tf.constant(ADAM_EPSILON),
        gradient,
        new ResourceApplyAdam.Options[0]);
  }

  private Op sgd(Parameter parameter, Operand<TFloat32> gradient) {
    return tf.train.resourceApplyMomentum(
        parameter.handle(),
        slot(parameter, "a").handle(),
        rate(parameter),
        gradient,
        tf.constant(recipe.momentum()),
        ResourceApplyMomentum.useNesterov(true));
  }

  private Operand<TFloat32> rate(Parameter parameter) {
    float factor = rates.of(parameter.name());
    return factor == 1 ? learningRate : tf.math.mul(learningRate, tf.constant(factor));
  }

  private Parameter slot(Parameter parameter, String name) {
    Parameter slot = new Parameter(tf, parameter.name() + "/" + name, parameter.shape().asArray());
    slots.add(slot);
    return slot;
  }

  /**
   * The variables that the optimiser keeps for each trained one, named after it; all start at 0.
   */
  List<Parameter> slots() {
    return slots;
  }

  /** The operations that update all variables. */
  List<Op> updates() {
    return updates;
  }

  /**
   * Feeds a run with what its step needs.
   *
   * @param rate the learning rate.
   * @param number the step's number, 1 for the first.
   */
  void feed(Feeds feeds, float rate, int number) {
    feeds.feed(learningRate, rate);
    if (recipe.optimiser() == Optimiser.ADAM) {
      feeds.feed(beta1Power, (float) StrictMath.pow(ADAM_BETA1, number));
      feeds.feed(beta2Power, (float) StrictMath.pow(ADAM_BETA2, number));
    }
  }
}
