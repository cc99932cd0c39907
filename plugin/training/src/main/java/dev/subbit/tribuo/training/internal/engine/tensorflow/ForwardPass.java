package dev.subbit.tribuo.training.internal.engine.tensorflow;

import dev.subbit.tribuo.network.ImageShape;
import dev.subbit.tribuo.network.Layer;
import dev.subbit.tribuo.network.Network;
import dev.subbit.tribuo.network.NetworkShapes;
import dev.subbit.tribuo.network.NodeShape;
import java.util.HashMap;
import java.util.Map;
import org.tensorflow.Operand;
import org.tensorflow.op.Ops;
import org.tensorflow.op.linalg.MatMul;
import org.tensorflow.op.math.Mean;
import org.tensorflow.op.nn.FusedBatchNorm;
import org.tensorflow.types.TFloat32;

/**
 * The graph of a network from pixels to logits, in TensorFlow's layout on CPUs, NHWC. Built twice
 * over the same variables: once to train, with the statistics of the batch, and once to predict,
 * with the moving ones. Keeps what the backward pass needs.
 */
final class ForwardPass {

  private final Ops tf;
  private final Parameters parameters;
  private final Map<String, ConvWeights> convWeights;
  private final boolean training;
  private final Map<String, NodeShape> shapes;
  private final Map<String, Integer> consumers = new HashMap<>();
  private final Map<String, ShiftedSum> sums = new HashMap<>();
  private final Map<String, Operand<TFloat32>> paddedInputs = new HashMap<>();
  private final Map<String, Operand<TFloat32>> negativeParts = new HashMap<>();
  private final Map<String, FusedBatchNorm<TFloat32, TFloat32>> batchNorms = new HashMap<>();

  /**
   * Builds the graph.
   *
   * @param pixels [N, channels * height * width].
   * @param convWeights the weights of every convolution, by node name.
   * @param training whether batch normalisation uses the statistics of the batch.
   */
  ForwardPass(
      Ops tf,
      Network network,
      Operand<TFloat32> pixels,
      Parameters parameters,
      Map<String, ConvWeights> convWeights,
      boolean training) {
    this.tf = tf;
    this.parameters = parameters;
    this.convWeights = convWeights;
    this.training = training;
    this.shapes = NetworkShapes.of(network);
    for (Network.Node node : network.nodes()) {
      node.inputs().forEach(input -> consumers.merge(input, 1, Integer::sum));
    }
    for (Network.Node node : network.nodes()) {
      sums.put(
          node.name(),
          node.layer() instanceof Layer.Input
              ? ShiftedSum.of(images(network.input(), pixels))
              : sum(node));
    }
  }

  /** What a node computes. */
  Operand<TFloat32> output(String node) {
    ShiftedSum sum = sums.get(node);
    if (sum.isMade()) {
      return sum.tensors().get(0);
    }
    Operand<TFloat32> made = sum.make(tf);
    sums.put(node, ShiftedSum.of(made));
    return made;
  }

  /** min(x, 0) of what a PReLU is applied to. */
  Operand<TFloat32> negativePart(String node) {
    return negativeParts.get(node);
  }

  /** What a convolution or max pooling is applied to: binarised and padded as it needs. */
  Operand<TFloat32> paddedInput(String node) {
    return paddedInputs.get(node);
  }

  FusedBatchNorm<TFloat32, TFloat32> batchNorm(String node) {
    return batchNorms.get(node);
  }

  private Operand<TFloat32> images(ImageShape shape, Operand<TFloat32> pixels) {
    if (shape.channels() == 1) {
      // NCHW and NHWC are the same then.
      return tf.reshape(pixels, tf.array(-1, shape.height(), shape.width(), 1));
    }
    Operand<TFloat32> nchw =
        tf.reshape(pixels, tf.array(-1, shape.channels(), shape.height(), shape.width()));
    return tf.linalg.transpose(nchw, tf.array(0, 2, 3, 1));
  }

  private ShiftedSum sum(Network.Node node) {
    String input = node.inputs().get(0);
    Layer layer = node.layer();
    if (layer instanceof Layer.BatchNorm norm) {
      Operand<TFloat32> x = output(input);
      return ShiftedSum.ofNorm(shift -> batchNorm(node.name(), norm, x, shift));
    } else if (layer instanceof Layer.Shift shift) {
      Parameter parameter = parameters.get(node.name() + "/shift", shift.channels());
      return unmade(input).shifted(tf, parameter.value());
    } else if (layer instanceof Layer.Add) {
      return unmade(input).plus(tf, unmade(node.inputs().get(1)));
    }
    return ShiftedSum.of(build(node, output(input)));
  }

