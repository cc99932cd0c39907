package dev.subbit.tribuo.training.internal.graph.tensorflow;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.LongStream;
import org.tensorflow.Operand;
import org.tensorflow.op.Ops;
import org.tensorflow.op.core.ReduceMax;
import org.tensorflow.op.core.ReduceMin;
import org.tensorflow.op.core.ReduceSum;
import org.tensorflow.op.math.Mean;
import org.tensorflow.op.nn.DepthToSpace;
import org.tensorflow.types.TFloat32;

/** Operators that move numbers, and sums over axes. */
final class Shapes {

  /** What Cast calls float32. */
  private static final long FLOAT = 1;

  private Shapes() {}

  /** Identity, and what is one where a model is run: Dropout. */
  static void same(OnnxNode node, GraphScope scope) {
    node.ignore("seed");
    node.ignore("ratio");
    node.requireOneOutput();
    Elementwise.one((tf, x) -> tf.identity(x)).add(node, scope);
  }

  /** Cast of floats, or of an input of bytes, to floats. */
  static void cast(OnnxNode node, GraphScope scope) {
    node.ignore("saturate");
    long to = node.integer("to", FLOAT);
    if (to != FLOAT) {
      throw node.refusal("to", "" + to, "1 (FLOAT)");
    }
    Elementwise.one((tf, x) -> tf.identity(x)).add(node, scope);
  }

  /** Flatten. */
  static void flatten(OnnxNode node, GraphScope scope) {
    GraphValue x = scope.value(node.input(0));
    long given = node.integer("axis", 1);
    int axis = given == x.rank() ? x.rank() : GraphScope.axis(node, given, x.rank());
    long[] shape = x.shape();
    long rows = LongStream.of(Arrays.copyOf(shape, axis)).reduce(1, (a, b) -> a * b);
    long columns =
        LongStream.of(Arrays.copyOfRange(shape, axis, x.rank())).reduce(1, (a, b) -> a * b);
    reshape(node, scope, x, new long[] {rows, columns});
  }

  /** Reshape to a shape that does not depend on the values. */
  static void reshape(OnnxNode node, GraphScope scope) {
    GraphValue x = scope.value(node.input(0));
    long[] shape = scope.integers(node, 1);
    boolean zeroIsSize = node.integer("allowzero", 0) != 0;
    for (int axis = 0; axis < shape.length; axis++) {
      if (shape[axis] == 0 && !zeroIsSize) {
        shape[axis] = x.shape()[axis];
      }
    }
    reshape(node, scope, x, shape);
  }

  private static void reshape(OnnxNode node, GraphScope scope, GraphValue x, long[] shape) {
    Ops tf = scope.tf();
    scope.put(node.output(0), GraphValue.plain(tf, tf.reshape(x.plain(), tf.constant(shape))));
  }

  /** Transpose. */
  static void transpose(OnnxNode node, GraphScope scope) {
    Ops tf = scope.tf();
    GraphValue x = scope.value(node.input(0));
    long[] reversed = new long[x.rank()];
    Arrays.setAll(reversed, i -> x.rank() - 1 - i);
    int[] order =
        Arrays.stream(node.integers("perm", reversed)).mapToInt(axis -> (int) axis).toArray();
    scope.put(
        node.output(0), GraphValue.plain(tf, tf.linalg.transpose(x.plain(), tf.constant(order))));
  }

  /** The axes of a node, an attribute or a constant input; null if it has none. */
  private static long[] axes(OnnxNode node, GraphScope scope, int input) {
    if (node.has("axes")) {
      return node.integers("axes");
    }
    return node.hasInput(input) ? scope.integers(node, input) : null;
  }

