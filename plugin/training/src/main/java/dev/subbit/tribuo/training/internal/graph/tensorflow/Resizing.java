package dev.subbit.tribuo.training.internal.graph.tensorflow;

import dev.subbit.tribuo.quantizer.graph.FloatArray;
import org.tensorflow.Operand;
import org.tensorflow.op.Ops;
import org.tensorflow.types.TFloat32;

/**
 * Resize of rows and columns. Along each axis it is linear in its input whatever its mode, so it is
 * a product with a constant matrix, which {@link ResizeMatrix} holds; the gradient is the product
 * with its transpose.
 */
final class Resizing {

  private Resizing() {}

  /** Resize. */
  static void resize(OnnxNode node, GraphScope scope) {
    node.requireInteger("antialias", 0);
    node.ignore("extrapolation_value");
    if (node.has("axes")) {
      throw node.refusal("has the attribute 'axes', which is not supported");
    }
    String policy = node.text("keep_aspect_ratio_policy", "stretch");
    if (!policy.equals("stretch")) {
      throw node.refusal("keep_aspect_ratio_policy", policy, "stretch");
    }
    GraphValue x = scope.value(node.input(0));
    if (x.rank() != GraphValue.PICTURE) {
      throw node.refusal("reads a value with " + x.rank() + " axes; only four are supported");
    }
    long[] shape = x.shape();
    double[] scales = new double[GraphValue.PICTURE];
    long[] sizes = new long[GraphValue.PICTURE];
    FloatArray factors = node.hasInput(2) ? scope.constant(node, 2) : null;
    boolean byFactors = factors != null && factors.values().length == GraphValue.PICTURE;
    for (int axis = 0; axis < GraphValue.PICTURE; axis++) {
      if (byFactors) {
        scales[axis] = factors.values()[axis];
        sizes[axis] = (long) Math.floor(shape[axis] * (float) scales[axis]);
      } else {
        sizes[axis] = scope.integers(node, 3)[axis];
        scales[axis] = (double) sizes[axis] / shape[axis];
      }
    }
    if (sizes[0] != shape[0] || sizes[1] != shape[1]) {
      throw node.refusal("resizes samples or channels; only rows and columns are supported");
    }
    ResizeMatrix rows = matrix(node, (int) shape[2], (int) sizes[2], scales[2]);
    ResizeMatrix columns = matrix(node, (int) shape[3], (int) sizes[3], scales[3]);
    scope.put(
        node.output(0),
        GraphValue.channelsLast(
            scope.tf(), resized(scope, x.channelsLast(), shape, rows, columns)));
  }

  private static ResizeMatrix matrix(OnnxNode node, int from, int to, double scale) {
    return ResizeMatrix.of(
        node,
        node.text("mode", "nearest"),
        node.text("coordinate_transformation_mode", "half_pixel"),
        node.text("nearest_mode", "round_prefer_floor"),
        node.number("cubic_coeff_a", -0.75f),
        node.integer("exclude_outside", 0) != 0,
        from,
        to,
        scale);
  }

  private static Operand<TFloat32> resized(
      GraphScope scope,
      Operand<TFloat32> x,
      long[] shape,
      ResizeMatrix rows,
      ResizeMatrix columns) {
    Ops tf = scope.tf();
    long samples = shape[0];
    long channels = shape[1];
    Operand<TFloat32> tall =
        tf.reshape(x, tf.constant(new long[] {samples, rows.from(), shape[3] * channels}));
    Operand<TFloat32> higher =
        tf.train.batchMatMul(
            scope.constant(new long[] {1, rows.to(), rows.from()}, rows.factors()),
            tall,
            TFloat32.class);
    Operand<TFloat32> flat =
        tf.reshape(higher, tf.constant(new long[] {samples * rows.to(), columns.from(), channels}));
    Operand<TFloat32> wider =
        tf.train.batchMatMul(
            scope.constant(new long[] {1, columns.to(), columns.from()}, columns.factors()),
            flat,
            TFloat32.class);
    return tf.reshape(wider, tf.constant(new long[] {samples, rows.to(), columns.to(), channels}));
  }
}
