package dev.subbit.tribuo.training.internal.engine.tensorflow;

import dev.subbit.tribuo.network.Layer;
import dev.subbit.tribuo.network.Network;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.tensorflow.Operand;
import org.tensorflow.op.Ops;
import org.tensorflow.op.core.ReduceSum;
import org.tensorflow.op.linalg.MatMul;
import org.tensorflow.op.nn.FusedBatchNorm;
import org.tensorflow.op.nn.FusedBatchNormGrad;
import org.tensorflow.types.TFloat32;
import org.tensorflow.types.TInt32;

/**
 * The graph of the gradients, layer by layer from the logits back. Written out rather than left to
 * TensorFlow's own differentiation: straight-through estimators are not derivatives, and written
 * out they save one pass over the activations.
 */
final class BackwardPass {

  private final Ops tf;
  private final Network network;
  private final ForwardPass forward;
  private final Parameters parameters;
  private final Map<String, ConvWeights> convWeights;
  private final Map<String, List<Operand<TFloat32>>> outputGradients = new HashMap<>();
  private final Map<Parameter, Operand<TFloat32>> gradients = new LinkedHashMap<>();
  private final Map<String, Operand<TFloat32>> codebookGradients = new LinkedHashMap<>();
  private final Map<Parameter, List<Operand<TFloat32>>> shiftGradients = new LinkedHashMap<>();
  private final Map<Operand<TFloat32>, Operand<TFloat32>> channelSums = new IdentityHashMap<>();

  /**
   * Builds the gradients of a network.
   *
   * @param forward the forward pass, built for training.
   * @param logitsGradient the gradient of the loss for the logits.
   */
  BackwardPass(
      Ops tf,
      Network network,
      ForwardPass forward,
      Parameters parameters,
      Map<String, ConvWeights> convWeights,
      Operand<TFloat32> logitsGradient) {
    this.tf = tf;
    this.network = network;
    this.forward = forward;
    this.parameters = parameters;
    this.convWeights = convWeights;
    pass(new Passed(network.output().name(), logitsGradient));
    List<Network.Node> nodes = network.nodes();
    for (int i = nodes.size() - 1; i >= 0; i--) {
      Network.Node node = nodes.get(i);
      List<Operand<TFloat32>> arrived = outputGradients.get(node.name());
      if (arrived == null) {
        continue;
      }
      node.layer().accept(new NodeGradient(node, unclipped(node, arrived))).forEach(this::pass);
    }
    shiftGradients.forEach((shift, arrived) -> gradients.put(shift, channelSum(arrived)));
  }

  /** Gradients stop where the forward pass clipped a value. */
  private List<Operand<TFloat32>> unclipped(Network.Node node, List<Operand<TFloat32>> arrived) {
    Operand<TFloat32> inside = forward.inside(node.name());
    return inside == null ? arrived : List.of(tf.math.mul(sum(arrived), inside));
  }

  private Operand<TFloat32> sum(List<Operand<TFloat32>> summands) {
    return summands.size() == 1 ? summands.get(0) : tf.math.addN(summands);
  }

  /**
   * The sum over everything but the channels. Last, because shifts lie next to one another and to
   * batch normalisations, which make the same sum for their offsets.
   */
  private Operand<TFloat32> channelSum(List<Operand<TFloat32>> arrived) {
    List<Operand<TFloat32>> sums = new ArrayList<>();
    for (Operand<TFloat32> gradient : arrived) {
      sums.add(channelSums.computeIfAbsent(gradient, g -> tf.nn.biasAddGrad(g)));
    }
    return sum(sums);
  }

  /** The gradient of every trained variable. */
  Map<Parameter, Operand<TFloat32>> gradients() {
    return gradients;
  }

  /** The gradient of the codebook's taps of every sub-bit convolution, by node name. */
  Map<String, Operand<TFloat32>> codebookGradients() {
    return codebookGradients;
  }

  private void pass(Passed passed) {
    outputGradients.computeIfAbsent(passed.to(), n -> new ArrayList<>()).add(passed.gradient());
  }

