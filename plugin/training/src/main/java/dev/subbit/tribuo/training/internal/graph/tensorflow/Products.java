package dev.subbit.tribuo.training.internal.graph.tensorflow;

import org.tensorflow.Operand;
import org.tensorflow.op.Ops;
import org.tensorflow.op.linalg.MatMul;
import org.tensorflow.types.TFloat32;

/** Matrix products. */
final class Products {

  private Products() {}

  /** Gemm. */
  static void gemm(OnnxNode node, GraphScope scope) {
    Ops tf = scope.tf();
    float alpha = node.number("alpha", 1);
    float beta = node.number("beta", 1);
    boolean transA = node.integer("transA", 0) != 0;
    boolean transB = node.integer("transB", 0) != 0;
    Operand<TFloat32> y =
        tf.linalg.matMul(
            scope.plain(node.input(0)),
            scope.plain(node.input(1)),
            MatMul.transposeA(transA),
            MatMul.transposeB(transB));
    if (alpha != 1) {
      y = tf.math.mul(y, tf.constant(alpha));
    }
    if (node.hasInput(2)) {
      Operand<TFloat32> c = scope.plain(node.input(2));
      y = tf.math.add(y, beta == 1 ? c : tf.math.mul(c, tf.constant(beta)));
    }
    scope.put(node.output(0), GraphValue.plain(tf, y));
  }

  /** MatMul of values with at least two axes. */
  static void matMul(OnnxNode node, GraphScope scope) {
    Ops tf = scope.tf();
    GraphValue a = scope.value(node.input(0));
    GraphValue b = scope.value(node.input(1));
    if (a.rank() < 2 || b.rank() < 2) {
      throw node.refusal("multiplies a value with one axis; at least two are supported");
    }
    if (b.rank() == 2 && a.rank() > 2) {
      // One product of a tall matrix, whose gradient is one product, too.
      long[] shape = a.shape();
      long rows = 1;
      for (int axis = 0; axis < shape.length - 1; axis++) {
        rows *= shape[axis];
      }
      Operand<TFloat32> tall =
          tf.reshape(a.plain(), tf.constant(new long[] {rows, shape[shape.length - 1]}));
      shape[shape.length - 1] = b.shape()[1];
      scope.put(
          node.output(0),
          GraphValue.plain(tf, tf.reshape(tf.linalg.matMul(tall, b.plain()), tf.constant(shape))));
      return;
    }
    scope.put(
        node.output(0),
        GraphValue.plain(
            tf,
            a.rank() == 2 && b.rank() == 2
                ? tf.linalg.matMul(a.plain(), b.plain())
                : tf.train.batchMatMul(a.plain(), b.plain(), TFloat32.class)));
  }
}
