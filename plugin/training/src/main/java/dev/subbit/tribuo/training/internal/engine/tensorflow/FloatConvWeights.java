package dev.subbit.tribuo.training.internal.engine.tensorflow;

import org.tensorflow.Operand;
import org.tensorflow.op.Ops;
import org.tensorflow.types.TFloat32;

/** Float weights, which the convolution uses as they are. */
final class FloatConvWeights implements ConvWeights {

  private final Ops tf;
  private final Parameter weight;
  private final Operand<TFloat32> effective;

  FloatConvWeights(Ops tf, Parameter weight) {
    this.tf = tf;
    this.weight = weight;
    this.effective = ConvWeights.toHwio(tf, weight.value());
  }

  @Override
  public Operand<TFloat32> effective() {
    return effective;
  }

  @Override
  public Parameter trained() {
    return weight;
  }

  @Override
  public Operand<TFloat32> gradient(Operand<TFloat32> effectiveGradient) {
    return ConvWeights.toOihw(tf, effectiveGradient);
  }
}
