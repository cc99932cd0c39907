package dev.subbit.tribuo.training.internal.graph.tensorflow;

import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/** The ONNX operators that training goes through, all of which have a gradient. */
final class Operators {

  private static final Map<String, OperatorImport> ALL = new TreeMap<>();

  static {
    ALL.put("Conv", Convolutions::conv);
    ALL.put("MaxPool", Pools::max);
    ALL.put("AveragePool", Pools::average);
    ALL.put("GlobalAveragePool", Pools::globalAverage);
    ALL.put("GlobalMaxPool", Pools::globalMax);
    ALL.put("Gemm", Products::gemm);
    ALL.put("MatMul", Products::matMul);
    ALL.put("BatchNormalization", Normalisations::batch);
    ALL.put("InstanceNormalization", Normalisations::instance);
    ALL.put("LayerNormalization", Normalisations::layer);
    ALL.put("Softmax", Normalisations::softmax);
    ALL.put("LogSoftmax", Normalisations::logSoftmax);
    ALL.put("Add", Elementwise.fold((tf, a, b) -> tf.math.add(a, b)));
    ALL.put("Sum", Elementwise.fold((tf, a, b) -> tf.math.add(a, b)));
    ALL.put("Sub", Elementwise.fold((tf, a, b) -> tf.math.sub(a, b)));
    ALL.put("Mul", Elementwise.fold((tf, a, b) -> tf.math.mul(a, b)));
    ALL.put("Div", Elementwise.fold((tf, a, b) -> tf.math.div(a, b)));
    ALL.put("Max", Elementwise.fold((tf, a, b) -> tf.math.maximum(a, b)));
    ALL.put("Min", Elementwise.fold((tf, a, b) -> tf.math.minimum(a, b)));
    ALL.put("Mean", Elementwise::mean);
    ALL.put("Pow", Elementwise::pow);
    ALL.put("Relu", Elementwise.one((tf, x) -> tf.nn.relu(x)));
    ALL.put("LeakyRelu", Elementwise::leakyRelu);
    ALL.put("PRelu", Elementwise::prelu);
    ALL.put("Clip", Elementwise::clip);
    ALL.put("Elu", Elementwise::elu);
    ALL.put("Selu", Elementwise::selu);
    ALL.put("Gelu", Elementwise::gelu);
    ALL.put("Sigmoid", Elementwise.one((tf, x) -> tf.math.sigmoid(x)));
    ALL.put("HardSigmoid", Elementwise::hardSigmoid);
    ALL.put("HardSwish", Elementwise.one(Elementwise::hardSwish));
    ALL.put("Mish", Elementwise.one(Elementwise::mish));
    ALL.put("Tanh", Elementwise.one((tf, x) -> tf.math.tanh(x)));
    ALL.put("Softplus", Elementwise.one((tf, x) -> tf.math.softplus(x)));
    ALL.put("Erf", Elementwise.one((tf, x) -> tf.math.erf(x)));
    ALL.put("Exp", Elementwise.one((tf, x) -> tf.math.exp(x)));
    ALL.put("Log", Elementwise.one((tf, x) -> tf.math.log(x)));
    ALL.put("Sqrt", Elementwise.one((tf, x) -> tf.math.sqrt(x)));
    ALL.put("Reciprocal", Elementwise.one((tf, x) -> tf.math.reciprocal(x)));
    ALL.put("Abs", Elementwise.one((tf, x) -> tf.math.abs(x)));
    ALL.put("Neg", Elementwise.one((tf, x) -> tf.math.neg(x)));
    ALL.put("Identity", Shapes::same);
    ALL.put("Dropout", Shapes::same);
    ALL.put("Cast", Shapes::cast);
    ALL.put("Flatten", Shapes::flatten);
    ALL.put("Reshape", Shapes::reshape);
    ALL.put("Transpose", Shapes::transpose);
    ALL.put("Squeeze", Shapes::squeeze);
    ALL.put("Unsqueeze", Shapes::unsqueeze);
    ALL.put("Expand", Shapes::expand);
    ALL.put("Concat", Shapes::concat);
    ALL.put("Split", Shapes::split);
    ALL.put("Slice", Shapes::slice);
    ALL.put("Gather", Shapes::gather);
    ALL.put("Pad", Shapes::pad);
    ALL.put("DepthToSpace", Shapes::depthToSpace);
    ALL.put("SpaceToDepth", Shapes::spaceToDepth);
    ALL.put("ReduceMean", Shapes::reduceMean);
    ALL.put("ReduceSum", Shapes::reduceSum);
    ALL.put("ReduceMax", Shapes::reduceMax);
    ALL.put("ReduceMin", Shapes::reduceMin);
    ALL.put("Resize", Resizing::resize);
  }

  private Operators() {}

  /** Names of all operators. */
  static Set<String> names() {
    return ALL.keySet();
  }

  /**
   * The counterpart of a node's operator.
   *
   * @throws IllegalArgumentException if there is none; the message names operator and node.
   */
  static OperatorImport of(OnnxNode node) {
    OperatorImport found = ALL.get(node.operator());
    if (found == null) {
      throw node.refusal(
          "cannot be trained through: its operator has no gradient here. Those that have one: "
              + String.join(", ", ALL.keySet()));
    }
    return found;
  }
}