  /** Squeeze. */
  static void squeeze(OnnxNode node, GraphScope scope) {
    GraphValue x = scope.value(node.input(0));
    long[] axes = axes(node, scope, 1);
    boolean[] dropped = new boolean[x.rank()];
    if (axes != null) {
      for (long axis : axes) {
        dropped[GraphScope.axis(node, axis, x.rank())] = true;
      }
    }
    List<Long> kept = new ArrayList<>();
    for (int axis = 0; axis < x.rank(); axis++) {
      if (axes == null ? x.shape()[axis] != 1 : !dropped[axis]) {
        kept.add(x.shape()[axis]);
      }
    }
    reshape(node, scope, x, kept.stream().mapToLong(Long::longValue).toArray());
  }

  /** Unsqueeze. */
  static void unsqueeze(OnnxNode node, GraphScope scope) {
    GraphValue x = scope.value(node.input(0));
    long[] axes = axes(node, scope, 1);
    if (axes == null) {
      throw node.refusal("has no axes");
    }
    long[] shape = new long[x.rank() + axes.length];
    for (long axis : axes) {
      shape[GraphScope.axis(node, axis, shape.length)] = 1;
    }
    int from = 0;
    for (int axis = 0; axis < shape.length; axis++) {
      if (shape[axis] == 0) {
        shape[axis] = x.shape()[from++];
      }
    }
    reshape(node, scope, x, shape);
  }

  /** Expand to a shape that does not depend on the values. */
  static void expand(OnnxNode node, GraphScope scope) {
    Ops tf = scope.tf();
    long[] wanted = scope.integers(node, 1);
    GraphValue x = scope.value(node.input(0));
    Operand<TFloat32> ones = tf.fill(tf.constant(wanted), tf.constant(1f));
    scope.put(node.output(0), GraphValue.plain(tf, tf.math.mul(x.plain(), ones)));
  }

  /** Concat. */
  static void concat(OnnxNode node, GraphScope scope) {
    Ops tf = scope.tf();
    List<GraphValue> parts = Elementwise.values(node, scope);
    int rank = parts.get(0).rank();
    int axis = GraphScope.axis(node, node.integer("axis", 0), rank);
    boolean last =
        rank == GraphValue.PICTURE && parts.stream().anyMatch(GraphValue::prefersChannelsLast);
    if (last) {
      List<Operand<TFloat32>> operands = parts.stream().map(GraphValue::channelsLast).toList();
      scope.put(
          node.output(0),
          GraphValue.channelsLast(tf, tf.concat(operands, tf.constant(lastAxis(axis)))));
    } else {
      List<Operand<TFloat32>> operands = parts.stream().map(GraphValue::plain).toList();
      scope.put(node.output(0), GraphValue.plain(tf, tf.concat(operands, tf.constant(axis))));
    }
  }

  /** Where an axis of a picture is with the channels last. */
  private static int lastAxis(int axis) {
    return axis == 0 ? 0 : axis == 1 ? GraphValue.PICTURE - 1 : axis - 1;
  }

  /** Split. */
  static void split(OnnxNode node, GraphScope scope) {
    Ops tf = scope.tf();
    node.ignore("num_outputs");
    GraphValue x = scope.value(node.input(0));
    int axis = GraphScope.axis(node, node.integer("axis", 0), x.rank());
    long all = x.shape()[axis];
    long[] sizes;
    if (node.has("split")) {
      sizes = node.integers("split");
    } else if (node.hasInput(1)) {
      sizes = scope.integers(node, 1);
    } else {
      long each = (all + node.outputs() - 1) / node.outputs();
      sizes = new long[node.outputs()];
      Arrays.fill(sizes, each);
      sizes[sizes.length - 1] = all - each * (sizes.length - 1);
    }
    int at = 0;
    for (int i = 0; i < node.outputs(); i++) {
      int[] begin = new int[x.rank()];
      int[] size = sizes(x);
      begin[axis] = at;
      size[axis] = (int) sizes[i];
      at += size[axis];
      if (!node.output(i).isEmpty()) {
        scope.put(
            node.output(i),
            GraphValue.plain(tf, tf.slice(x.plain(), tf.constant(begin), tf.constant(size))));
      }
    }
  }

  /** The shape as TensorFlow's gradients of slices need it, in numbers of 32 bits. */
  private static int[] sizes(GraphValue x) {
    return Arrays.stream(x.shape()).mapToInt(size -> (int) size).toArray();
  }

