package dev.subbit.tribuo.training.internal.graph.tensorflow;

import dev.subbit.onnx.ConvAttributes;
import dev.subbit.tribuo.training.internal.engine.tensorflow.Parameter;
import dev.subbit.tribuo.training.internal.graph.LayerMoments;
import dev.subbit.tribuo.training.internal.graph.SubBitStart;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.tensorflow.Operand;
import org.tensorflow.op.Op;
import org.tensorflow.op.Ops;
import org.tensorflow.op.math.Mean;
import org.tensorflow.types.TFloat32;

/**
 * A sub-bit convolution with its bias. Where it is normalised, its output has mean and variance of
 * the batch taken away and trained ones put in their place, which start at those that it has; what
 * is written back has moving averages in place of the batch's statistics, folded into scales and
 * bias.
 */
final class SubBitConv {

  private static final float EPSILON = 1e-5f;

  /** Share of a batch in the moving statistics. */
  private static final float MOMENTUM = 0.1f;

  private static final int[] PIXELS = {0, 1, 2};

  private final SubBitStart start;
  private final StagedKernels kernels;
  private final TrainedTensor shift;
  private final Operand<TFloat32> output;
  private Norm norm;

  /** What a normalised layer has besides. */
  private record Norm(
      TrainedTensor spread,
      Parameter mean,
      Parameter variance,
      LayerMoments start,
      List<Op> moves) {}

  SubBitConv(
      GraphScope scope, String name, SubBitStart start, StagedKernels kernels, GraphValue x) {
    Ops tf = scope.tf();
    this.start = start;
    this.kernels = kernels;
    ConvAttributes attributes = start.layer().attributes();
    long[] shape = {start.layer().outChannels(), start.layer().inChannels(), 3, 3};
    Operand<TFloat32> sums =
        Convolutions.convolve(
            tf,
            x.channelsLast(),
            kernels.weights(),
            shape,
            Convolutions.windows(attributes, x),
            attributes.group());
    long[] channels = {start.layer().outChannels()};
    float[] spreads = deviations(start.weights().variance());
    if (start.normalised().isEmpty()) {
      this.shift =
          new TrainedTensor(
              scope,
              name + "/bias",
              channels,
              start.weights().bias(),
              TrainedTensor.usualSize(spreads));
      this.output = tf.math.add(sums, shift.value());
      return;
    }
    LayerMoments moments = start.normalised().get();
    float[] spread = deviations(moments.variance());
    this.shift =
        new TrainedTensor(
            scope, name + "/shift", channels, moments.mean(), TrainedTensor.usualSize(spread));
    TrainedTensor gain = new TrainedTensor(scope, name + "/spread", channels, spread, spread);
    Operand<TFloat32> mean = tf.math.mean(sums, tf.constant(PIXELS), Mean.keepDims(false));
    Operand<TFloat32> centred = tf.math.sub(sums, mean);
    Operand<TFloat32> variance =
        tf.math.mean(tf.math.mul(centred, centred), tf.constant(PIXELS), Mean.keepDims(false));
    Operand<TFloat32> factor =
        tf.math.mul(tf.math.rsqrt(tf.math.add(variance, tf.constant(EPSILON))), gain.value());
    this.output = tf.math.add(tf.math.mul(centred, factor), shift.value());
    Parameter movingMean = new Parameter(tf, name + "/mean", channels);
    Parameter movingVariance = new Parameter(tf, name + "/variance", channels);
    this.norm =
        new Norm(
            gain,
            movingMean,
            movingVariance,
            moments,
            List.of(move(tf, movingMean, mean), move(tf, movingVariance, variance)));
  }

  private static Op move(Ops tf, Parameter moving, Operand<TFloat32> batch) {
    return tf.assignSubVariableOp(
        moving.handle(), tf.math.mul(tf.math.sub(moving.value(), batch), tf.constant(MOMENTUM)));
  }

  private static float[] deviations(float[] variances) {
    float[] deviations = new float[variances.length];
    for (int i = 0; i < deviations.length; i++) {
      deviations[i] = (float) Math.sqrt(Math.max(0, variances[i]) + EPSILON);
    }
    return deviations;
  }

  SubBitStart start() {
    return start;
  }

  StagedKernels kernels() {
    return kernels;
  }

  /** The output, channels last. */
  Operand<TFloat32> output() {
    return output;
  }

  /** What is trained besides the kernels. */
  List<TrainedTensor> trained() {
    return norm == null ? List.of(shift) : List.of(shift, norm.spread());
  }

  /** What each step does besides. */
  List<Op> moves() {
    return norm == null ? List.of() : norm.moves();
  }

  /** Variables that the optimiser does not change, with the numbers they start at. */
  Map<Parameter, float[]> statistics() {
    Map<Parameter, float[]> values = new LinkedHashMap<>();
    if (norm != null) {
      float[] means = norm.start().mean().clone();
      float[] bias = start.weights().bias();
      for (int o = 0; o < means.length; o++) {
        means[o] -= bias[o];
      }
      values.put(norm.mean(), means);
      values.put(norm.variance(), norm.start().variance());
    }
    return values;
  }

  /** What {@link #bias} and {@link #factors} are made from, in this order. */
  List<Operand<TFloat32>> fetched() {
    return norm == null
        ? List.of(shift.value())
        : List.of(
            shift.value(), norm.spread().value(), norm.mean().value(), norm.variance().value());
  }

  /** The factors of the scales, one per output channel. */
  float[] factors(List<float[]> fetched) {
    float[] factors = new float[start.layer().outChannels()];
    Arrays.fill(factors, 1);
    if (norm != null) {
      float[] deviations = deviations(fetched.get(3));
      for (int o = 0; o < factors.length; o++) {
        factors[o] = fetched.get(1)[o] / deviations[o];
      }
    }
    return factors;
  }

  /** The bias that goes with these factors. */
  float[] bias(List<float[]> fetched) {
    float[] bias = fetched.get(0).clone();
    if (norm != null) {
      float[] factors = factors(fetched);
      for (int o = 0; o < bias.length; o++) {
        bias[o] -= fetched.get(2)[o] * factors[o];
      }
    }
    return bias;
  }
}
