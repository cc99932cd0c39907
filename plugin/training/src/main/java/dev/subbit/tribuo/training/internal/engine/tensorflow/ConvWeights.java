package dev.subbit.tribuo.training.internal.engine.tensorflow;

import org.tensorflow.Operand;
import org.tensorflow.op.Ops;
import org.tensorflow.types.TFloat32;

/** The weights of a convolution in the graph: what it computes with, and where gradients go. */
interface ConvWeights {

  /**
   * The weights that the convolution computes with, [kernel, kernel, in, out], TensorFlow's layout.
   */
  Operand<TFloat32> effective();

  /** The variable that is trained, [out, in, kernel, kernel]. */
  Parameter trained();

  /**
   * The gradient of the variable.
   *
   * @param effectiveGradient the gradient of {@link #effective()}, in its layout.
   */
  Operand<TFloat32> gradient(Operand<TFloat32> effectiveGradient);

  /** [out, in, h, w] to [h, w, in, out]. */
  static Operand<TFloat32> toHwio(Ops tf, Operand<TFloat32> oihw) {
    return tf.linalg.transpose(oihw, tf.constant(new int[] {2, 3, 1, 0}));
  }

  /** [h, w, in, out] to [out, in, h, w]. */
  static Operand<TFloat32> toOihw(Ops tf, Operand<TFloat32> hwio) {
    return tf.linalg.transpose(hwio, tf.constant(new int[] {3, 2, 0, 1}));
  }
}
