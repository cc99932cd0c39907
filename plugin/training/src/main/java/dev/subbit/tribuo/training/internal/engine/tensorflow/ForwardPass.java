package dev.subbit.tribuo.training.internal.engine.tensorflow;

import dev.subbit.tribuo.network.ImageShape;
import dev.subbit.tribuo.network.Layer;
import dev.subbit.tribuo.network.Network;
import dev.subbit.tribuo.network.NetworkShapes;
import dev.subbit.tribuo.network.NodeShape;
import dev.subbit.tribuo.network.Readers;
import dev.subbit.tribuo.settings.Precision;
import java.util.HashMap;
import java.util.Map;
import org.tensorflow.Operand;
import org.tensorflow.op.Ops;
import org.tensorflow.op.linalg.MatMul;
import org.tensorflow.op.math.Mean;
import org.tensorflow.op.nn.FusedBatchNorm;
import org.tensorflow.types.TFloat32;

/**
 * The graph of a network from pixels to logits, in TensorFlow's usual layout, NHWC. Built twice
 * over the same variables: once to train, with the statistics of the batch, and once to predict,
 * with the moving ones. It keeps the tensors that the backward pass needs.
 *
 * <p>With an {@link IntegerRounding} it computes, in floats, what the network's integer form
 * computes: activations, biases, multipliers and slopes are rounded as there. It differs by less
 * than a unit of an activation here and there: the sums of the stem and of 1x1 convolutions are
 * rounded once and not twice, and the means in front of the classifier not at all.
 */
final class ForwardPass {

  private final Ops tf;
  private final Parameters parameters;
  private final Map<String, ConvWeights> convWeights;
  private final boolean training;
  private final Precision precision;
  // Null where the pass computes in floats.
  private final IntegerRounding rounding;
  private final Network network;
  private final Readers readers;
  private final Map<String, NodeShape> shapes;
  private final Map<String, Integer> consumers = new HashMap<>();
  private final Map<String, ShiftedSum> sums = new HashMap<>();
  private final Map<String, GraphConv<?>> convs = new HashMap<>();
  private final Map<String, Operand<TFloat32>> paddedInputs = new HashMap<>();
  private final Map<String, Operand<TFloat32>> negativeParts = new HashMap<>();
  private final Map<String, FusedBatchNorm<TFloat32, TFloat32>> batchNorms = new HashMap<>();
  private final Map<String, Operand<TFloat32>> denseWeights = new HashMap<>();
  private final Map<String, Operand<TFloat32>> insides = new HashMap<>();

  /**
   * Builds the forward pass of a network in float32.
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
    this(tf, network, pixels, parameters, convWeights, training, Precision.FLOAT32, null);
  }

  /**
   * Builds the forward pass of a network.
   *
   * @param pixels [N, channels * height * width].
   * @param convWeights the weights of every convolution, by node name.
   * @param training whether batch normalisation uses the statistics of the batch.
   * @param precision what convolutions compute with.
   * @param rounding how values are rounded; null to compute in floats.
   */
  ForwardPass(
      Ops tf,
      Network network,
      Operand<TFloat32> pixels,
      Parameters parameters,
      Map<String, ConvWeights> convWeights,
      boolean training,
      Precision precision,
      IntegerRounding rounding) {
    this.tf = tf;
    this.network = network;
    this.rounding = rounding;
    this.readers = network.readers();
    this.parameters = parameters;
    this.convWeights = convWeights;
    this.training = training;
    this.precision = precision;
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
    if (rounding != null && !isThreshold(node)) {
      insides.put(node, rounding.isInside(made));
      made = rounding.clipped(made);
    }
    sums.put(node, ShiftedSum.of(made));
    return made;
  }

  /**
   * Whether a node is a shift that only binary convolutions read. Its values are compared with 0
   * and not held, so they need no rounding: a multiple of the unit is at least the negative shift
   * if it is at least the next multiple.
   */
  private boolean isThreshold(String node) {
    return network.node(node).layer() instanceof Layer.Shift
        && readers.of(node).stream()
            .allMatch(
                reader ->
                    reader.layer() instanceof Layer.Conv conv
                        && conv.activations() == Layer.Activations.BINARY);
  }

  /** Where a node's values were not clipped, 1, else 0; null where it clips none. */
  Operand<TFloat32> inside(String node) {
    return insides.get(node);
  }

  /** The weights that a fully connected layer computes with. */
  Operand<TFloat32> denseWeight(String node) {
    return denseWeights.get(node);
  }

  /** min(x, 0) of what a PReLU is applied to. */
  Operand<TFloat32> negativePart(String node) {
    return negativeParts.get(node);
  }

  /** A convolution, with its input after binarising. */
  GraphConv<?> conv(String node) {
    return convs.get(node);
  }

  /** The input of a max pooling after padding. */
  Operand<TFloat32> paddedInput(String node) {
    return paddedInputs.get(node);
  }

  FusedBatchNorm<TFloat32, TFloat32> batchNorm(String node) {
    return batchNorms.get(node);
  }

