package dev.subbit.tribuo.training.internal.engine.tensorflow;

import dev.subbit.tribuo.network.Layer;
import dev.subbit.tribuo.settings.Precision;
import dev.subbit.tribuo.training.internal.engine.tensorflow.NativeOps.ConvGradient;
import dev.subbit.tribuo.training.internal.engine.tensorflow.NativeOps.Convolved;
import dev.subbit.tribuo.training.internal.engine.tensorflow.NativeOps.NormBack;
import dev.subbit.tribuo.training.internal.engine.tensorflow.NativeOps.NormConvGradient;
import java.util.List;
import org.tensorflow.Operand;
import org.tensorflow.Output;
import org.tensorflow.op.Ops;
import org.tensorflow.types.TFloat32;
import org.tensorflow.types.TFloat64;

/**
 * A convolution of floats in a training step, and its gradients: by {@link NativeOps} where they
 * have it, else by TensorFlow's operators. The input is padded by kernel / 2 zeros on every side.
 *
 * @param conv the layer.
 * @param weights what it computes with, [kernel, kernel, in, out].
 */
record StepConv(Ops tf, Layer.Conv conv, Operand<TFloat32> weights) {

  /** The output for an input that is not padded yet, and its moments. */
  Convolved output(Operand<TFloat32> x) {
    if (NativeOps.convolves(conv)) {
      return NativeOps.conv(tf, x, weights, conv.stride());
    }
    Operand<TFloat32> y = byTensorFlow(x).output(weights);
    return new Convolved(y, NativeOps.moments(tf, y));
  }

  /** The gradients, from that of the output. */
  ConvGradient gradients(Operand<TFloat32> x, Operand<TFloat32> dy) {
    if (NativeOps.convolves(conv)) {
      return NativeOps.convGradients(tf, x, weights, dy, conv.stride());
    }
    GraphConv<?> own = byTensorFlow(x);
    return new ConvGradient(own.inputGradient(weights, dy), own.weightsGradient(dy));
  }

  private GraphConv<?> byTensorFlow(Operand<TFloat32> x) {
    return GraphConv.of(tf, conv, Precision.FLOAT32, x);
  }

  /**
   * The gradients of the convolution and of the normalisation that reads it.
   *
   * @param y the convolution's output.
   * @param inner the first half of the normalisation's gradient, of this part.
   * @param sums the first half's, of all parts.
   */
  NormConvGradient normGradients(
      Operand<TFloat32> x,
      Operand<TFloat32> y,
      Operand<TFloat32> inner,
      List<Output<TFloat64>> sums,
      List<Output<TFloat64>> moments,
      Operand<TFloat32> gamma) {
    if (NativeOps.convolves(conv)) {
      return NativeOps.normConvGradients(
          tf, x, weights, conv.stride(), y, inner, sums, moments, gamma);
    }
    NormBack norm = NativeOps.normGradient(tf, inner, y, sums, moments, gamma);
    return new NormConvGradient(gradients(x, norm.x()), norm.parameters());
  }
}