  /** A node's output as a sum to go on with; made here where others need it too. */
  private ShiftedSum unmade(String node) {
    if (!sums.get(node).norms().isEmpty() && consumers.get(node) > 1) {
      return ShiftedSum.of(output(node));
    }
    return sums.get(node);
  }

  private Operand<TFloat32> build(Network.Node node, Operand<TFloat32> x) {
    Layer layer = node.layer();
    if (layer instanceof Layer.Normalize normalize) {
      return tf.math.add(
          tf.math.mul(x, tf.constant(normalize.scale())), tf.constant(normalize.offset()));
    } else if (layer instanceof Layer.Conv conv) {
      return convolution(node.name(), conv, x);
    } else if (layer instanceof Layer.Relu) {
      return tf.nn.relu(x);
    } else if (layer instanceof Layer.PRelu prelu) {
      return prelu(node.name(), prelu, x);
    } else if (layer instanceof Layer.AveragePool) {
      return tf.nn.avgPool(
          x, Pooling.AVERAGE_WINDOW, Pooling.AVERAGE_WINDOW, Pooling.AVERAGE_PADDING);
    } else if (layer instanceof Layer.MaxPool pool) {
      Operand<TFloat32> padded = Pooling.padded(tf, pool, x);
      paddedInputs.put(node.name(), padded);
      return Pooling.max(tf, pool, padded);
    } else if (layer instanceof Layer.Flatten) {
      return tf.reshape(
          tf.linalg.transpose(x, tf.array(0, 3, 1, 2)),
          tf.array(-1, shapes.get(node.name()).channels()));
    } else if (layer instanceof Layer.GlobalAveragePool) {
      return tf.math.mean(x, tf.array(1, 2), Mean.keepDims(false));
    } else if (layer instanceof Layer.Dense dense) {
      Parameter weight = parameters.get(node.name() + "/weight", dense.out(), dense.in());
      Parameter bias = parameters.get(node.name() + "/bias", dense.out());
      return tf.nn.biasAdd(
          tf.linalg.matMul(x, weight.value(), MatMul.transposeB(true)), bias.value());
    }
    throw new IllegalStateException("Node '" + node.name() + "' has an unknown layer: " + layer);
  }

  /**
   * max(x, 0) + slope min(x, 0), in the form that takes the fewest passes: x + (slope - 1) min(x,
   * 0).
   */
  private Operand<TFloat32> prelu(String name, Layer.PRelu layer, Operand<TFloat32> x) {
    Operand<TFloat32> slope = parameters.get(name + "/slope", layer.channels()).value();
    Operand<TFloat32> negativePart = tf.math.minimum(x, tf.constant(0f));
    negativeParts.put(name, negativePart);
    return tf.math.add(x, tf.math.mul(negativePart, tf.math.sub(slope, tf.constant(1f))));
  }

  private Operand<TFloat32> convolution(String name, Layer.Conv conv, Operand<TFloat32> x) {
    Operand<TFloat32> input = x;
    if (conv.activations() == Layer.Activations.BINARY) {
      // sign(x) is 0 at 0, where 1 is wanted. Two signs are faster than a comparison and a choice.
      input = tf.math.sign(tf.math.add(tf.math.sign(x), tf.constant(0.5f)));
    }
    ConvPadding padding = ConvPadding.of(conv);
    input = padding.apply(tf, input);
    paddedInputs.put(name, input);
    return tf.nn.conv2d(
        input, convWeights.get(name).effective(), padding.strides(), padding.mode());
  }

  private Operand<TFloat32> batchNorm(
      String name, Layer.BatchNorm layer, Operand<TFloat32> x, Operand<TFloat32> shift) {
    Operand<TFloat32> beta = parameters.get(name + "/beta", layer.channels()).value();
    // In training TensorFlow wants the statistics left empty.
    Operand<TFloat32> none = tf.constant(new float[0]);
    FusedBatchNorm<TFloat32, TFloat32> norm =
        tf.nn.fusedBatchNorm(
            x,
            parameters.get(name + "/gamma", layer.channels()).value(),
            shift == null ? beta : tf.math.add(beta, shift),
            training ? none : parameters.get(name + "/mean", layer.channels()).value(),
            training ? none : parameters.get(name + "/variance", layer.channels()).value(),
            FusedBatchNorm.epsilon(Layer.BatchNorm.EPSILON),
            FusedBatchNorm.isTraining(training));
    batchNorms.put(name, norm);
    return norm.y();
  }
}