  /**
   * A node's output as a sum to be continued; it is added up here if other nodes need it too, and,
   * where values are rounded, if there is no batch normalisation to continue.
   */
  private ShiftedSum unmade(String node) {
    boolean hasNorms = !sums.get(node).norms().isEmpty();
    if (hasNorms ? consumers.get(node) > 1 : rounding != null) {
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
      GraphConv<?> convolution = GraphConv.of(tf, conv, precision, input);
      convs.put(node.name(), convolution);
      return ShiftedSum.of(convolution.output(convWeights.get(node.name()).effective()));
    }

    @Override
    public ShiftedSum batchNorm(Layer.BatchNorm norm) {
      Operand<TFloat32> x = x();
      return ShiftedSum.ofNorm(
          shift -> rounding == null ? batchNorm(norm, x, shift) : roundedNorm(norm, x, shift));
    }

    /**
     * Batch normalisation as one factor and one bias for each channel. In training TensorFlow's own
     * goes with it, for the statistics of the batch and the gradients.
     */
    private Operand<TFloat32> roundedNorm(
        Layer.BatchNorm layer, Operand<TFloat32> x, Operand<TFloat32> shift) {
      Operand<TFloat32> mean;
      Operand<TFloat32> variance;
      if (training) {
        batchNorm(layer, x, shift);
        FusedBatchNorm<TFloat32, TFloat32> norm = batchNorms.get(node.name());
        mean = norm.batchMean();
        variance = tf.math.mul(norm.batchVariance(), shareOfUnbiased(x));
      } else {
        mean = parameter("mean", layer.channels());
        variance = parameter("variance", layer.channels());
      }
      Operand<TFloat32> deviation =
          tf.math.sqrt(tf.math.add(variance, tf.constant(Layer.BatchNorm.EPSILON)));
      Operand<TFloat32> factor = tf.math.div(parameter("gamma", layer.channels()), deviation);
      Operand<TFloat32> beta = parameter("beta", layer.channels());
      Operand<TFloat32> bias =
          tf.math.sub(shift == null ? beta : tf.math.add(beta, shift), tf.math.mul(mean, factor));
      Operand<TFloat32> scaled = tf.math.mul(x, roundedFactor(factor));
      return tf.nn.biasAdd(rounding.activations(scaled), rounding.biases(bias));
    }

    /** (n - 1) / n, where TensorFlow divided the sum of n squares by n - 1. */
    private Operand<TFloat32> shareOfUnbiased(Operand<TFloat32> x) {
      Operand<TFloat32> n =
          tf.dtypes.cast(
              tf.reduceProd(tf.slice(tf.shape(x), tf.array(0), tf.array(3)), tf.constant(0)),
              TFloat32.class);
      return tf.math.div(tf.math.sub(n, tf.constant(1f)), n);
    }

    /** Behind a sub-bit convolution, factor times scale is what has to be rounded. */
    private Operand<TFloat32> roundedFactor(Operand<TFloat32> factor) {
      Network.Node input = network.node(node.inputs().get(0));
      if (input.layer() instanceof Layer.MaxPool) {
        input = network.node(input.inputs().get(0));
      }
      if (!(convWeights.get(input.name()) instanceof SubBitConvWeights weights)) {
        return factor;
      }
      Operand<TFloat32> scale = tf.reshape(weights.scale(), tf.array(-1));
      Operand<TFloat32> multipliers =
          rounding.multipliers(tf.math.mul(factor, scale), (Layer.Conv) input.layer());
      return tf.math.divNoNan(multipliers, scale);
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
      if (rounding == null) {
        return unmade(node.inputs().get(0)).shifted(tf, by);
      }
      if (isThreshold(node.name())) {
        return ShiftedSum.of(x()).shifted(tf, by);
      }
      ShiftedSum sum = unmade(node.inputs().get(0));
      return sum.shifted(tf, sum.norms().isEmpty() ? rounding.biases(by) : by);
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
      if (rounding != null) {
        Operand<TFloat32> bent = tf.math.mul(negativePart, rounding.slopes(slope));
        return ShiftedSum.of(tf.math.add(tf.nn.relu(x), rounding.activations(bent)));
      }
      return ShiftedSum.of(
          tf.math.add(x, tf.math.mul(negativePart, tf.math.sub(slope, tf.constant(1f)))));
    }

    @Override
    public ShiftedSum add(Layer.Add add) {
      return unmade(node.inputs().get(0)).plus(tf, unmade(node.inputs().get(1)));
    }

    @Override
    public ShiftedSum averagePool(Layer.AveragePool pool) {
      Operand<TFloat32> mean =
          tf.nn.avgPool(
              x(), Pooling.AVERAGE_WINDOW, Pooling.AVERAGE_WINDOW, Pooling.AVERAGE_PADDING);
      return ShiftedSum.of(rounding == null ? mean : rounding.activations(mean));
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
      if (rounding != null) {
        weight = rounding.weights(weight, 1);
      }
      denseWeights.put(node.name(), weight);
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
