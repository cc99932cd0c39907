package dev.subbit.tribuo.training.internal.graph.tensorflow;

import java.util.ArrayList;
import java.util.List;
import java.util.function.BiFunction;
import java.util.function.UnaryOperator;
import org.tensorflow.Operand;
import org.tensorflow.op.Ops;
import org.tensorflow.types.TFloat32;

/** Operators that treat every number alike: activations, and arithmetic with broadcasting. */
final class Elementwise {

  private static final float ROOT_OF_TWO = 1.41421356f;

  private Elementwise() {}

  /** A function of one operand. */
  interface One {
    Operand<TFloat32> of(Ops tf, Operand<TFloat32> x);
  }

  /** A function of two operands. */
  interface Two {
    Operand<TFloat32> of(Ops tf, Operand<TFloat32> a, Operand<TFloat32> b);
  }

  /** An operator without attributes. */
  static OperatorImport one(One function) {
    return (node, scope) -> apply(node, scope, x -> function.of(scope.tf(), x));
  }

  /** An operator of two or more inputs, taken from left to right. */
  static OperatorImport fold(Two function) {
    return (node, scope) -> {
      GraphValue all = scope.value(node.input(0));
      for (String input : node.inputs().subList(1, node.inputs().size())) {
        all = combine(scope.tf(), all, scope.value(input), (a, b) -> function.of(scope.tf(), a, b));
      }
      scope.put(node.output(0), all);
    };
  }

  /** Mean of any number of inputs. */
  static void mean(OnnxNode node, GraphScope scope) {
    Ops tf = scope.tf();
    fold((t, a, b) -> t.math.add(a, b)).add(node, scope);
    Operand<TFloat32> share = tf.constant(1f / node.inputs().size());
    scope.put(node.output(0), apply(tf, scope.value(node.output(0)), x -> tf.math.mul(x, share)));
  }

  /** LeakyRelu. */
  static void leakyRelu(OnnxNode node, GraphScope scope) {
    float alpha = node.number("alpha", 0.01f);
    Ops tf = scope.tf();
    apply(
        node,
        scope,
        x -> tf.math.add(tf.nn.relu(x), tf.math.mul(negative(tf, x), tf.constant(alpha))));
  }

  /** PRelu; the slope may be trained. */
  static void prelu(OnnxNode node, GraphScope scope) {
    Ops tf = scope.tf();
    scope.put(
        node.output(0),
        combine(
            tf,
            scope.value(node.input(0)),
            scope.value(node.input(1)),
            (x, slope) -> tf.math.add(tf.nn.relu(x), tf.math.mul(negative(tf, x), slope))));
  }

  /** min(x, 0). */
  private static Operand<TFloat32> negative(Ops tf, Operand<TFloat32> x) {
    return tf.math.neg(tf.nn.relu(tf.math.neg(x)));
  }

  /** Clip, whose bounds are constants. */
  static void clip(OnnxNode node, GraphScope scope) {
    Ops tf = scope.tf();
    float least = node.hasInput(1) ? scope.numbers(node, 1)[0] : -Float.MAX_VALUE;
    float most = node.hasInput(2) ? scope.numbers(node, 2)[0] : Float.MAX_VALUE;
    apply(node, scope, x -> clip(tf, x, least, most));
  }

  private static Operand<TFloat32> clip(Ops tf, Operand<TFloat32> x, float least, float most) {
    Operand<TFloat32> clipped = x;
    if (least > -Float.MAX_VALUE) {
      clipped = tf.math.maximum(clipped, tf.constant(least));
    }
    return most < Float.MAX_VALUE ? tf.math.minimum(clipped, tf.constant(most)) : clipped;
  }

  /** HardSigmoid. */
  static void hardSigmoid(OnnxNode node, GraphScope scope) {
    float alpha = node.number("alpha", 0.2f);
    float beta = node.number("beta", 0.5f);
    Ops tf = scope.tf();
    apply(node, scope, x -> hardSigmoid(tf, x, alpha, beta));
  }

  private static Operand<TFloat32> hardSigmoid(
      Ops tf, Operand<TFloat32> x, float alpha, float beta) {
    return clip(tf, tf.math.add(tf.math.mul(x, tf.constant(alpha)), tf.constant(beta)), 0, 1);
  }

