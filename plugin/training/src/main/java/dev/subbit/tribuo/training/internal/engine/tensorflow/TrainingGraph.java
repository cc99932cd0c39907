package dev.subbit.tribuo.training.internal.engine.tensorflow;

import dev.subbit.onnx.Codebook;
import dev.subbit.tribuo.network.Layer;
import dev.subbit.tribuo.network.Network;
import dev.subbit.tribuo.settings.Precision;
import dev.subbit.tribuo.settings.TrainingDevice;
import dev.subbit.tribuo.training.internal.codebook.CodebookPlan;
import dev.subbit.tribuo.training.internal.engine.LayerRates;
import dev.subbit.tribuo.training.internal.engine.TrainingPlan;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import org.tensorflow.Graph;
import org.tensorflow.Operand;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.op.Op;
import org.tensorflow.op.Ops;
import org.tensorflow.op.core.Placeholder;
import org.tensorflow.types.TFloat32;
import org.tensorflow.types.TUint8;

/** The whole graph of a training: prediction, loss, gradients, updates. */
final class TrainingGraph {

  private static final float BATCH_NORM_MOMENTUM = 0.9f;
  private final Ops tf;
  private final Network network;
  private final LayerRates rates;
  private final Parameters parameters;
  // Null where the graph computes in floats.
  private final IntegerRounding rounding;
  private final Map<String, ConvWeights> convWeights = new LinkedHashMap<>();
  private final Map<String, SubBitConvWeights> subBitWeights = new LinkedHashMap<>();
  private final List<Op> updates = new ArrayList<>();

  private final Placeholder<TUint8> bytes;
  private final Operand<TFloat32> pixels;
  private final LossGraph loss;
  private final Operand<TFloat32> meanLoss;
  private final OptimiserGraph optimiser;
  // Null where the recipe averages nothing.
  private final WeightAverage average;
  private final Placeholder<TFloat32> batchShare;
  private final List<Op> statistics = new ArrayList<>();
  private final Map<Parameter, Operand<TFloat32>> gradients;
  private final Operand<TFloat32> trainingLogits;
  private final Operand<TFloat32> logits;
  private final Map<String, GradientSum> codebookGradients = new LinkedHashMap<>();

  /**
   * Builds the graph of a training.
   *
   * @param device what it is run on, {@code CPU} or {@code GPU}.
   * @param parts parts of the batch that {@link NativeOps} compute side by side; 0 for a graph of
   *     TensorFlow's own operators.
   * @param rates how fast each layer is trained.
   * @param ring the processes that the steps are made with; null for this one only.
   */
  TrainingGraph(
      TrainingDevice device,
      Graph graph,
      Network network,
      TrainingPlan plan,
      int parts,
      LayerRates rates,
      Ring ring) {
    this.tf = ring == null ? Ops.create(graph) : ring.ops(graph);
    this.network = network;
    this.rates = rates;
    this.parameters = new Parameters(tf);
    this.rounding = plan.integerWidth() == 0 ? null : new IntegerRounding(tf, plan.integerWidth());
    this.bytes =
        tf.placeholder(TUint8.class, Placeholder.shape(Shape.of(-1, network.input().size())));
    this.pixels = tf.dtypes.cast(bytes, TFloat32.class);
    buildConvWeights(device, plan.codebooks());

    this.batchShare = tf.placeholder(TFloat32.class, Placeholder.shape(Shape.scalar()));

    BatchParts batch = new BatchParts(tf, pixels, Math.max(1, parts));
    this.logits = inference(pixels);
    FusedUnits units = new FusedUnits(network);
    Map<Parameter, Operand<TFloat32>> all;
    Map<String, Operand<TFloat32>> codebooks;
    Map<Parameter, Operand<TFloat32>> ofBatch;
    if (parts > 0 && rounding == null && units.coverAll()) {
      FusedForward forward =
          new FusedForward(tf, network, pixels, parameters, convWeights, units, batch);
      this.trainingLogits = forward.logits();
      this.loss = new LossGraph(tf, trainingLogits, network.classes(), plan.recipe());
      FusedBackward backward =
          new FusedBackward(tf, network, forward, parameters, convWeights, loss.logitsGradient());
      all = backward.gradients();
      codebooks = backward.codebookGradients();
      ofBatch = batchStatistics(forward::batchMean, forward::batchVariance);
    } else {
      ForwardPass forward =
          new ForwardPass(
              tf,
              network,
              pixels,
              parameters,
              convWeights,
              true,
              rounding == null ? plan.precision() : Precision.FLOAT32,
              rounding);
      this.trainingLogits = forward.output(network.output().name());
      this.loss = new LossGraph(tf, trainingLogits, network.classes(), plan.recipe());
      BackwardPass backward =
          new BackwardPass(tf, network, forward, parameters, convWeights, loss.logitsGradient());
      all = backward.gradients();
      codebooks = backward.codebookGradients();
      ofBatch =
          batchStatistics(
              norm -> forward.batchNorm(norm).batchMean(),
              norm -> forward.batchNorm(norm).batchVariance());
    }
    StepValues own =
        new StepValues(loss.mean(), trained(all), learnt(plan.codebooks(), codebooks), ofBatch);
    StepValues step = ring == null ? own : own.meanOver(tf, ring);
    this.meanLoss = step.loss();
    this.gradients = step.gradients();
    sumOverSteps(step.codebookGradients());
    moveStatistics(step.statistics(), tf.constant(1 - BATCH_NORM_MOMENTUM), updates);
    if (plan.recipe().averages()) {
      // Of whole batches, which each process reads for itself.
      moveStatistics(ofBatch, batchShare, statistics);
    }
    this.optimiser =
        new OptimiserGraph(tf, plan.recipe(), rates, this.gradients, this::isFloatWeight);
    updates.addAll(optimiser.updates());
    if (plan.recipe().averages()) {
      this.average = new WeightAverage(tf, all.keySet(), optimiser.updates());
      updates.addAll(average.updates());
    } else {
      this.average = null;
    }
  }

