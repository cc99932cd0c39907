package dev.subbit.tribuo.engine.tensorflow;

import dev.subbit.onnx.Codebook;
import dev.subbit.tribuo.engine.TrainingPlan;
import dev.subbit.tribuo.network.Layer;
import dev.subbit.tribuo.network.Network;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.tensorflow.Graph;
import org.tensorflow.Operand;
import org.tensorflow.Output;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.op.Op;
import org.tensorflow.op.Ops;
import org.tensorflow.op.core.Placeholder;
import org.tensorflow.op.nn.SoftmaxCrossEntropyWithLogits;
import org.tensorflow.op.train.ResourceApplyAdam;
import org.tensorflow.types.TFloat32;

/** The whole graph of a training: prediction, loss, gradients, updates. */
final class TrainingGraph {

  private static final float BATCH_NORM_MOMENTUM = 0.9f;
  private static final float ADAM_EPSILON = 1e-8f;

  static final float ADAM_BETA1 = 0.9f;
  static final float ADAM_BETA2 = 0.999f;

  private final Ops tf;
  private final Network network;
  private final Parameters parameters;
  private final List<Parameter> adamMoments = new ArrayList<>();
  private final Map<String, ConvWeights> convWeights = new LinkedHashMap<>();
  private final Map<String, SubBitConvWeights> subBitWeights = new LinkedHashMap<>();
  private final List<Op> updates = new ArrayList<>();

  private final Placeholder<TFloat32> pixels;
  private final Placeholder<TFloat32> targets;
  private final Placeholder<TFloat32> learningRate;
  private final Placeholder<TFloat32> beta1Power;
  private final Placeholder<TFloat32> beta2Power;
  private final Operand<TFloat32> loss;
  private final Operand<TFloat32> trainingLogits;
  private final Operand<TFloat32> logits;
  private final Map<String, Operand<TFloat32>> codebookGradients;

  TrainingGraph(Graph graph, Network network, TrainingPlan plan) {
    this.tf = Ops.create(graph);
    this.network = network;
    this.parameters = new Parameters(tf);
    this.pixels = floats(Shape.of(-1, network.input().size()));
    this.targets = floats(Shape.of(-1, network.classes()));
    this.learningRate = floats(Shape.scalar());
    this.beta1Power = floats(Shape.scalar());
    this.beta2Power = floats(Shape.scalar());
    buildConvWeights(plan.tau());

    ForwardPass inference = new ForwardPass(tf, network, pixels, parameters, convWeights, false);
    ForwardPass forward = new ForwardPass(tf, network, pixels, parameters, convWeights, true);
    this.logits = inference.output(network.output().name());
    this.trainingLogits = forward.output(network.output().name());
    // The sparse form of this operator has no gradient in TensorFlow's C++ core.
    SoftmaxCrossEntropyWithLogits<TFloat32> crossEntropy =
        tf.nn.softmaxCrossEntropyWithLogits(trainingLogits, targets);
    this.loss = tf.math.mean(crossEntropy.loss(), tf.constant(0));
    Operand<TFloat32> logitsGradient =
        tf.math.mul(crossEntropy.backprop(), tf.constant(1f / plan.batchSize()));
    BackwardPass backward =
        new BackwardPass(tf, network, forward, parameters, convWeights, logitsGradient);
    this.codebookGradients = backward.codebookGradients();
    backward
        .gradients()
        .forEach((parameter, gradient) -> updateByAdam(parameter, gradient, plan.weightDecay()));
    network.nodes().forEach(node -> updateMovingStatistics(node, forward));
  }

  private Placeholder<TFloat32> floats(Shape shape) {
    return tf.placeholder(TFloat32.class, Placeholder.shape(shape));
  }

  private void buildConvWeights(int tau) {
    for (Network.Node node : network.nodes()) {
      if (node.layer() instanceof Layer.Conv conv) {
        Parameter weight =
            parameters.get(
                node.name() + "/weight", conv.out(), conv.in(), conv.kernel(), conv.kernel());
        if (conv.weights() == Layer.Weights.SUB_BIT) {
          Parameter codewords =
              new Parameter(tf, node.name() + "/codewords", 1L << tau, Codebook.TAPS);
          SubBitConvWeights weights = new SubBitConvWeights(tf, conv, tau, weight, codewords);
          subBitWeights.put(node.name(), weights);
          convWeights.put(node.name(), weights);
        } else {
          convWeights.put(node.name(), new FloatConvWeights(tf, weight));
        }
      }
    }
  }

