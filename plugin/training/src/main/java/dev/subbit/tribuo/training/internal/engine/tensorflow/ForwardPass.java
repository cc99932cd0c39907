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
 * with the moving ones. It keeps the tensors that the backward pass needs.
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
   * Builds the forward pass of a network.
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
      sums.put(node.name(), node.layer().accept(new NodeOutput(network.input(), pixels, node)));
    }
  }

  /** The output of a node. */
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

  /** The input of a convolution or max pooling after binarising and padding. */
  Operand<TFloat32> paddedInput(String node) {
    return paddedInputs.get(node);
  }

  FusedBatchNorm<TFloat32, TFloat32> batchNorm(String node) {
    return batchNorms.get(node);
  }

  /** A node's output as a sum to be continued; it is added up here if other nodes need it too. */
  private ShiftedSum unmade(String node) {
    if (!sums.get(node).norms().isEmpty() && consumers.get(node) > 1) {
      return ShiftedSum.of(output(node));
    }
    return sums.get(node);
  }

  /** Builds the layer of one node. */
  private final class NodeOutput implements Layer.Visitor<ShiftedSum> {

    private final ImageShape image;
    private final Operand<TFloat32> pixels;
    private final Network.Node node;

    NodeOutput(ImageShape image, Operand<TFloat32> pixels, Network.Node node) {
      this.image = image;
      this.pixels = pixels;
      this.node = node;
    }

    @Override
    public ShiftedSum input(Layer.Input input) {
      if (image.channels() == 1) {
        // NCHW and NHWC are the same then.
        return ShiftedSum.of(tf.reshape(pixels, tf.array(-1, image.height(), image.width(), 1)));
      }
      Operand<TFloat32> nchw =
          tf.reshape(pixels, tf.array(-1, image.channels(), image.height(), image.width()));
      return ShiftedSum.of(tf.linalg.transpose(nchw, tf.array(0, 2, 3, 1)));
    }

    @Override
    public ShiftedSum normalize(Layer.Normalize normalize) {
      Operand<TFloat32> scaled = tf.math.mul(x(), tf.constant(normalize.scale()));
      return ShiftedSum.of(tf.math.add(scaled, tf.constant(normalize.offset())));
    }

    @Override
    public ShiftedSum conv(Layer.Conv conv) {
      Operand<TFloat32> input = x();
      if (conv.activations() == Layer.Activations.BINARY) {
        // sign(x) is 0 at 0, where 1 is wanted. Two signs are faster than a comparison and a
        // choice.
        input = tf.math.sign(tf.math.add(tf.math.sign(input), tf.constant(0.5f)));
      }
      ConvPadding padding = ConvPadding.of(conv);
      input = padding.apply(tf, input);
      paddedInputs.put(node.name(), input);
      return ShiftedSum.of(
          tf.nn.conv2d(
              input, convWeights.get(node.name()).effective(), padding.strides(), padding.mode()));
    }

    @Override
    public ShiftedSum batchNorm(Layer.BatchNorm norm) {
      Operand<TFloat32> x = x();
      return ShiftedSum.ofNorm(shift -> batchNorm(norm, x, shift));
    }

    private Operand<TFloat32> batchNorm(
        Layer.BatchNorm layer, Operand<TFloat32> x, Operand<TFloat32> shift) {
      Operand<TFloat32> beta = parameter("beta", layer.channels());
      // In training TensorFlow wants the statistics left empty.
      Operand<TFloat32> none = tf.constant(new float[0]);
      FusedBatchNorm<TFloat32, TFloat32> norm =
          tf.nn.fusedBatchNorm(
              x,
              parameter("gamma", layer.channels()),
              shift == null ? beta : tf.math.add(beta, shift),
              training ? none : parameter("mean", layer.channels()),
              training ? none : parameter("variance", layer.channels()),
              FusedBatchNorm.epsilon(Layer.BatchNorm.EPSILON),
              FusedBatchNorm.isTraining(training));
      batchNorms.put(node.name(), norm);
      return norm.y();
    }

    @Override
    public ShiftedSum relu(Layer.Relu relu) {
      return ShiftedSum.of(tf.nn.relu(x()));
    }

    @Override
    public ShiftedSum shift(Layer.Shift shift) {
      Operand<TFloat32> by = parameter("shift", shift.channels());
      return unmade(node.inputs().get(0)).shifted(tf, by);
    }

    /**
     * max(x, 0) + slope min(x, 0), in the form that takes the fewest passes: x + (slope - 1) min(x,
     * 0).
     */
    @Override
    public ShiftedSum prelu(Layer.PRelu prelu) {
      Operand<TFloat32> x = x();
      Operand<TFloat32> slope = parameter("slope", prelu.channels());
      Operand<TFloat32> negativePart = tf.math.minimum(x, tf.constant(0f));
      negativeParts.put(node.name(), negativePart);
      return ShiftedSum.of(
          tf.math.add(x, tf.math.mul(negativePart, tf.math.sub(slope, tf.constant(1f)))));
    }

    @Override
    public ShiftedSum add(Layer.Add add) {
      return unmade(node.inputs().get(0)).plus(tf, unmade(node.inputs().get(1)));
    }

    @Override
    public ShiftedSum averagePool(Layer.AveragePool pool) {
      return ShiftedSum.of(
          tf.nn.avgPool(
              x(), Pooling.AVERAGE_WINDOW, Pooling.AVERAGE_WINDOW, Pooling.AVERAGE_PADDING));
    }

    @Override
    public ShiftedSum maxPool(Layer.MaxPool pool) {
      Operand<TFloat32> padded = Pooling.padded(tf, pool, x());
      paddedInputs.put(node.name(), padded);
      return ShiftedSum.of(Pooling.max(tf, pool, padded));
    }

    @Override
    public ShiftedSum globalAveragePool(Layer.GlobalAveragePool pool) {
      return ShiftedSum.of(tf.math.mean(x(), tf.array(1, 2), Mean.keepDims(false)));
    }

    @Override
    public ShiftedSum flatten(Layer.Flatten flatten) {
      return ShiftedSum.of(
          tf.reshape(
              tf.linalg.transpose(x(), tf.array(0, 3, 1, 2)),
              tf.array(-1, shapes.get(node.name()).channels())));
    }

    @Override
    public ShiftedSum dense(Layer.Dense dense) {
      Operand<TFloat32> x = x();
      Operand<TFloat32> weight = parameter("weight", dense.out(), dense.in());
      Operand<TFloat32> bias = parameter("bias", dense.out());
      return ShiftedSum.of(
          tf.nn.biasAdd(tf.linalg.matMul(x, weight, MatMul.transposeB(true)), bias));
    }

    /** The output of the node that is read, or of the first of them. */
    private Operand<TFloat32> x() {
      return output(node.inputs().get(0));
    }

    private Operand<TFloat32> parameter(String name, long... dimensions) {
      return parameters.get(node.name() + "/" + name, dimensions).value();
    }
  }
}