  /** Slice with constant bounds and positive steps. */
  static void slice(OnnxNode node, GraphScope scope) {
    Ops tf = scope.tf();
    GraphValue x = scope.value(node.input(0));
    long[] starts = scope.integers(node, 1);
    long[] ends = scope.integers(node, 2);
    long[] axes =
        node.hasInput(3) ? scope.integers(node, 3) : LongStream.range(0, starts.length).toArray();
    int[] begin = new int[x.rank()];
    int[] end = sizes(x);
    int[] step = new int[x.rank()];
    Arrays.fill(step, 1);
    for (int i = 0; i < axes.length; i++) {
      int axis = GraphScope.axis(node, axes[i], x.rank());
      long size = x.shape()[axis];
      long by = node.hasInput(4) ? scope.integers(node, 4)[i] : 1;
      if (by < 1) {
        throw node.refusal("has a step of " + by + "; positive ones are supported");
      }
      step[axis] = (int) by;
      begin[axis] = bound(starts[i], size);
      end[axis] = bound(ends[i], size);
    }
    scope.put(
        node.output(0),
        GraphValue.plain(
            tf,
            tf.stridedSlice(x.plain(), tf.constant(begin), tf.constant(end), tf.constant(step))));
  }

  private static int bound(long at, long size) {
    return (int) Math.max(0, Math.min(size, at < 0 ? at + size : at));
  }

  /** Gather by constant indices. */
  static void gather(OnnxNode node, GraphScope scope) {
    Ops tf = scope.tf();
    GraphValue x = scope.value(node.input(0));
    int axis = GraphScope.axis(node, node.integer("axis", 0), x.rank());
    long[] found = scope.integers(node, 1);
    int[] indices =
        Arrays.stream(found).mapToInt(i -> (int) (i < 0 ? i + x.shape()[axis] : i)).toArray();
    long[] shape = scope.constant(node, 1).shape();
    scope.put(
        node.output(0),
        GraphValue.plain(
            tf,
            tf.gather(
                x.plain(),
                tf.reshape(tf.constant(indices), tf.constant(shape)),
                tf.constant(axis))));
  }

  /** Pad by a constant or by reflection. */
  static void pad(OnnxNode node, GraphScope scope) {
    Ops tf = scope.tf();
    String mode = node.text("mode", "constant");
    GraphValue x = scope.value(node.input(0));
    long[] given = scope.integers(node, 1);
    long[] axes =
        node.hasInput(3) ? scope.integers(node, 3) : LongStream.range(0, x.rank()).toArray();
    int[][] pads = new int[x.rank()][2];
    for (int i = 0; i < axes.length; i++) {
      int axis = GraphScope.axis(node, axes[i], x.rank());
      pads[axis][0] = (int) given[i];
      pads[axis][1] = (int) given[i + axes.length];
      if (pads[axis][0] < 0 || pads[axis][1] < 0) {
        throw node.refusal(
            "pads by "
                + Math.min(pads[axis][0], pads[axis][1])
                + "; negative pads are not supported");
      }
    }
    float filling = node.hasInput(2) ? scope.numbers(node, 2)[0] : 0;
    boolean last = x.prefersChannelsLast();
    if (last) {
      pads = new int[][] {pads[0], pads[2], pads[3], pads[1]};
    }
    Operand<TFloat32> operand = last ? x.channelsLast() : x.plain();
    Operand<TFloat32> padded =
        switch (mode) {
          case "constant" -> tf.pad(operand, tf.constant(pads), tf.constant(filling));
          case "reflect" -> tf.mirrorPad(operand, tf.constant(pads), "REFLECT");
          default -> throw node.refusal("mode", mode, "constant and reflect");
        };
    scope.put(
        node.output(0), last ? GraphValue.channelsLast(tf, padded) : GraphValue.plain(tf, padded));
  }

