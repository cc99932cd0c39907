package dev.subbit.tribuo.training.internal.engine.tensorflow;

import dev.subbit.tribuo.network.Layer;
import java.util.List;
import org.tensorflow.Operand;
import org.tensorflow.op.Ops;
import org.tensorflow.types.TFloat32;
import org.tensorflow.types.TInt32;

/**
 * Expresses the pooling layers in TensorFlow, all of stride 2 and in NHWC. SAME pads a last odd row
 * and column, and leaves the padding out of average and maximum. For windows of 3 it would pad even
 * images at the far side only, so those are padded first.
 */
final class Pooling {

  /** Both size and stride of the average's window. */
  static final List<Long> AVERAGE_WINDOW = List.of(1L, 2L, 2L, 1L);

  /** The average's padding. */
  static final String AVERAGE_PADDING = "SAME";

  private Pooling() {}

  /** The padded input that the windows of the maximum move over. */
  static Operand<TFloat32> padded(Ops tf, Layer.MaxPool pool, Operand<TFloat32> x) {
    int padding = pool.padding();
    if (padding == 0) {
      return x;
    }
    int[][] paddings = {{0, 0}, {padding, padding}, {padding, padding}, {0, 0}};
    return tf.pad(x, tf.constant(paddings), tf.constant(Float.NEGATIVE_INFINITY));
  }

  /** The largest value of each window. */
  static Operand<TFloat32> max(Ops tf, Layer.MaxPool pool, Operand<TFloat32> padded) {
    return tf.nn.maxPool(padded, window(tf, pool), strides(tf), mode(pool));
  }

  /** The gradient of the input x. */
  static Operand<TFloat32> maxGradient(
      Ops tf,
      Layer.MaxPool pool,
      Operand<TFloat32> x,
      Operand<TFloat32> padded,
      Operand<TFloat32> output,
      Operand<TFloat32> outputGradient) {
    Operand<TFloat32> gradient =
        tf.nn.maxPoolGrad(
            padded, output, outputGradient, window(tf, pool), strides(tf), mode(pool));
    int padding = pool.padding();
    return padding == 0
        ? gradient
        : tf.slice(gradient, tf.array(0, padding, padding, 0), tf.shape(x));
  }

  private static Operand<TInt32> window(Ops tf, Layer.MaxPool pool) {
    return tf.array(1, pool.kernel(), pool.kernel(), 1);
  }

  private static Operand<TInt32> strides(Ops tf) {
    return tf.array(1, 2, 2, 1);
  }

  private static String mode(Layer.MaxPool pool) {
    return pool.padding() == 0 ? "SAME" : "VALID";
  }
}
