package dev.subbit.tribuo.training.internal.graph.tensorflow;

import dev.subbit.tribuo.training.internal.engine.tensorflow.Feeds;
import dev.subbit.tribuo.training.internal.engine.tensorflow.Parameter;
import dev.subbit.tribuo.training.internal.graph.Trained;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.tensorflow.Operand;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.op.Op;
import org.tensorflow.op.Ops;
import org.tensorflow.op.core.Placeholder;
import org.tensorflow.op.train.ResourceApplyAdam;
import org.tensorflow.types.TFloat32;

/**
 * Adam's steps, for each kind of variables on their own: what is trained later than the rest starts
 * with steps of the usual size, because its moments are corrected by the number of its own steps.
 */
final class GraphAdam {

  private static final float BETA1 = 0.9f;
  private static final float BETA2 = 0.999f;
  private static final float EPSILON = 1e-8f;

  private final List<Parameter> slots = new ArrayList<>();
  private final Map<Trained, List<Op>> updates = new EnumMap<>(Trained.class);
  private final Map<Trained, Powers> powers = new EnumMap<>(Trained.class);
  private final Map<Trained, Integer> taken = new EnumMap<>(Trained.class);
  private final Placeholder<TFloat32> rate;

  /** The decays of both moments to the power of the number of steps that a kind has taken. */
  private record Powers(Placeholder<TFloat32> beta1, Placeholder<TFloat32> beta2) {}

  /**
   * Makes the steps.
   *
   * @param tf the graph.
   * @param gradients the gradient of each variable.
   * @param latentShare share of the learning rate for latent weights.
   */
  GraphAdam(Ops tf, Map<Trained, Map<Parameter, Operand<TFloat32>>> gradients, float latentShare) {
    this.rate = scalar(tf);
    gradients.forEach(
        (kind, all) -> {
          List<Op> ops = new ArrayList<>();
          Powers both = new Powers(scalar(tf), scalar(tf));
          Operand<TFloat32> own =
              kind == Trained.LATENTS ? tf.math.mul(rate, tf.constant(latentShare)) : rate;
          all.forEach((parameter, gradient) -> ops.add(update(tf, own, both, parameter, gradient)));
          updates.put(kind, ops);
          powers.put(kind, both);
        });
  }

  private static Placeholder<TFloat32> scalar(Ops tf) {
    return tf.placeholder(TFloat32.class, Placeholder.shape(Shape.scalar()));
  }

  private Op update(
      Ops tf, Operand<TFloat32> own, Powers both, Parameter parameter, Operand<TFloat32> gradient) {
    Parameter mean = new Parameter(tf, parameter.name() + "/m", parameter.shape().asArray());
    Parameter square = new Parameter(tf, parameter.name() + "/v", parameter.shape().asArray());
    slots.add(mean);
    slots.add(square);
    return tf.train.resourceApplyAdam(
        parameter.handle(),
        mean.handle(),
        square.handle(),
        both.beta1(),
        both.beta2(),
        own,
        tf.constant(BETA1),
        tf.constant(BETA2),
        tf.constant(EPSILON),
        gradient,
        new ResourceApplyAdam.Options[0]);
  }

  /** The variables that the optimiser keeps; all start at 0. */
  List<Parameter> slots() {
    return slots;
  }

  /** The operators that change the variables of a kind. */
  List<Op> updates(Trained kind) {
    return updates.get(kind);
  }

  /** Feeds a run with what a step of these kinds needs. */
  void feed(Feeds feeds, float learningRate, Set<Trained> trained) {
    feeds.feed(rate, learningRate);
    for (Trained kind : trained) {
      int number = taken.merge(kind, 1, Integer::sum);
      feeds.feed(powers.get(kind).beta1(), (float) StrictMath.pow(BETA1, number));
      feeds.feed(powers.get(kind).beta2(), (float) StrictMath.pow(BETA2, number));
    }
  }
}
