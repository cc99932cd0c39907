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
 * TensorFlow's own differentiation: the straight-through estimators are no derivatives, and this
 * way they cost a pass over the activations less.
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
   * Builds the graph.
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
    pass(network.output().name(), logitsGradient);
    List<Network.Node> nodes = network.nodes();
    for (int i = nodes.size() - 1; i >= 0; i--) {
      Network.Node node = nodes.get(i);
      List<Operand<TFloat32>> arrived = outputGradients.get(node.name());
      if (arrived == null) {
        continue;
      }
      if (node.layer() instanceof Layer.Shift shift) {
        shiftGradients.put(
            parameters.get(node.name() + "/shift", shift.channels()), List.copyOf(arrived));
        arrived.forEach(gradient -> pass(node.inputs().get(0), gradient));
      } else {
        differentiate(node, arrived.size() == 1 ? arrived.get(0) : tf.math.addN(arrived));
      }
    }
    shiftGradients.forEach((shift, arrived) -> gradients.put(shift, channelSum(arrived)));
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
    return sums.size() == 1 ? sums.get(0) : tf.math.addN(sums);
  }

  /** The gradient of every trained variable. */
  Map<Parameter, Operand<TFloat32>> gradients() {
    return gradients;
  }

  /** The gradient of the codebook's taps of every sub-bit convolution, by node name. */
  Map<String, Operand<TFloat32>> codebookGradients() {
    return codebookGradients;
  }

  /** Hands a node the gradient of its output. Nothing is trained before the first convolution. */
  private void pass(String node, Operand<TFloat32> gradient) {
    outputGradients.computeIfAbsent(node, n -> new ArrayList<>()).add(gradient);
  }

  private boolean isFixed(String node) {
    Layer layer = network.node(node).layer();
    return layer instanceof Layer.Input || layer instanceof Layer.Normalize;
  }

  private void differentiate(Network.Node node, Operand<TFloat32> dy) {
    String input = node.inputs().get(0);
    Layer layer = node.layer();
    if (layer instanceof Layer.Add) {
      pass(input, dy);
      pass(node.inputs().get(1), dy);
      return;
    }
    Operand<TFloat32> x = forward.output(input);
    if (layer instanceof Layer.Conv conv) {
      convolution(node, conv, x, dy);
    } else if (layer instanceof Layer.BatchNorm norm) {
      pass(input, batchNorm(node.name(), norm, x, dy));
    } else if (layer instanceof Layer.Relu) {
      pass(input, tf.nn.reluGrad(dy, forward.output(node.name())));
    } else if (layer instanceof Layer.PRelu prelu) {
      pass(input, prelu(node.name(), prelu, x, dy));
    } else if (layer instanceof Layer.AveragePool) {
      pass(
          input,
          tf.nn.avgPoolGrad(
              tf.shape(x),
              dy,
              Pooling.AVERAGE_WINDOW,
              Pooling.AVERAGE_WINDOW,
              Pooling.AVERAGE_PADDING));
    } else if (layer instanceof Layer.MaxPool pool) {
      Operand<TFloat32> padded = forward.paddedInput(node.name());
      Operand<TFloat32> y = forward.output(node.name());
      pass(input, Pooling.maxGradient(tf, pool, x, padded, y, dy));
    } else if (layer instanceof Layer.Flatten) {
      pass(input, unflatten(x, dy));
    } else if (layer instanceof Layer.GlobalAveragePool) {
      pass(input, globalAveragePool(x, dy));
    } else if (layer instanceof Layer.Dense dense) {
      pass(input, dense(node.name(), dense, x, dy));
    } else {
      throw new IllegalStateException("Node '" + node.name() + "' cannot be trained: " + layer);
    }
  }

  private void convolution(
      Network.Node node, Layer.Conv conv, Operand<TFloat32> x, Operand<TFloat32> dy) {
    ConvWeights weights = convWeights.get(node.name());
    ConvPadding padding = ConvPadding.of(conv);
    Operand<TFloat32> convInput = forward.paddedInput(node.name());
    int[] filterSizes = {conv.kernel(), conv.kernel(), conv.in(), conv.out()};
    Operand<TFloat32> effectiveGradient =
        tf.nn.conv2dBackpropFilter(
            convInput, tf.constant(filterSizes), dy, padding.strides(), padding.mode());
    gradients.put(weights.trained(), weights.gradient(effectiveGradient));
    if (weights instanceof SubBitConvWeights subBit) {
      codebookGradients.put(node.name(), subBit.codebookGradient(effectiveGradient));
    }
    String input = node.inputs().get(0);
    if (isFixed(input)) {
      return;
    }
    boolean binary = conv.activations() == Layer.Activations.BINARY;
    Operand<TFloat32> filter =
        binary ? tf.math.mul(weights.effective(), tf.constant(2f)) : weights.effective();
    Operand<TInt32> inputSizes = tf.shape(convInput);
    Operand<TFloat32> dx =
        padding.gradient(
            tf,
            tf.nn.conv2dBackpropInput(inputSizes, filter, dy, padding.strides(), padding.mode()),
            x);
    pass(input, binary ? throughBinarisation(x, dx) : dx);
  }

  /**
   * The straight-through estimator of Bi-Real net (Liu et al., 2018, section 3.2): binarisation is
   * given the derivative of a piecewise quadratic, max(0, 2 - 2|x|).
   *
   * @param doubledGradient twice the gradient of the binarised activations: the factor 2 costs less
   *     on the weights than on the activations.
   */
  private Operand<TFloat32> throughBinarisation(
      Operand<TFloat32> x, Operand<TFloat32> doubledGradient) {
    return tf.math.mul(doubledGradient, tf.nn.relu(tf.math.sub(tf.constant(1f), tf.math.abs(x))));
  }

  private Operand<TFloat32> batchNorm(
      String name, Layer.BatchNorm layer, Operand<TFloat32> x, Operand<TFloat32> dy) {
    FusedBatchNorm<TFloat32, TFloat32> norm = forward.batchNorm(name);
    Parameter gamma = parameters.get(name + "/gamma", layer.channels());
    FusedBatchNormGrad<TFloat32, TFloat32> gradient =
        tf.nn.fusedBatchNormGrad(
            dy,
            x,
            gamma.value(),
            norm.reserveSpace1(),
            norm.reserveSpace2(),
            norm.reserveSpace3(),
            FusedBatchNormGrad.epsilon(Layer.BatchNorm.EPSILON),
            FusedBatchNormGrad.isTraining(true));
    gradients.put(gamma, gradient.scaleBackprop());
    gradients.put(parameters.get(name + "/beta", layer.channels()), gradient.offsetBackprop());
    channelSums.put(dy, gradient.offsetBackprop());
    return gradient.xBackprop();
  }

  private Operand<TFloat32> prelu(
      String name, Layer.PRelu layer, Operand<TFloat32> x, Operand<TFloat32> dy) {
    Parameter slope = parameters.get(name + "/slope", layer.channels());
    gradients.put(slope, tf.nn.biasAddGrad(tf.math.mul(dy, forward.negativePart(name))));
    Operand<TFloat32> positive = tf.nn.reluGrad(dy, x);
    return tf.math.add(positive, tf.math.mul(tf.math.sub(dy, positive), slope.value()));
  }

  private Operand<TFloat32> globalAveragePool(Operand<TFloat32> x, Operand<TFloat32> dy) {
    Operand<TInt32> shape = tf.shape(x);
    Operand<TInt32> area = tf.reduceProd(tf.slice(shape, tf.array(1), tf.array(2)), tf.constant(0));
    Operand<TFloat32> mean = tf.math.div(dy, tf.dtypes.cast(area, TFloat32.class));
    return tf.broadcastTo(
        tf.expandDims(tf.expandDims(mean, tf.constant(1)), tf.constant(1)), shape);
  }

  private Operand<TFloat32> unflatten(Operand<TFloat32> x, Operand<TFloat32> dy) {
    Operand<TInt32> nchw = tf.gather(tf.shape(x), tf.array(0, 3, 1, 2), tf.constant(0));
    return tf.linalg.transpose(tf.reshape(dy, nchw), tf.array(0, 2, 3, 1));
  }

  private Operand<TFloat32> dense(
      String name, Layer.Dense layer, Operand<TFloat32> x, Operand<TFloat32> dy) {
    Parameter weight = parameters.get(name + "/weight", layer.out(), layer.in());
    gradients.put(weight, tf.linalg.matMul(dy, x, MatMul.transposeA(true)));
    gradients.put(
        parameters.get(name + "/bias", layer.out()),
        tf.reduceSum(dy, tf.constant(0), ReduceSum.keepDims(false)));
    return tf.linalg.matMul(dy, weight.value());
  }
}
