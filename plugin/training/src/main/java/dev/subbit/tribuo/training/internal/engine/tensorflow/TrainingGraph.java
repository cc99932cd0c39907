package dev.subbit.tribuo.training.internal.engine.tensorflow;

import dev.subbit.onnx.Codebook;
import dev.subbit.tribuo.network.Layer;
import dev.subbit.tribuo.network.Network;
import dev.subbit.tribuo.training.internal.codebook.CodebookPlan;
import dev.subbit.tribuo.training.internal.engine.TrainingPlan;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.tensorflow.Graph;
import org.tensorflow.Operand;
import org.tensorflow.Output;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.op.Op;
import org.tensorflow.op.Ops;
import org.tensorflow.op.core.Placeholder;
import org.tensorflow.types.TFloat32;

/** The whole graph of a training: prediction, loss, gradients, updates. */
final class TrainingGraph {

  private static final float BATCH_NORM_MOMENTUM = 0.9f;
  private final Ops tf;
  private final Network network;
  private final Parameters parameters;
  // Null where the graph computes in floats.
  private final IntegerRounding rounding;
  private final Map<String, ConvWeights> convWeights = new LinkedHashMap<>();
  private final Map<String, SubBitConvWeights> subBitWeights = new LinkedHashMap<>();
  private final List<Op> updates = new ArrayList<>();

  private final Placeholder<TFloat32> pixels;
  private final LossGraph loss;
  private final OptimiserGraph optimiser;
  private final Operand<TFloat32> trainingLogits;
  private final Operand<TFloat32> logits;
  private final Map<String, GradientSum> codebookGradients = new LinkedHashMap<>();

  TrainingGraph(Graph graph, Network network, TrainingPlan plan) {
    this.tf = Ops.create(graph);
    this.network = network;
    this.parameters = new Parameters(tf);
    this.rounding = plan.integerWidth() == 0 ? null : new IntegerRounding(tf, plan.integerWidth());
    this.pixels = floats(Shape.of(-1, network.input().size()));
    buildConvWeights(plan.codebooks());

    ForwardPass inference =
        new ForwardPass(tf, network, pixels, parameters, convWeights, false, rounding);
    ForwardPass forward =
        new ForwardPass(tf, network, pixels, parameters, convWeights, true, rounding);
    this.logits = inference.output(network.output().name());
    this.trainingLogits = forward.output(network.output().name());
    this.loss = new LossGraph(tf, trainingLogits, network.classes(), plan.recipe());
    BackwardPass backward =
        new BackwardPass(tf, network, forward, parameters, convWeights, loss.logitsGradient());
    if (plan.codebooks().isLearnt()) {
      backward.codebookGradients().forEach(this::sumOverSteps);
    }
    this.optimiser =
        new OptimiserGraph(tf, plan.recipe(), backward.gradients(), this::isFloatWeight);
    updates.addAll(optimiser.updates());
    network.nodes().forEach(node -> updateMovingStatistics(node, forward));
  }

  private Placeholder<TFloat32> floats(Shape shape) {
    return tf.placeholder(TFloat32.class, Placeholder.shape(shape));
  }

  private void buildConvWeights(CodebookPlan plan) {
    for (Network.Node node : network.nodes()) {
      if (node.layer() instanceof Layer.Conv conv) {
        Parameter weight =
            parameters.get(
                node.name() + "/weight", conv.out(), conv.in(), conv.kernel(), conv.kernel());
        if (conv.weights() == Layer.Weights.SUB_BIT) {
          Parameter codewords =
              new Parameter(tf, node.name() + "/codewords", 1L << plan.tau(), Codebook.TAPS);
          SubBitConvWeights weights = new SubBitConvWeights(tf, conv, plan, weight, codewords);
          subBitWeights.put(node.name(), weights);
          convWeights.put(node.name(), weights);
        } else {
          convWeights.put(
              node.name(),
              rounding == null
                  ? new FloatConvWeights(tf, weight)
                  : new EightBitConvWeights(tf, weight, rounding));
        }
      }
    }
  }

  /** Latent weights are not decayed: only their directions count, and the scale is their size. */
  private boolean isFloatWeight(Parameter parameter) {
    return parameter.name().endsWith("/weight")
        && subBitWeights.values().stream().noneMatch(w -> w.trained() == parameter);
  }

  private void sumOverSteps(String node, Operand<TFloat32> codebookGradient) {
    GradientSum sum = new GradientSum(tf, node + "/codewordGradient", codebookGradient);
    codebookGradients.put(node, sum);
    updates.add(sum.update());
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

  /** How values are rounded to integers; empty where the graph computes in floats. */
  Optional<IntegerRounding> rounding() {
    return Optional.ofNullable(rounding);
  }

  /** The weights of the sub-bit convolutions, by node name, in the order of the nodes. */
  Map<String, SubBitConvWeights> subBitWeights() {
    return subBitWeights;
  }

  /** The gradients of the codebooks that are learnt, summed over steps, by node name. */
  Map<String, GradientSum> codebookGradients() {
    return codebookGradients;
  }

  /** All updates that one step makes. */
  List<Op> updates() {
    return updates;
  }

  /** The placeholder for the images, [N, channels * height * width]. */
  Operand<TFloat32> pixels() {
    return pixels;
  }

  /** The loss that is minimised. */
  LossGraph loss() {
    return loss;
  }

  /** The optimiser, which turns gradients into steps. */
  OptimiserGraph optimiser() {
    return optimiser;
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
