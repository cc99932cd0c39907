package dev.subbit.tribuo.training.internal.engine.tensorflow;

import dev.subbit.tribuo.network.Layer;
import java.util.List;
import org.tensorflow.Operand;
import org.tensorflow.op.Ops;
import org.tensorflow.types.TFloat32;
import org.tensorflow.types.family.TNumber;

/**
 * Expresses in TensorFlow a convolution that is padded by kernel / 2 on every side. At stride 1
 * this is SAME; at stride 2 SAME would pad even images at the far side only, so the input is padded
 * first.
 */
record ConvPadding(int explicit, int stride) {

  static ConvPadding of(Layer.Conv conv) {
    return new ConvPadding(conv.stride() == 1 ? 0 : conv.kernel() / 2, conv.stride());
  }

  List<Long> strides() {
    return List.of(1L, (long) stride, (long) stride, 1L);
  }

  String mode() {
    return stride == 1 ? "SAME" : "VALID";
  }

  /**
   * Pads the input as needed.
   *
   * @param zero of the input's type.
   */
  <T extends TNumber> Operand<T> apply(Ops tf, Operand<T> x, Operand<T> zero) {
    if (explicit == 0) {
      return x;
    }
    int[][] paddings = {{0, 0}, {explicit, explicit}, {explicit, explicit}, {0, 0}};
    return tf.pad(x, tf.constant(paddings), zero);
  }

  /** The gradient of the input from that of the padded input. */
  <T extends TNumber> Operand<T> gradient(Ops tf, Operand<T> padded, Operand<TFloat32> input) {
    if (explicit == 0) {
      return padded;
    }
    return tf.slice(padded, tf.array(0, explicit, explicit, 0), tf.shape(input));
  }
}
