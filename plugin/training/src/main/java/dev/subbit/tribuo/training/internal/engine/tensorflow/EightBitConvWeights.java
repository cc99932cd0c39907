package dev.subbit.tribuo.training.internal.engine.tensorflow;

import org.tensorflow.Operand;
import org.tensorflow.op.Ops;
import org.tensorflow.types.TFloat32;

/** Float weights that the convolution uses rounded to 8 bits. Gradients go straight through. */
final class EightBitConvWeights implements ConvWeights {

  private final Ops tf;
  private final Parameter weight;
  private final Operand<TFloat32> effective;

  EightBitConvWeights(Ops tf, Parameter weight, IntegerRounding rounding) {
    this.tf = tf;
    this.weight = weight;
    this.effective = ConvWeights.toHwio(tf, rounding.weights(weight.value(), 1, 2, 3));
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
