package dev.subbit.tribuo.training.internal.engine.tensorflow;

import dev.subbit.tribuo.network.IntegerForm;
import dev.subbit.tribuo.network.Layer;
import org.tensorflow.Operand;
import org.tensorflow.op.Ops;
import org.tensorflow.op.core.ReduceMax;
import org.tensorflow.op.core.ReduceSum;
import org.tensorflow.types.TFloat32;

/**
 * Rounds values in the graph as a network's {@link IntegerForm} rounds them: float32 values that
 * are whole multiples of the form's unit, 2^-F. The rounding has no derivative; the backward pass
 * leaves it out, and stops gradients only where a value is clipped.
 *
 * <p>F is held in a variable, since it is chosen once the graph is built and belongs to the state
 * of a training.
 */
final class IntegerRounding {

  /** Name of the variable. */
  private static final String UNITS = "unitsOfOne";

  /** The largest multiplier, and the largest bias and shift, of the integer form. */
  private static final float LARGEST_INT16 = Short.MAX_VALUE;

  private static final float LARGEST_INT8 = Byte.MAX_VALUE;

  /**
   * The largest sum of magnitudes of a class's weights, so that sums of 16-bit values fit 32 bits.
   * Layers other than wide classifiers do not come near it.
   */
  private static final float LARGEST_SUM = (1 << 16) - 1;

  /** The largest power of two by which a convolution's sums are multiplied. */
  private static final int LARGEST_SHIFT = 11;

  /** Bits behind the point of multipliers and slopes. */
  private static final int FACTOR_BITS = 15;

  private final Ops tf;
  private final int width;
  private final Parameter unitsOfOne;
  private final Operand<TFloat32> unit;
  private final Operand<TFloat32> least;
  private final Operand<TFloat32> largest;

  /**
   * Prepares rounding with the variable at no value yet.
   *
   * @param width bits of an activation.
   */
  IntegerRounding(Ops tf, int width) {
    this.tf = tf;
    this.width = width;
    this.unitsOfOne = new Parameter(tf, UNITS);
    // A power of two, so that all products with it are exact.
    this.unit = tf.math.div(tf.constant(1f), unitsOfOne.value());
    this.largest = tf.math.mul(tf.constant((1 << (width - 1)) - 1f), unit);
    this.least = tf.math.mul(tf.constant(-(1f * (1 << (width - 1)))), unit);
  }

  /** The variable: 2^F, one value. */
  Parameter unitsOfOne() {
    return unitsOfOne;
  }

  /** The value of the variable for a number of bits behind the point. */
  static float[] unitsOfOne(int fractionBits) {
    return new float[] {1 << fractionBits};
  }

  /** The form that a value of the variable stands for. */
  IntegerForm form(float[] value) {
    return new IntegerForm(width, Integer.numberOfTrailingZeros((int) value[0]));
  }

  /** Activations to the next multiple of the unit, of two the upper. */
  Operand<TFloat32> activations(Operand<TFloat32> x) {
    Operand<TFloat32> units = tf.math.mul(x, unitsOfOne.value());
    return tf.math.mul(tf.math.floor(tf.math.add(units, tf.constant(0.5f))), unit);
  }

  /** Biases and shifts to the next multiple of the unit, within 16 bits. */
  Operand<TFloat32> biases(Operand<TFloat32> x) {
    Operand<TFloat32> units = tf.math.rint(tf.math.mul(x, unitsOfOne.value()));
    return tf.math.mul(within(units, LARGEST_INT16), unit);
  }

  /**
   * The factors by which the sums of signs of a binary convolution become activations: rounded to
   * int16 multipliers of sums that are shifted up as far as they fit int16.
   */
  Operand<TFloat32> multipliers(Operand<TFloat32> factors, Layer.Conv conv) {
    int shift = 0;
    int largestSum = conv.kernel() * conv.kernel() * conv.in();
    while (shift < LARGEST_SHIFT && largestSum << (shift + 1) <= Short.MAX_VALUE) {
      shift++;
    }
    Operand<TFloat32> bits =
        tf.math.mul(unitsOfOne.value(), tf.constant((float) (1 << (FACTOR_BITS - shift))));
    Operand<TFloat32> rounded = tf.math.rint(tf.math.mul(factors, bits));
    return tf.math.div(within(rounded, LARGEST_INT16), bits);
  }

  /** The slopes of a PReLU. */
  Operand<TFloat32> slopes(Operand<TFloat32> slopes) {
    Operand<TFloat32> one = tf.constant((float) (1 << FACTOR_BITS));
    return tf.math.div(tf.math.rint(tf.math.mul(slopes, one)), one);
  }

  /**
   * Float weights to 8 bits, -127 to 127, with one scale for each output. The scale is larger where
   * the magnitudes of an output's weights would pass a sum.
   *
   * @param weights [out, ...].
   * @param axes all axes but the first.
   */
  Operand<TFloat32> weights(Operand<TFloat32> weights, int... axes) {
    Operand<TFloat32> magnitudes = tf.math.abs(weights);
    Operand<TFloat32> peak = tf.reduceMax(magnitudes, tf.constant(axes), ReduceMax.keepDims(true));
    Operand<TFloat32> sum = tf.reduceSum(magnitudes, tf.constant(axes), ReduceSum.keepDims(true));
    Operand<TFloat32> scale =
        tf.math.maximum(
            tf.math.div(peak, tf.constant(LARGEST_INT8)),
            tf.math.div(sum, tf.constant(LARGEST_SUM)));
    // An output whose weights are all 0 has no scale, and keeps them.
    Operand<TFloat32> steps = tf.math.rint(tf.math.divNoNan(weights, scale));
    return tf.math.mul(steps, scale);
  }

  /** Activations clipped to the width. */
  Operand<TFloat32> clipped(Operand<TFloat32> x) {
    return tf.math.minimum(tf.math.maximum(x, least), largest);
  }

  /** 1 where {@link #clipped} leaves a value as it is, 0 where it clips. */
  Operand<TFloat32> isInside(Operand<TFloat32> x) {
    return tf.dtypes.cast(
        tf.math.logicalAnd(tf.math.greaterEqual(x, least), tf.math.lessEqual(x, largest)),
        TFloat32.class);
  }

  private Operand<TFloat32> within(Operand<TFloat32> x, float bound) {
    return tf.math.minimum(tf.math.maximum(x, tf.constant(-bound)), tf.constant(bound));
  }
}
