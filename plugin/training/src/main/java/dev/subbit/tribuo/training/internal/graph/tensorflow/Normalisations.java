package dev.subbit.tribuo.training.internal.graph.tensorflow;

import java.util.Arrays;
import org.tensorflow.Operand;
import org.tensorflow.op.Ops;
import org.tensorflow.op.core.ReduceMax;
import org.tensorflow.op.core.ReduceSum;
import org.tensorflow.op.math.Mean;
import org.tensorflow.types.TFloat32;

/** Normalisations and softmax. */
final class Normalisations {

  private Normalisations() {}

  /** BatchNormalization with the statistics that the model holds. */
  static void batch(OnnxNode node, GraphScope scope) {
    node.requireInteger("training_mode", 0);
    node.requireOneOutput();
    node.ignore("momentum");
    float epsilon = node.number("epsilon", 1e-5f);
    Ops tf = scope.tf();
    GraphValue x = scope.value(node.input(0));
    Operand<TFloat32> deviation =
        tf.math.sqrt(tf.math.add(scope.plain(node.input(4)), tf.constant(epsilon)));
    Operand<TFloat32> factor = tf.math.div(scope.plain(node.input(1)), deviation);
    Operand<TFloat32> shift =
        tf.math.sub(scope.plain(node.input(2)), tf.math.mul(scope.plain(node.input(3)), factor));
    if (x.rank() == GraphValue.PICTURE) {
      scope.put(
          node.output(0),
          GraphValue.channelsLast(tf, tf.math.add(tf.math.mul(x.channelsLast(), factor), shift)));
      return;
    }
    long[] channels = new long[x.rank()];
    Arrays.fill(channels, 1);
    channels[1] = x.shape()[1];
    scope.put(
        node.output(0),
        GraphValue.plain(
            tf,
            tf.math.add(
                tf.math.mul(x.plain(), tf.reshape(factor, tf.constant(channels))),
                tf.reshape(shift, tf.constant(channels)))));
  }

  /** InstanceNormalization. */
  static void instance(OnnxNode node, GraphScope scope) {
    float epsilon = node.number("epsilon", 1e-5f);
    Ops tf = scope.tf();
    GraphValue x = scope.value(node.input(0));
    if (x.rank() != GraphValue.PICTURE) {
      throw node.refusal("reads a value with " + x.rank() + " axes; only four are supported");
    }
    Operand<TFloat32> normal = normal(tf, x.channelsLast(), new int[] {1, 2}, epsilon);
    scope.put(
        node.output(0),
        GraphValue.channelsLast(
            tf,
            tf.math.add(
                tf.math.mul(normal, scope.plain(node.input(1))), scope.plain(node.input(2)))));
  }

  /** LayerNormalization. */
  static void layer(OnnxNode node, GraphScope scope) {
    node.requireOneOutput();
    node.requireInteger("stash_type", 1);
    float epsilon = node.number("epsilon", 1e-5f);
    Ops tf = scope.tf();
    GraphValue x = scope.value(node.input(0));
    int first = GraphScope.axis(node, node.integer("axis", -1), x.rank());
    int[] axes = new int[x.rank() - first];
    Arrays.setAll(axes, i -> first + i);
    Operand<TFloat32> y =
        tf.math.mul(normal(tf, x.plain(), axes, epsilon), scope.plain(node.input(1)));
    if (node.hasInput(2)) {
      y = tf.math.add(y, scope.plain(node.input(2)));
    }
    scope.put(node.output(0), GraphValue.plain(tf, y));
  }

  private static Operand<TFloat32> normal(Ops tf, Operand<TFloat32> x, int[] axes, float epsilon) {
    Operand<TFloat32> centred =
        tf.math.sub(x, tf.math.mean(x, tf.constant(axes), Mean.keepDims(true)));
    Operand<TFloat32> variance =
        tf.math.mean(tf.math.mul(centred, centred), tf.constant(axes), Mean.keepDims(true));
    return tf.math.mul(centred, tf.math.rsqrt(tf.math.add(variance, tf.constant(epsilon))));
  }

  /** Softmax. */
  static void softmax(OnnxNode node, GraphScope scope) {
    rows(node, scope, (tf, x) -> tf.nn.softmax(x));
  }

  /** LogSoftmax. */
  static void logSoftmax(OnnxNode node, GraphScope scope) {
    rows(
        node,
        scope,
        (tf, x) -> {
          Operand<TFloat32> most =
              tf.stopGradient(tf.reduceMax(x, tf.constant(1), ReduceMax.keepDims(true)));
          Operand<TFloat32> shifted = tf.math.sub(x, most);
          Operand<TFloat32> sum =
              tf.reduceSum(tf.math.exp(shifted), tf.constant(1), ReduceSum.keepDims(true));
          return tf.math.sub(shifted, tf.math.log(sum));
        });
  }

  /** Applies a function to the rows of a matrix, as which the operators see their input. */
  private static void rows(OnnxNode node, GraphScope scope, Elementwise.One function) {
    Ops tf = scope.tf();
    GraphValue x = scope.value(node.input(0));
    long[] shape = x.shape();
    boolean ofOneAxis = node.opset() >= 13;
    int axis = GraphScope.axis(node, node.integer("axis", ofOneAxis ? -1 : 1), x.rank());
    int last = x.rank() - 1;
    int[] swapped = new int[x.rank()];
    Arrays.setAll(swapped, i -> i);
    if (ofOneAxis) {
      // Before set 13 all axes from the given one on make up a row.
      swapped[axis] = last;
      swapped[last] = axis;
    }
    Operand<TFloat32> ordered =
        axis == last || !ofOneAxis
            ? x.plain()
            : tf.linalg.transpose(x.plain(), tf.constant(swapped));
    long columns = 1;
    for (int i = ofOneAxis ? last : axis; i <= last; i++) {
      columns *= shape[ofOneAxis ? swapped[i] : i];
    }
    long[] before = ordered.shape().asArray();
    Operand<TFloat32> matrix = tf.reshape(ordered, tf.constant(new long[] {-1, columns}));
    Operand<TFloat32> y = tf.reshape(function.of(tf, matrix), tf.constant(before));
    scope.put(
        node.output(0),
        GraphValue.plain(
            tf, axis == last || !ofOneAxis ? y : tf.linalg.transpose(y, tf.constant(swapped))));
  }
}