  /** DepthToSpace. */
  static void depthToSpace(OnnxNode node, GraphScope scope) {
    Ops tf = scope.tf();
    int block = (int) node.integer("blocksize", 1);
    String mode = node.text("mode", "DCR");
    GraphValue x = scope.value(node.input(0));
    if (mode.equals("DCR")) {
      scope.put(
          node.output(0),
          GraphValue.channelsLast(
              tf, tf.nn.depthToSpace(x.channelsLast(), (long) block, new DepthToSpace.Options[0])));
      return;
    }
    if (!mode.equals("CRD")) {
      throw node.refusal("mode", mode, "DCR and CRD");
    }
    long[] shape = x.shape();
    long channels = shape[1] / ((long) block * block);
    Operand<TFloat32> apart =
        tf.reshape(
            x.channelsLast(),
            tf.constant(new long[] {shape[0], shape[2], shape[3], channels, block, block}));
    Operand<TFloat32> ordered =
        tf.linalg.transpose(apart, tf.constant(new int[] {0, 1, 4, 2, 5, 3}));
    scope.put(
        node.output(0),
        GraphValue.channelsLast(
            tf,
            tf.reshape(
                ordered,
                tf.constant(new long[] {shape[0], shape[2] * block, shape[3] * block, channels}))));
  }

  /** SpaceToDepth. */
  static void spaceToDepth(OnnxNode node, GraphScope scope) {
    Ops tf = scope.tf();
    scope.put(
        node.output(0),
        GraphValue.channelsLast(
            tf,
            tf.nn.spaceToDepth(
                scope.value(node.input(0)).channelsLast(), node.integer("blocksize", 1))));
  }

  /** A sum over axes, or its like. */
  private interface Reduction {
    Operand<TFloat32> of(Ops tf, Operand<TFloat32> x, int[] axes, boolean keep);
  }

  /** ReduceMean. */
  static void reduceMean(OnnxNode node, GraphScope scope) {
    reduce(
        node,
        scope,
        (tf, x, axes, keep) -> tf.math.mean(x, tf.constant(axes), Mean.keepDims(keep)));
  }

  /** ReduceSum. */
  static void reduceSum(OnnxNode node, GraphScope scope) {
    reduce(
        node,
        scope,
        (tf, x, axes, keep) -> tf.reduceSum(x, tf.constant(axes), ReduceSum.keepDims(keep)));
  }

  /** ReduceMax. */
  static void reduceMax(OnnxNode node, GraphScope scope) {
    reduce(
        node,
        scope,
        (tf, x, axes, keep) -> tf.reduceMax(x, tf.constant(axes), ReduceMax.keepDims(keep)));
  }

  /** ReduceMin. */
  static void reduceMin(OnnxNode node, GraphScope scope) {
    reduce(
        node,
        scope,
        (tf, x, axes, keep) -> tf.reduceMin(x, tf.constant(axes), ReduceMin.keepDims(keep)));
  }

  private static void reduce(OnnxNode node, GraphScope scope, Reduction reduction) {
    node.ignore("noop_with_empty_axes");
    Ops tf = scope.tf();
    GraphValue x = scope.value(node.input(0));
    boolean keep = node.integer("keepdims", 1) != 0;
    long[] given = axes(node, scope, 1);
    if (given == null || given.length == 0) {
      if (node.integer("noop_with_empty_axes", 0) != 0) {
        scope.put(node.output(0), x);
        return;
      }
      given = LongStream.range(0, x.rank()).toArray();
    }
    int[] axes =
        Arrays.stream(given).mapToInt(axis -> GraphScope.axis(node, axis, x.rank())).toArray();
    if (keep && x.prefersChannelsLast()) {
      int[] last = Arrays.stream(axes).map(Shapes::lastAxis).toArray();
      scope.put(
          node.output(0),
          GraphValue.channelsLast(tf, reduction.of(tf, x.channelsLast(), last, true)));
      return;
    }
    scope.put(node.output(0), GraphValue.plain(tf, reduction.of(tf, x.plain(), axes, keep)));
  }
}
