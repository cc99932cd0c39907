package dev.subbit.tribuo.training.internal.engine.tensorflow;

import dev.subbit.tribuo.training.internal.engine.Recipe;
import org.tensorflow.Operand;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.op.Ops;
import org.tensorflow.op.core.Placeholder;
import org.tensorflow.op.nn.SoftmaxCrossEntropyWithLogits;
import org.tensorflow.types.TFloat32;
import org.tensorflow.types.TInt32;

/**
 * The loss that {@link Recipe} defines, and its gradient for the logits z: {@code (1 - d)
 * (softmax(z) - s) + d T (softmax(z / T) - softmax(t / T))}, multiplied by the image's weight and
 * divided by the number of images.
 */
final class LossGraph {

  private final Ops tf;
  private final Placeholder<TInt32> labels;
  private final Operand<TFloat32> targets;
  private final Placeholder<TFloat32> teacherLogits;
  private final Placeholder<TFloat32> weights;
  private final Operand<TFloat32> mean;
  private final Operand<TFloat32> logitsGradient;

  /**
   * Builds the loss over a network's logits.
   *
   * @param logits [N, classes].
   */
  LossGraph(Ops tf, Operand<TFloat32> logits, int classes, Recipe recipe) {
    this.tf = tf;
    this.labels = tf.placeholder(TInt32.class, Placeholder.shape(Shape.of(-1)));
    this.targets = tf.oneHot(labels, tf.constant(classes), tf.constant(1f), tf.constant(0f));
    this.teacherLogits = tf.placeholder(TFloat32.class, Placeholder.shape(Shape.of(-1, classes)));
    this.weights = tf.placeholder(TFloat32.class, Placeholder.shape(Shape.of(-1)));
    // The sparse form of this operator has no gradient in TensorFlow's C++ core.
    SoftmaxCrossEntropyWithLogits<TFloat32> hard =
        tf.nn.softmaxCrossEntropyWithLogits(logits, smoothed(recipe.labelSmoothing(), classes));
    Operand<TFloat32> losses = hard.loss();
    Operand<TFloat32> gradient = hard.backprop();
    if (recipe.distils()) {
      float weight = recipe.distillationWeight();
      float temperature = recipe.temperature();
      Operand<TFloat32> soft = tf.nn.softmax(scaled(teacherLogits, 1 / temperature));
      SoftmaxCrossEntropyWithLogits<TFloat32> taught =
          tf.nn.softmaxCrossEntropyWithLogits(scaled(logits, 1 / temperature), soft);
      Operand<TFloat32> divergence = tf.math.sub(taught.loss(), entropy(soft));
      losses =
          tf.math.add(
              scaled(losses, 1 - weight), scaled(divergence, weight * temperature * temperature));
      gradient =
          tf.math.add(
              scaled(gradient, 1 - weight), scaled(taught.backprop(), weight * temperature));
    }
    if (recipe.weighted()) {
      losses = tf.math.mul(losses, weights);
      gradient = tf.math.mul(gradient, tf.expandDims(weights, tf.constant(1)));
    }
    this.mean = tf.math.mean(losses, tf.constant(0));
    Operand<TFloat32> images = tf.dtypes.cast(tf.size(losses), TFloat32.class);
    this.logitsGradient = tf.math.div(gradient, images);
  }

  private Operand<TFloat32> smoothed(float labelSmoothing, int classes) {
    return labelSmoothing == 0
        ? targets
        : tf.math.add(scaled(targets, 1 - labelSmoothing), tf.constant(labelSmoothing / classes));
  }

  private Operand<TFloat32> entropy(Operand<TFloat32> probabilities) {
    return tf.math.neg(tf.reduceSum(tf.math.xlogy(probabilities, probabilities), tf.constant(1)));
  }

  private Operand<TFloat32> scaled(Operand<TFloat32> x, float factor) {
    return tf.math.mul(x, tf.constant(factor));
  }

  /** To feed where no images are mixed: the class of each image, [N]. */
  Operand<TInt32> labels() {
    return labels;
  }

  /** To feed in place of labels where images are mixed: the shares of the classes, [N, classes]. */
  Operand<TFloat32> targets() {
    return targets;
  }

  /** To feed where the recipe distils: the teacher's logits, [N, classes]. */
  Operand<TFloat32> teacherLogits() {
    return teacherLogits;
  }

  /** To feed where the recipe weights images: their weights, [N]. */
  Operand<TFloat32> weights() {
    return weights;
  }

  /** The mean loss of the batch. */
  Operand<TFloat32> mean() {
    return mean;
  }

  /** The gradient of the mean loss for the logits, [N, classes]. */
  Operand<TFloat32> logitsGradient() {
    return logitsGradient;
  }
}