  /** HardSwish. */
  static Operand<TFloat32> hardSwish(Ops tf, Operand<TFloat32> x) {
    return tf.math.mul(x, hardSigmoid(tf, x, 1 / 6f, 0.5f));
  }

  /** Mish. */
  static Operand<TFloat32> mish(Ops tf, Operand<TFloat32> x) {
    return tf.math.mul(x, tf.math.tanh(tf.math.softplus(x)));
  }

  /** Elu. */
  static void elu(OnnxNode node, GraphScope scope) {
    float alpha = node.number("alpha", 1);
    Ops tf = scope.tf();
    apply(node, scope, x -> elu(tf, x, alpha));
  }

  private static Operand<TFloat32> elu(Ops tf, Operand<TFloat32> x, float alpha) {
    Operand<TFloat32> below = tf.math.sub(tf.math.exp(negative(tf, x)), tf.constant(1f));
    return tf.math.add(tf.nn.relu(x), tf.math.mul(below, tf.constant(alpha)));
  }

  /** Selu. */
  static void selu(OnnxNode node, GraphScope scope) {
    float alpha = node.number("alpha", 1.67326319f);
    float gamma = node.number("gamma", 1.05070102f);
    Ops tf = scope.tf();
    apply(node, scope, x -> tf.math.mul(elu(tf, x, alpha), tf.constant(gamma)));
  }

  /** Gelu, exact or by tanh. */
  static void gelu(OnnxNode node, GraphScope scope) {
    String how = node.text("approximate", "none");
    Ops tf = scope.tf();
    switch (how) {
      case "none" ->
          apply(
              node, scope, x -> half(tf, x, tf.math.erf(tf.math.div(x, tf.constant(ROOT_OF_TWO)))));
      case "tanh" ->
          apply(
              node,
              scope,
              x -> {
                Operand<TFloat32> cube = tf.math.mul(x, tf.math.mul(x, x));
                Operand<TFloat32> inner = tf.math.add(x, tf.math.mul(cube, tf.constant(0.044715f)));
                return half(tf, x, tf.math.tanh(tf.math.mul(inner, tf.constant(0.7978845608f))));
              });
      default -> throw node.refusal("approximate", how, "none and tanh");
    }
  }

  private static Operand<TFloat32> half(Ops tf, Operand<TFloat32> x, Operand<TFloat32> sign) {
    return tf.math.mul(tf.math.mul(x, tf.constant(0.5f)), tf.math.add(sign, tf.constant(1f)));
  }

  /** Pow, whose exponent is one constant. */
  static void pow(OnnxNode node, GraphScope scope) {
    float[] exponent = scope.numbers(node, 1);
    if (exponent.length != 1) {
      throw node.refusal("has more than one exponent; one constant is supported");
    }
    Ops tf = scope.tf();
    if (exponent[0] == 2) {
      apply(node, scope, x -> tf.math.mul(x, x));
    } else {
      apply(node, scope, x -> tf.math.pow(x, tf.constant(exponent[0])));
    }
  }

  private static void apply(OnnxNode node, GraphScope scope, UnaryOperator<Operand<TFloat32>> f) {
    scope.put(node.output(0), apply(scope.tf(), scope.value(node.input(0)), f));
  }

  private static GraphValue apply(Ops tf, GraphValue x, UnaryOperator<Operand<TFloat32>> function) {
    return x.prefersChannelsLast()
        ? GraphValue.channelsLast(tf, function.apply(x.channelsLast()))
        : GraphValue.plain(tf, function.apply(x.plain()));
  }

  /** Computes in the layout that one of the operands has already. */
  static GraphValue combine(
      Ops tf,
      GraphValue a,
      GraphValue b,
      BiFunction<Operand<TFloat32>, Operand<TFloat32>, Operand<TFloat32>> function) {
    boolean last =
        (a.prefersChannelsLast() || b.prefersChannelsLast())
            && Math.max(a.rank(), b.rank()) == GraphValue.PICTURE;
    return last
        ? GraphValue.channelsLast(
            tf, function.apply(a.broadcastChannelsLast(), b.broadcastChannelsLast()))
        : GraphValue.plain(tf, function.apply(a.plain(), b.plain()));
  }

  /** The values of a node's inputs. */
  static List<GraphValue> values(OnnxNode node, GraphScope scope) {
    List<GraphValue> values = new ArrayList<>();
    node.inputs().forEach(input -> values.add(scope.value(input)));
    return values;
  }
}
