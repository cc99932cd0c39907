package dev.subbit.tribuo.training.internal.graph.tensorflow;

import java.util.List;
import org.tensorflow.Operand;
import org.tensorflow.op.Ops;
import org.tensorflow.types.TFloat32;

/**
 * The windows that a convolution or a pool of two dimensions sees its input through.
 *
 * @param kernel rows and columns of a window.
 * @param strides rows and columns from one window to the next.
 * @param dilations rows and columns from one tap of a window to the next.
 * @param pads rows above, columns to the left, rows below, columns to the right.
 * @param size rows and columns of the input.
 */
record Windows(int[] kernel, int[] strides, int[] dilations, int[] pads, int[] size) {

  private static final int AXES = 2;

  /** Reads the attributes of a node whose input has four axes. */
  static Windows of(OnnxNode node, GraphValue x, int[] kernel) {
    if (x.rank() != GraphValue.PICTURE) {
      throw node.refusal(
          "reads a value with "
              + x.rank()
              + " axes; only two-dimensional ones (four axes) are"
              + " supported");
    }
    int[] strides = pair(node, "strides", 1);
    int[] dilations = pair(node, "dilations", 1);
    int[] size = {(int) x.shape()[2], (int) x.shape()[3]};
    String auto = node.text("auto_pad", "NOTSET");
    long[] given = node.integers("pads", 0, 0, 0, 0);
    int[] pads = new int[2 * AXES];
    for (int axis = 0; axis < AXES; axis++) {
      int reach = (kernel[axis] - 1) * dilations[axis] + 1;
      switch (auto) {
        case "NOTSET" -> {
          pads[axis] = (int) given[axis];
          pads[axis + AXES] = (int) given[axis + AXES];
        }
        case "VALID" -> {
          // No padding.
        }
        case "SAME_UPPER", "SAME_LOWER" -> {
          int outputs = (size[axis] + strides[axis] - 1) / strides[axis];
          int all = Math.max(0, (outputs - 1) * strides[axis] + reach - size[axis]);
          pads[axis] = auto.equals("SAME_UPPER") ? all / 2 : (all + 1) / 2;
          pads[axis + AXES] = all - pads[axis];
        }
        default -> throw node.refusal("auto_pad", auto, "NOTSET, VALID, SAME_UPPER and SAME_LOWER");
      }
    }
    for (int pad : pads) {
      if (pad < 0) {
        throw node.refusal("pads", "" + pad, "0 and more");
      }
    }
    return new Windows(kernel, strides, dilations, pads, size);
  }

  static int[] pair(OnnxNode node, String attribute, int otherwise) {
    long[] values = node.integers(attribute, otherwise, otherwise);
    if (values.length != AXES) {
      throw node.refusal(attribute, values.length + " numbers", "two");
    }
    return new int[] {(int) values[0], (int) values[1]};
  }

  /** Rows (axis 0) or columns (axis 1) of the output, the last window complete. */
  int outputs(int axis) {
    int reach = (kernel[axis] - 1) * dilations[axis] + 1;
    return (size[axis] + pads[axis] + pads[axis + AXES] - reach) / strides[axis] + 1;
  }

  /**
   * The same windows with as much more padding at the ends as gives another window wherever part of
   * one is left over, unless it would begin in the padding.
   */
  Windows withCeiling() {
    int[] more = pads.clone();
    for (int axis = 0; axis < AXES; axis++) {
      int reach = (kernel[axis] - 1) * dilations[axis] + 1;
      int all = size[axis] + pads[axis] + pads[axis + AXES];
      int count = (all - reach + strides[axis] - 1) / strides[axis] + 1;
      if ((count - 1) * strides[axis] >= size[axis] + pads[axis]) {
        count--;
      }
      more[axis + AXES] += Math.max(0, (count - 1) * strides[axis] + reach - all);
    }
    return new Windows(kernel, strides, dilations, more, size);
  }

  boolean isDilated() {
    return dilations[0] != 1 || dilations[1] != 1;
  }

  /** Strides for an operator of TensorFlow, with the channels last. */
  List<Long> stridesOfFour() {
    return List.of(1L, (long) strides[0], (long) strides[1], 1L);
  }

  /**
   * Pads a value with the channels last. Padding is an operator of its own, since TensorFlow's
   * gradients of convolutions and pools lose paddings that are given to them.
   */
  Operand<TFloat32> pad(Ops tf, Operand<TFloat32> x, float filling) {
    if (pads[0] == 0 && pads[1] == 0 && pads[2] == 0 && pads[3] == 0) {
      return x;
    }
    int[][] all = {{0, 0}, {pads[0], pads[2]}, {pads[1], pads[3]}, {0, 0}};
    return tf.pad(x, tf.constant(all), tf.constant(filling));
  }
}