  /**
   * The gradient of a node's output, or a summand of it, as one of its readers gives it.
   *
   * @param to name of the node.
   * @param gradient [N, H, W, channels] or [N, features].
   */
  private record Passed(String to, Operand<TFloat32> gradient) {}

  /** Records the gradients of a node's parameters and returns those of the nodes that it reads. */
  private final class NodeGradient implements Layer.Visitor<List<Passed>> {

    private final Network.Node node;
    private final List<Operand<TFloat32>> arrived;

    /**
     * Prepares the gradients of one node.
     *
     * @param arrived the gradient of the node's output, in summands.
     */
    NodeGradient(Network.Node node, List<Operand<TFloat32>> arrived) {
      this.node = node;
      this.arrived = arrived;
    }

    @Override
    public List<Passed> input(Layer.Input input) {
      throw notTrained(input);
    }

    @Override
    public List<Passed> normalize(Layer.Normalize normalize) {
      throw notTrained(normalize);
    }

    /** Nothing is trained before the first convolution, which therefore passes nothing on. */
    private IllegalStateException notTrained(Layer layer) {
      return new IllegalStateException("Node '" + node.name() + "' cannot be trained: " + layer);
    }

    @Override
    public List<Passed> conv(Layer.Conv conv) {
      Operand<TFloat32> dy = dy();
      Operand<TFloat32> x = x();
      ConvWeights weights = convWeights.get(node.name());
      GraphConv<?> convolution = forward.conv(node.name());
      Operand<TFloat32> effectiveGradient = convolution.weightsGradient(dy);
      gradients.put(weights.trained(), weights.gradient(effectiveGradient));
      if (weights instanceof SubBitConvWeights subBit) {
        codebookGradients.put(node.name(), subBit.codebookGradient(effectiveGradient));
      }
      if (readsPixels()) {
        return List.of();
      }
      boolean binary = conv.activations() == Layer.Activations.BINARY;
      Operand<TFloat32> filter =
          binary ? tf.math.mul(weights.effective(), tf.constant(2f)) : weights.effective();
      Operand<TFloat32> dx = convolution.inputGradient(filter, dy);
      return toInput(binary ? throughBinarisation(x, dx) : dx);
    }

    private boolean readsPixels() {
      Layer read = network.node(node.inputs().get(0)).layer();
      return read instanceof Layer.Input || read instanceof Layer.Normalize;
    }

    /**
     * The straight-through estimator of Bi-Real net (Liu et al., 2018, section 3.2): binarisation
     * is given the derivative of a piecewise quadratic, max(0, 2 - 2|x|).
     *
     * @param doubledGradient twice the gradient of the binarised activations: the factor 2 costs
     *     less on the weights than on the activations.
     */
    private Operand<TFloat32> throughBinarisation(
        Operand<TFloat32> x, Operand<TFloat32> doubledGradient) {
      return tf.math.mul(doubledGradient, tf.nn.relu(tf.math.sub(tf.constant(1f), tf.math.abs(x))));
    }

    @Override
    public List<Passed> batchNorm(Layer.BatchNorm layer) {
      Operand<TFloat32> dy = dy();
      FusedBatchNorm<TFloat32, TFloat32> norm = forward.batchNorm(node.name());
      Parameter gamma = parameter("gamma", layer.channels());
      FusedBatchNormGrad<TFloat32, TFloat32> gradient =
          tf.nn.fusedBatchNormGrad(
              dy,
              x(),
              gamma.value(),
              norm.reserveSpace1(),
              norm.reserveSpace2(),
              norm.reserveSpace3(),
              FusedBatchNormGrad.epsilon(Layer.BatchNorm.EPSILON),
              FusedBatchNormGrad.isTraining(true));
      gradients.put(gamma, gradient.scaleBackprop());
      gradients.put(parameter("beta", layer.channels()), gradient.offsetBackprop());
      channelSums.put(dy, gradient.offsetBackprop());
      return toInput(gradient.xBackprop());
    }

    @Override
    public List<Passed> relu(Layer.Relu relu) {
      return toInput(tf.nn.reluGrad(dy(), forward.output(node.name())));
    }

