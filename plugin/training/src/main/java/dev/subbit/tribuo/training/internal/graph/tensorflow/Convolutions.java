package dev.subbit.tribuo.training.internal.graph.tensorflow;

import dev.subbit.onnx.ConvAttributes;
import java.util.ArrayList;
import java.util.List;
import org.tensorflow.Operand;
import org.tensorflow.op.Ops;
import org.tensorflow.types.TFloat32;

/** Convolutions of two dimensions: dense, grouped and depthwise, of any geometry. */
final class Convolutions {

  private static final List<Long> ONES = List.of(1L, 1L, 1L, 1L);

  private Convolutions() {}

  /** Conv. */
  static void conv(OnnxNode node, GraphScope scope) {
    GraphValue x = scope.value(node.input(0));
    GraphValue weights = scope.value(node.input(1));
    if (weights.rank() != GraphValue.PICTURE) {
      throw node.refusal(
          "has weights with "
              + weights.rank()
              + " axes; only two-dimensional convolutions (four axes) are supported");
    }
    long[] shape = weights.shape();
    int[] kernel = {(int) shape[2], (int) shape[3]};
    node.integers("kernel_shape");
    Windows windows = Windows.of(node, x, kernel);
    int group = (int) node.integer("group", 1);
    Ops tf = scope.tf();
    Operand<TFloat32> y = convolve(tf, x.channelsLast(), weights.plain(), shape, windows, group);
    if (node.hasInput(2)) {
      y = tf.math.add(y, scope.plain(node.input(2)));
    }
    scope.put(node.output(0), GraphValue.channelsLast(tf, y));
  }

  /**
   * The geometry of a 3x3 convolution that becomes sub-bit.
   *
   * @param x its input.
   */
  static Windows windows(ConvAttributes attributes, GraphValue x) {
    return new Windows(
        new int[] {3, 3},
        new int[] {attributes.strideHeight(), attributes.strideWidth()},
        new int[] {attributes.dilationHeight(), attributes.dilationWidth()},
        new int[] {
          attributes.padTop(), attributes.padLeft(), attributes.padBottom(), attributes.padRight()
        },
        new int[] {(int) x.shape()[2], (int) x.shape()[3]});
  }

  /**
   * Convolves.
   *
   * @param x the input, channels last.
   * @param weights [out, in of a group, rows, columns].
   * @param shape the shape of the weights.
   * @return the output, channels last.
   */
  static Operand<TFloat32> convolve(
      Ops tf,
      Operand<TFloat32> x,
      Operand<TFloat32> weights,
      long[] shape,
      Windows windows,
      int group) {
    boolean depthwise = group > 1 && shape[1] == 1;
    Channels channels = new Channels(depthwise, depthwise ? 1 : group);
    Operand<TFloat32> filter = tf.linalg.transpose(weights, tf.constant(new int[] {2, 3, 1, 0}));
    if (depthwise) {
      long multiplier = shape[0] / group;
      filter = tf.reshape(filter, tf.constant(new long[] {shape[2], shape[3], group, multiplier}));
    }
    if (windows.isDilated()) {
      return dilated(tf, x, filter, windows, channels);
    }
    Operand<TFloat32> padded = windows.pad(tf, x, 0);
    int[] strides = windows.strides();
    if (depthwise && strides[0] != strides[1]) {
      // TensorFlow's depthwise convolution has one stride for both axes.
      return strided(tf, valid(tf, padded, filter, ONES, channels), windows);
    }
    return valid(tf, padded, filter, windows.stridesOfFour(), channels);
  }

  /**
   * Which channels an output reads.
   *
   * @param depthwise one.
   * @param groups those of one of so many groups; 1 if depthwise.
   */
  private record Channels(boolean depthwise, int groups) {}

  /**
   * Convolves without padding. TensorFlow's own grouped convolution has a gradient only on
   * processors with AVX-512 VNNI, for which it uses oneDNN; so each group is a convolution here.
   */
  private static Operand<TFloat32> valid(
      Ops tf,
      Operand<TFloat32> x,
      Operand<TFloat32> filter,
      List<Long> strides,
      Channels channels) {
    if (channels.depthwise()) {
      return tf.nn.depthwiseConv2dNative(x, filter, strides, "VALID");
    }
    int groups = channels.groups();
    if (groups == 1) {
      return tf.nn.conv2d(x, filter, strides, "VALID");
    }
    List<Operand<TFloat32>> outputs = new ArrayList<>();
    for (int i = 0; i < groups; i++) {
      outputs.add(
          tf.nn.conv2d(
              lastAxisPart(tf, x, i, groups),
              lastAxisPart(tf, filter, i, groups),
              strides,
              "VALID"));
    }
    return tf.concat(outputs, tf.constant(3));
  }

  /** One of so many equal parts of the last of four axes. */
  private static Operand<TFloat32> lastAxisPart(Ops tf, Operand<TFloat32> x, int part, int parts) {
    int each = (int) (x.shape().get(3) / parts);
    return tf.slice(
        x,
        tf.constant(new int[] {0, 0, 0, part * each}),
        tf.constant(new int[] {-1, -1, -1, each}));
  }

  /**
   * A dilated convolution as plain ones of every so many rows and columns. TensorFlow's own gives a
   * wrong gradient with SAME padding, and ends the process with VALID.
   */
  private static Operand<TFloat32> dilated(
      Ops tf, Operand<TFloat32> x, Operand<TFloat32> filter, Windows windows, Channels channels) {
    int[][] pads = new int[2][2];
    int[][] crops = new int[2][2];
    for (int axis = 0; axis < 2; axis++) {
      int block = windows.dilations()[axis];
      int all = windows.size()[axis] + windows.pads()[axis] + windows.pads()[axis + 2];
      int filled = (block - all % block) % block;
      pads[axis][0] = windows.pads()[axis];
      pads[axis][1] = windows.pads()[axis + 2] + filled;
      int given = all + filled - (windows.kernel()[axis] - 1) * block;
      crops[axis][1] = given - (all - (windows.kernel()[axis] - 1) * block);
    }
    Operand<TFloat32> apart =
        tf.spaceToBatchNd(x, tf.constant(windows.dilations()), tf.constant(pads));
    Operand<TFloat32> together =
        tf.batchToSpaceNd(
            valid(tf, apart, filter, ONES, channels),
            tf.constant(windows.dilations()),
            tf.constant(crops));
    return strided(tf, together, windows);
  }

  /** Every so many rows and columns of an output with strides of 1. */
  private static Operand<TFloat32> strided(Ops tf, Operand<TFloat32> y, Windows windows) {
    int[] strides = windows.strides();
    if (strides[0] == 1 && strides[1] == 1) {
      return y;
    }
    long[] shape = y.shape().asArray();
    return tf.stridedSlice(
        y,
        tf.constant(new int[4]),
        tf.constant(new int[] {(int) shape[0], (int) shape[1], (int) shape[2], (int) shape[3]}),
        tf.constant(new int[] {1, strides[0], strides[1], 1}));
  }
}
