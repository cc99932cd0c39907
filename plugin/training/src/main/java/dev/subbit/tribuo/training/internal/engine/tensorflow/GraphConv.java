package dev.subbit.tribuo.training.internal.engine.tensorflow;

import dev.subbit.tribuo.network.Layer;
import dev.subbit.tribuo.settings.Precision;
import org.tensorflow.Operand;
import org.tensorflow.op.Ops;
import org.tensorflow.types.TBfloat16;
import org.tensorflow.types.TFloat32;
import org.tensorflow.types.family.TNumber;

/**
 * A convolution by TensorFlow's operators, and its gradients. What it takes and gives is float32;
 * inside it computes with the numbers of a {@link Precision}. The input is padded by kernel / 2
 * zeros on every side.
 *
 * @param <T> the numbers inside.
 */
final class GraphConv<T extends TNumber> {

  private final Ops tf;
  private final Layer.Conv conv;
  private final ConvPadding padding;
  private final Class<T> numbers;
  private final Operand<TFloat32> x;
  private final Operand<T> padded;

  private GraphConv(Ops tf, Layer.Conv conv, Class<T> numbers, Operand<TFloat32> x) {
    this.tf = tf;
    this.conv = conv;
    this.padding = ConvPadding.of(conv);
    this.numbers = numbers;
    this.x = x;
    this.padded = padding.apply(tf, cast(x, numbers), cast(tf.constant(0f), numbers));
  }

  /**
   * Prepares a convolution.
   *
   * @param x its input, [N, H, W, in], binarised where the layer does.
   */
  static GraphConv<?> of(Ops tf, Layer.Conv conv, Precision precision, Operand<TFloat32> x) {
    return switch (precision) {
      case FLOAT32 -> new GraphConv<>(tf, conv, TFloat32.class, x);
      case BFLOAT16 -> new GraphConv<>(tf, conv, TBfloat16.class, x);
    };
  }

  /**
   * The output, [N, H, W, out].
   *
   * @param weights [kernel, kernel, in, out].
   */
  Operand<TFloat32> output(Operand<TFloat32> weights) {
    return cast(
        tf.nn.conv2d(padded, cast(weights, numbers), padding.strides(), padding.mode()),
        TFloat32.class);
  }

  /**
   * The gradient of the weights, [kernel, kernel, in, out].
   *
   * @param dy the gradient of the output.
   */
  Operand<TFloat32> weightsGradient(Operand<TFloat32> dy) {
    int[] sizes = {conv.kernel(), conv.kernel(), conv.in(), conv.out()};
    return cast(
        tf.nn.conv2dBackpropFilter(
            padded, tf.constant(sizes), cast(dy, numbers), padding.strides(), padding.mode()),
        TFloat32.class);
  }

  /**
   * The gradient of the input.
   *
   * @param weights as for the output.
   * @param dy the gradient of the output.
   */
  Operand<TFloat32> inputGradient(Operand<TFloat32> weights, Operand<TFloat32> dy) {
    Operand<T> ofPadded =
        tf.nn.conv2dBackpropInput(
            tf.shape(padded),
            cast(weights, numbers),
            cast(dy, numbers),
            padding.strides(),
            padding.mode());
    return cast(padding.gradient(tf, ofPadded, x), TFloat32.class);
  }

  /** The same values as numbers of a type; nothing is computed where they are already. */
  @SuppressWarnings("unchecked") // The types are compared.
  private <U extends TNumber> Operand<U> cast(Operand<? extends TNumber> values, Class<U> type) {
    return type == values.type() ? (Operand<U>) values : tf.dtypes.cast(values, type);
  }
}