  private void updateByAdam(Parameter parameter, Operand<TFloat32> gradient, float weightDecay) {
    Parameter first = new Parameter(tf, parameter.name() + "/m", parameter.shape().asArray());
    Parameter second = new Parameter(tf, parameter.name() + "/v", parameter.shape().asArray());
    adamMoments.add(first);
    adamMoments.add(second);
    Operand<TFloat32> decayed = gradient;
    if (weightDecay > 0 && isFloatWeight(parameter)) {
      decayed = tf.math.add(gradient, tf.math.mul(parameter.value(), tf.constant(weightDecay)));
    }
    updates.add(
        tf.train.resourceApplyAdam(
            parameter.handle(),
            first.handle(),
            second.handle(),
            beta1Power,
            beta2Power,
            learningRate,
            tf.constant(ADAM_BETA1),
            tf.constant(ADAM_BETA2),
            tf.constant(ADAM_EPSILON),
            decayed,
            new ResourceApplyAdam.Options[0]));
  }

  /** Latent weights are not decayed: only their directions count, and the scale is their size. */
  private boolean isFloatWeight(Parameter parameter) {
    return parameter.name().endsWith("/weight")
        && subBitWeights.values().stream().noneMatch(w -> w.trained() == parameter);
  }

  private void updateMovingStatistics(Network.Node node, ForwardPass forward) {
    if (node.layer() instanceof Layer.BatchNorm norm) {
      Output<TFloat32> mean = forward.batchNorm(node.name()).batchMean();
      Output<TFloat32> variance = forward.batchNorm(node.name()).batchVariance();
      updates.add(moveTowards(parameters.get(node.name() + "/mean", norm.channels()), mean));
      updates.add(
          moveTowards(parameters.get(node.name() + "/variance", norm.channels()), variance));
    }
  }

  private Op moveTowards(Parameter parameter, Operand<TFloat32> batch) {
    return tf.assignSubVariableOp(
        parameter.handle(),
        tf.math.mul(tf.math.sub(parameter.value(), batch), tf.constant(1 - BATCH_NORM_MOMENTUM)));
  }

  /** The parameters of the network, latent weights and moving statistics included. */
  Parameters parameters() {
    return parameters;
  }

  /** What the optimiser keeps: Adam's moments; they start at 0. */
  List<Parameter> adamMoments() {
    return adamMoments;
  }

  /** The weights of the sub-bit convolutions, by node name, in the order of the nodes. */
  Map<String, SubBitConvWeights> subBitWeights() {
    return subBitWeights;
  }

  /** The gradients of the codebooks, by node name. */
  Map<String, Operand<TFloat32>> codebookGradients() {
    return codebookGradients;
  }

  /** Everything that one step changes. */
  List<Op> updates() {
    return updates;
  }

  /** To feed: images, [N, channels * height * width]. */
  Operand<TFloat32> pixels() {
    return pixels;
  }

  /** To feed: one-hot classes, [N, classes]. */
  Operand<TFloat32> targets() {
    return targets;
  }

  /** To feed: Adam's learning rate. */
  Operand<TFloat32> learningRate() {
    return learningRate;
  }

  /** To feed: beta1 to the power of the step's number, counted from 1. */
  Operand<TFloat32> beta1Power() {
    return beta1Power;
  }

  /** To feed: beta2 to the power of the step's number, counted from 1. */
  Operand<TFloat32> beta2Power() {
    return beta2Power;
  }

  /** The mean cross entropy of the batch. */
  Operand<TFloat32> loss() {
    return loss;
  }

  /** The logits by the statistics of the batch. */
  Operand<TFloat32> trainingLogits() {
    return trainingLogits;
  }

  /** The logits by the moving statistics. */
  Operand<TFloat32> logits() {
    return logits;
  }
}
