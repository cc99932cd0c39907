package dev.subbit.tribuo.training.internal.graph.tensorflow;

import java.util.List;
import org.tensorflow.Operand;
import org.tensorflow.op.Ops;
import org.tensorflow.op.core.ReduceMax;
import org.tensorflow.op.math.Mean;
import org.tensorflow.types.TFloat32;

/** Pools of two dimensions. */
final class Pools {

  /** Less than any activation, and finite: infinities would make NaN of gradients of 0. */
  private static final float VERY_LOW = -1e30f;

  private Pools() {}

  /** MaxPool. */
  static void max(OnnxNode node, GraphScope scope) {
    node.requireOneOutput();
    node.ignore("storage_order");
    Windows windows = windows(node, scope);
    Ops tf = scope.tf();
    Operand<TFloat32> padded = windows.pad(tf, scope.value(node.input(0)).channelsLast(), VERY_LOW);
    int[] kernel = windows.kernel();
    int[] strides = windows.strides();
    scope.put(
        node.output(0),
        GraphValue.channelsLast(
            tf,
            tf.nn.maxPool(
                padded,
                tf.constant(new int[] {1, kernel[0], kernel[1], 1}),
                tf.constant(new int[] {1, strides[0], strides[1], 1}),
                "VALID")));
  }

  /** AveragePool, with the padding counted or not. */
  static void average(OnnxNode node, GraphScope scope) {
    boolean countsPads = node.integer("count_include_pad", 0) != 0;
    Windows asked = Windows.of(node, scope.value(node.input(0)), kernel(node));
    Windows windows = windows(node, scope);
    Ops tf = scope.tf();
    Operand<TFloat32> padded = windows.pad(tf, scope.value(node.input(0)).channelsLast(), 0);
    int[] kernel = windows.kernel();
    Operand<TFloat32> means =
        tf.nn.avgPool(
            padded,
            List.of(1L, (long) kernel[0], (long) kernel[1], 1L),
            windows.stridesOfFour(),
            "VALID");
    int rows = windows.outputs(0);
    int columns = windows.outputs(1);
    float[] factors = new float[rows * columns];
    boolean all = true;
    for (int i = 0; i < factors.length; i++) {
      int counted =
          counted(asked, 0, i / columns, countsPads) * counted(asked, 1, i % columns, countsPads);
      factors[i] = (float) (kernel[0] * kernel[1]) / counted;
      all &= counted == kernel[0] * kernel[1];
    }
    if (!all) {
      means = tf.math.mul(means, scope.constant(new long[] {1, rows, columns, 1}, factors));
    }
    scope.put(node.output(0), GraphValue.channelsLast(tf, means));
  }

  /** The rows or columns of a window that count: those of the input, or of its padding, too. */
  private static int counted(Windows asked, int axis, int window, boolean countsPads) {
    int first = window * asked.strides()[axis] - asked.pads()[axis];
    int last = first + asked.kernel()[axis];
    int least = countsPads ? -asked.pads()[axis] : 0;
    int most = asked.size()[axis] + (countsPads ? asked.pads()[axis + 2] : 0);
    return Math.min(last, most) - Math.max(first, least);
  }

  /** GlobalAveragePool. */
  static void globalAverage(OnnxNode node, GraphScope scope) {
    Ops tf = scope.tf();
    Operand<TFloat32> x = picture(node, scope).channelsLast();
    scope.put(
        node.output(0),
        GraphValue.channelsLast(
            tf, tf.math.mean(x, tf.constant(new int[] {1, 2}), Mean.keepDims(true))));
  }

  /** GlobalMaxPool. */
  static void globalMax(OnnxNode node, GraphScope scope) {
    Ops tf = scope.tf();
    Operand<TFloat32> x = picture(node, scope).channelsLast();
    scope.put(
        node.output(0),
        GraphValue.channelsLast(
            tf, tf.reduceMax(x, tf.constant(new int[] {1, 2}), ReduceMax.keepDims(true))));
  }

  private static GraphValue picture(OnnxNode node, GraphScope scope) {
    GraphValue x = scope.value(node.input(0));
    if (x.rank() != GraphValue.PICTURE) {
      throw node.refusal("reads a value with " + x.rank() + " axes; only four are supported");
    }
    return x;
  }

  private static int[] kernel(OnnxNode node) {
    if (!node.has("kernel_shape")) {
      throw node.refusal("lacks the attribute kernel_shape");
    }
    return Windows.pair(node, "kernel_shape", 1);
  }

  private static Windows windows(OnnxNode node, GraphScope scope) {
    Windows windows = Windows.of(node, scope.value(node.input(0)), kernel(node));
    if (windows.isDilated()) {
      throw node.refusal("dilations", "more than 1", "1");
    }
    return node.integer("ceil_mode", 0) == 0 ? windows : windows.withCeiling();
  }
}
