package dev.subbit.tribuo.training.internal.graph.tensorflow;

import java.util.Arrays;
import org.tensorflow.Operand;
import org.tensorflow.op.Ops;
import org.tensorflow.types.TFloat32;

/**
 * A float value of an ONNX graph in a TensorFlow graph. A value of four axes has two layouts, that
 * of ONNX with the channels on the second axis, and the only one that TensorFlow's convolutions
 * take on a CPU, with the channels last. Each is made from the other when it is first asked for, so
 * that a chain of convolutions and activations never changes its layout.
 */
final class GraphValue {

  /** Axes of pictures. */
  static final int PICTURE = 4;

  private final Ops tf;
  private final long[] shape;
  private Operand<TFloat32> plain;
  private Operand<TFloat32> channelsLast;

  private GraphValue(
      Ops tf, long[] shape, Operand<TFloat32> plain, Operand<TFloat32> channelsLast) {
    this.tf = tf;
    this.shape = shape;
    this.plain = plain;
    this.channelsLast = channelsLast;
  }

  /** Takes a value in ONNX's layout, of a shape that TensorFlow knows. */
  static GraphValue plain(Ops tf, Operand<TFloat32> operand) {
    return new GraphValue(tf, known(operand), operand, null);
  }

  /** Takes a value of four axes with the channels last. */
  static GraphValue channelsLast(Ops tf, Operand<TFloat32> operand) {
    long[] last = known(operand);
    return new GraphValue(tf, new long[] {last[0], last[3], last[1], last[2]}, null, operand);
  }

  private static long[] known(Operand<TFloat32> operand) {
    long[] shape = operand.shape().asArray();
    if (shape == null || Arrays.stream(shape).anyMatch(size -> size < 0)) {
      throw new IllegalStateException("TensorFlow does not know the shape of " + operand.op());
    }
    return shape;
  }

  /** The shape in ONNX's layout. */
  long[] shape() {
    return shape.clone();
  }

  int rank() {
    return shape.length;
  }

  /** Whether an operator that treats all axes alike should compute with the channels last. */
  boolean prefersChannelsLast() {
    return plain == null;
  }

  /** The value in ONNX's layout. */
  Operand<TFloat32> plain() {
    if (plain == null) {
      plain = tf.linalg.transpose(channelsLast, tf.constant(new int[] {0, 3, 1, 2}));
    }
    return plain;
  }

  /** The value of four axes with the channels last. */
  Operand<TFloat32> channelsLast() {
    if (channelsLast == null) {
      channelsLast = tf.linalg.transpose(plain, tf.constant(new int[] {0, 2, 3, 1}));
    }
    return channelsLast;
  }

  /**
   * The value for an elementwise operator with the channels last, with as many leading axes of size
   * 1 as it lacks.
   */
  Operand<TFloat32> broadcastChannelsLast() {
    if (rank() == PICTURE) {
      return channelsLast();
    }
    long[] full = new long[PICTURE];
    Arrays.fill(full, 1);
    System.arraycopy(shape, 0, full, PICTURE - shape.length, shape.length);
    return plain(tf, tf.reshape(plain, tf.constant(full))).channelsLast();
  }
}