    /** Passes the summands on as they are, for {@link #channelSum} to find those it knows. */
    @Override
    public List<Passed> shift(Layer.Shift shift) {
      shiftGradients.put(parameter("shift", shift.channels()), List.copyOf(arrived));
      return arrived.stream().map(gradient -> new Passed(node.inputs().get(0), gradient)).toList();
    }

    @Override
    public List<Passed> prelu(Layer.PRelu prelu) {
      Operand<TFloat32> dy = dy();
      Operand<TFloat32> x = x();
      Parameter slope = parameter("slope", prelu.channels());
      gradients.put(slope, tf.nn.biasAddGrad(tf.math.mul(dy, forward.negativePart(node.name()))));
      Operand<TFloat32> positive = tf.nn.reluGrad(dy, x);
      return toInput(tf.math.add(positive, tf.math.mul(tf.math.sub(dy, positive), slope.value())));
    }

    @Override
    public List<Passed> add(Layer.Add add) {
      Operand<TFloat32> dy = dy();
      return node.inputs().stream().map(input -> new Passed(input, dy)).toList();
    }

    @Override
    public List<Passed> averagePool(Layer.AveragePool pool) {
      Operand<TFloat32> dy = dy();
      return toInput(
          tf.nn.avgPoolGrad(
              tf.shape(x()),
              dy,
              Pooling.AVERAGE_WINDOW,
              Pooling.AVERAGE_WINDOW,
              Pooling.AVERAGE_PADDING));
    }

    @Override
    public List<Passed> maxPool(Layer.MaxPool pool) {
      Operand<TFloat32> dy = dy();
      Operand<TFloat32> x = x();
      Operand<TFloat32> padded = forward.paddedInput(node.name());
      Operand<TFloat32> y = forward.output(node.name());
      return toInput(Pooling.maxGradient(tf, pool, x, padded, y, dy));
    }

    @Override
    public List<Passed> globalAveragePool(Layer.GlobalAveragePool pool) {
      Operand<TFloat32> dy = dy();
      Operand<TInt32> shape = tf.shape(x());
      Operand<TInt32> area =
          tf.reduceProd(tf.slice(shape, tf.array(1), tf.array(2)), tf.constant(0));
      Operand<TFloat32> mean = tf.math.div(dy, tf.dtypes.cast(area, TFloat32.class));
      return toInput(
          tf.broadcastTo(
              tf.expandDims(tf.expandDims(mean, tf.constant(1)), tf.constant(1)), shape));
    }

    @Override
    public List<Passed> flatten(Layer.Flatten flatten) {
      Operand<TFloat32> dy = dy();
      Operand<TInt32> nchw = tf.gather(tf.shape(x()), tf.array(0, 3, 1, 2), tf.constant(0));
      return toInput(tf.linalg.transpose(tf.reshape(dy, nchw), tf.array(0, 2, 3, 1)));
    }

    @Override
    public List<Passed> dense(Layer.Dense dense) {
      Operand<TFloat32> dy = dy();
      Operand<TFloat32> x = x();
      Parameter weight = parameter("weight", dense.out(), dense.in());
      gradients.put(weight, tf.linalg.matMul(dy, x, MatMul.transposeA(true)));
      gradients.put(
          parameter("bias", dense.out()),
          tf.reduceSum(dy, tf.constant(0), ReduceSum.keepDims(false)));
      return toInput(tf.linalg.matMul(dy, forward.denseWeight(node.name())));
    }

    /** The gradient of the node's output. */
    private Operand<TFloat32> dy() {
      return sum(arrived);
    }

    /** The output of the node that is read, or of the first of them. */
    private Operand<TFloat32> x() {
      return forward.output(node.inputs().get(0));
    }

    private Parameter parameter(String name, long... dimensions) {
      return parameters.get(node.name() + "/" + name, dimensions);
    }

    private List<Passed> toInput(Operand<TFloat32> gradient) {
      return List.of(new Passed(node.inputs().get(0), gradient));
    }
  }
}
