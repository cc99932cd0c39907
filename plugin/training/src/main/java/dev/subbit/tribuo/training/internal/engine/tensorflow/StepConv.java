package dev.subbit.tribuo.training.internal.engine.tensorflow;

import dev.subbit.tribuo.network.Layer;
import org.tensorflow.Operand;
import org.tensorflow.op.Ops;
import org.tensorflow.types.TFloat32;

/**
 * A convolution of floats in a training step, and its gradients: by {@link NativeOps} where they
 * have it, else by TensorFlow's operators. The input is padded by kernel / 2 zeros on every side.
 *
 * @param conv the layer.
 * @param weights what it computes with, [kernel, kernel, in, out].
 */
record StepConv(Ops tf, Layer.Conv conv, Operand<TFloat32> weights) {

  /** The output for an input that is not padded yet. */
  Operand<TFloat32> output(Operand<TFloat32> x) {
    if (NativeOps.convolves(conv)) {
      return NativeOps.conv(tf, x, weights, conv.stride());
    }
    ConvPadding padding = ConvPadding.of(conv);
    return tf.nn.conv2d(padding.apply(tf, x), weights, padding.strides(), padding.mode());
  }

  /** The gradient of the input, from that of the output. */
  Operand<TFloat32> inputGradient(Operand<TFloat32> x, Operand<TFloat32> dy) {
    if (NativeOps.convolves(conv)) {
      return NativeOps.convInputGradient(tf, x, weights, dy, conv.stride());
    }
    ConvPadding padding = ConvPadding.of(conv);
    Operand<TFloat32> padded =
        tf.nn.conv2dBackpropInput(
            tf.shape(padding.apply(tf, x)), weights, dy, padding.strides(), padding.mode());
    return padding.gradient(tf, padded, x);
  }

  /** The gradient of the weights, from that of the output. */
  Operand<TFloat32> filterGradient(Operand<TFloat32> x, Operand<TFloat32> dy) {
    if (NativeOps.convolves(conv)) {
      return NativeOps.convFilterGradient(tf, x, dy, conv.stride());
    }
    ConvPadding padding = ConvPadding.of(conv);
    int[] sizes = {conv.kernel(), conv.kernel(), conv.in(), conv.out()};
    return tf.nn.conv2dBackpropFilter(
        padding.apply(tf, x), tf.constant(sizes), dy, padding.strides(), padding.mode());
  }
}