  private Operand<TFloat32> inference(Operand<TFloat32> images) {
    return new ForwardPass(
            tf, network, images, parameters, convWeights, false, Precision.FLOAT32, rounding)
        .output(network.output().name());
  }

  private void buildConvWeights(TrainingDevice device, CodebookPlan plan) {
    for (Network.Node node : network.nodes()) {
      if (node.layer() instanceof Layer.Conv conv) {
        Parameter weight =
            parameters.get(
                node.name() + "/weight", conv.out(), conv.in(), conv.kernel(), conv.kernel());
        if (conv.weights() == Layer.Weights.SUB_BIT) {
          Parameter codewords =
              new Parameter(tf, node.name() + "/codewords", 1L << plan.tau(), Codebook.TAPS);
          SubBitConvWeights weights =
              new SubBitConvWeights(tf, device, conv, plan, weight, codewords);
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

  private Map<Parameter, Operand<TFloat32>> trained(Map<Parameter, Operand<TFloat32>> all) {
    Map<Parameter, Operand<TFloat32>> trained = new LinkedHashMap<>(all);
    trained.keySet().removeIf(parameter -> rates.of(parameter.name()) == 0);
    return trained;
  }

  private Map<String, Operand<TFloat32>> learnt(
      CodebookPlan plan, Map<String, Operand<TFloat32>> all) {
    Map<String, Operand<TFloat32>> learnt = new LinkedHashMap<>();
    if (plan.isLearnt()) {
      learnt.putAll(all);
      learnt.keySet().removeIf(rates::isFrozen);
    }
    return learnt;
  }

  private void sumOverSteps(Map<String, Operand<TFloat32>> codebooks) {
    codebooks.forEach(
        (node, gradient) -> {
          GradientSum sum = new GradientSum(tf, node + "/codewordGradient", gradient);
          codebookGradients.put(node, sum);
          updates.add(sum.update());
        });
  }

  /**
   * Collects the statistics of the batch by the moving ones that follow them.
   *
   * @param mean the batch's mean at a node.
   * @param variance the batch's variance at a node.
   */
  private Map<Parameter, Operand<TFloat32>> batchStatistics(
      Function<String, Operand<TFloat32>> mean, Function<String, Operand<TFloat32>> variance) {
    Map<Parameter, Operand<TFloat32>> batch = new LinkedHashMap<>();
    for (Network.Node node : network.nodes()) {
      if (node.layer() instanceof Layer.BatchNorm norm) {
        String name = node.name();
        batch.put(parameters.get(name + "/mean", norm.channels()), mean.apply(name));
        batch.put(parameters.get(name + "/variance", norm.channels()), variance.apply(name));
      }
    }
    return batch;
  }

  /** Moves the statistics of every batch normalisation towards those of a batch. */
  private void moveStatistics(
      Map<Parameter, Operand<TFloat32>> batch, Operand<TFloat32> share, List<Op> moves) {
    batch.forEach((parameter, value) -> moves.add(moveTowards(parameter, value, share)));
  }

  private Op moveTowards(Parameter parameter, Operand<TFloat32> batch, Operand<TFloat32> share) {
    return tf.assignSubVariableOp(
        parameter.handle(), tf.math.mul(tf.math.sub(parameter.value(), batch), share));
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

  /** The average of the trained variables; empty where the recipe has none. */
  Optional<WeightAverage> average() {
    return Optional.ofNullable(average);
  }

  /** The operations that move the statistics alone; none where the recipe averages nothing. */
  List<Op> statistics() {
    return statistics;
  }

  /** To feed for {@link #statistics()}: the share that the batch takes. */
  Operand<TFloat32> batchShare() {
    return batchShare;
  }

  /** The placeholder for images of bytes, [N, channels * height * width]. */
  Operand<TUint8> bytes() {
    return bytes;
  }

  /** The same as floats; fed in their place where images are not of bytes. */
  Operand<TFloat32> pixels() {
    return pixels;
  }

  /** The mean loss of the step's images, over all processes. */
  Operand<TFloat32> meanLoss() {
    return meanLoss;
  }

  /** The loss that is minimised. */
  LossGraph loss() {
    return loss;
  }

  /** The gradient of every trained variable, as the optimiser is given it. */
  Map<Parameter, Operand<TFloat32>> gradients() {
    return gradients;
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
