package dev.subbit.tribuo.training.internal.engine.tensorflow;

import dev.subbit.tribuo.network.ImageShape;
import dev.subbit.tribuo.network.Layer;
import dev.subbit.tribuo.network.Network;
import dev.subbit.tribuo.network.NetworkShapes;
import dev.subbit.tribuo.training.internal.engine.tensorflow.NativeOps.Convolved;
import dev.subbit.tribuo.training.internal.engine.tensorflow.NativeOps.NormForm;
import dev.subbit.tribuo.training.internal.engine.tensorflow.NativeOps.NormInput;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.UnaryOperator;
import org.tensorflow.Operand;
import org.tensorflow.Output;
import org.tensorflow.op.Ops;
import org.tensorflow.op.linalg.MatMul;
import org.tensorflow.op.math.Mean;
import org.tensorflow.types.TFloat32;
import org.tensorflow.types.TFloat64;

/**
 * The forward pass of a training step by {@link NativeOps}, the batch in parts. It computes what
 * {@link ForwardPass} computes in floats, up to rounding: batch normalisation by the statistics of
 * the whole batch. It keeps the tensors that {@link FusedBackward} needs.
 */
final class FusedForward {

  private final Ops tf;
  private final Network network;
  private final Parameters parameters;
  private final Map<String, ConvWeights> convWeights;
  private final BatchParts parts;
  private final FusedUnits units;
  private final Map<String, List<Operand<TFloat32>>> outputs = new HashMap<>();
  private final Map<String, List<Operand<TFloat32>>> padded = new HashMap<>();
  private final Map<String, List<Output<TFloat64>>> convMoments = new HashMap<>();
  private final Map<String, List<Output<TFloat64>>> moments = new HashMap<>();
  private final Map<String, NativeOps.Norm> norms = new HashMap<>();

  /**
   * Builds the forward pass of a network whose nodes the units cover.
   *
   * @param pixels [N, channels * height * width].
   * @param parts of the batch.
   */
  FusedForward(
      Ops tf,
      Network network,
      Operand<TFloat32> pixels,
      Parameters parameters,
      Map<String, ConvWeights> convWeights,
      FusedUnits units,
      BatchParts parts) {
    this.tf = tf;
    this.network = network;
    this.parameters = parameters;
    this.convWeights = convWeights;
    this.units = units;
    this.parts = parts;
    for (Network.Node node : network.nodes()) {
      if (units.isThreshold(node.name())) {
        continue;
      }
      if (units.of(node.name()).isEmpty()) {
        outputs.put(node.name(), node.layer().accept(new NodeOutput(pixels, node)));
      } else if (units.of(node.name()).get().last().equals(node.name())) {
        outputs.put(node.name(), unit(units.of(node.name()).get()));
      }
    }
  }

  private List<Operand<TFloat32>> unit(FusedUnits.Unit unit) {
    String norm = unit.norm().name();
    List<NormInput> inputs = normInputs(unit);
    List<Output<TFloat64>> convolved = convMoments.get(unit.norm().inputs().get(0));
    List<Output<TFloat64>> all =
        convolved == null
            ? inputs.stream().map(input -> NativeOps.moments(tf, input.x())).toList()
            : convolved;
    moments.put(norm, all);
    List<Operand<TFloat32>> made = new ArrayList<>();
    for (NormInput input : inputs) {
      NativeOps.Norm part = NativeOps.norm(tf, input, all, form(unit));
      norms.putIfAbsent(norm, part);
      made.add(part.y());
    }
    return made;
  }

  /** The output of a node that others read, in parts. */
  List<Operand<TFloat32>> output(String node) {
    return outputs.get(node);
  }

  /** The logits, [N, classes]. */
  Operand<TFloat32> logits() {
    return parts.joined(output(network.output().name()));
  }

  /** The parts of the batch. */
  BatchParts parts() {
    return parts;
  }

  /** Which nodes are computed together. */
  FusedUnits units() {
    return units;
  }

  /** What a unit's normalisation reads, in parts. */
  List<NormInput> normInputs(FusedUnits.Unit unit) {
    List<Operand<TFloat32>> x = output(unit.norm().inputs().get(0));
    List<NormInput> inputs = new ArrayList<>();
    for (int part = 0; part < x.size(); part++) {
      int p = part;
      inputs.add(
          new NormInput(
              x.get(p),
              unit.residual().map(node -> List.of(output(node).get(p))).orElse(List.of())));
    }
    return inputs;
  }

  /** The moments of a normalisation's parts. */
  List<Output<TFloat64>> moments(String norm) {
    return moments.get(norm);
  }

  /** The mean of the batch at a normalisation. */
  Operand<TFloat32> batchMean(String norm) {
    return norms.get(norm).mean();
  }

  /** The variance of the batch at a normalisation, as TensorFlow's own operator gives it. */
  Operand<TFloat32> batchVariance(String norm) {
    return norms.get(norm).variance();
  }

  /** What a unit computes with. */
  NormForm form(FusedUnits.Unit unit) {
    int channels = ((Layer.BatchNorm) unit.norm().layer()).channels();
    Operand<TFloat32> zeros = tf.constant(new float[channels]);
    Operand<TFloat32> slope =
        unit.bend()
            .map(
                node ->
                    node.layer() instanceof Layer.PRelu
                        ? parameter(node, "slope", channels).value()
                        : zeros)
            .orElseGet(() -> tf.constant(ones(channels)));
    return new NormForm(
        parameter(unit.norm(), "gamma", channels).value(),
        parameter(unit.norm(), "beta", channels).value(),
        unit.before().map(node -> parameter(node, "shift", channels).value()).orElse(zeros),
        slope,
        unit.after().map(node -> parameter(node, "shift", channels).value()).orElse(zeros));
  }

  private static float[] ones(int channels) {
    float[] ones = new float[channels];
    Arrays.fill(ones, 1);
    return ones;
  }

  private Parameter parameter(Network.Node node, String name, long... dimensions) {
    return parameters.get(node.name() + "/" + name, dimensions);
  }

  /**
   * The name of the node that a convolution reads, in front of the shift that it compares with 0.
   */
  String source(Network.Node conv) {
    String input = conv.inputs().get(0);
    return FusedUnits.isBinary(conv) && units.isThreshold(input)
        ? network.node(input).inputs().get(0)
        : input;
  }

  /** A convolution with its weights. */
  StepConv stepConv(Network.Node conv) {
    return new StepConv(tf, (Layer.Conv) conv.layer(), convWeights.get(conv.name()).effective());
  }

  /** What a convolution computes with of its source: this, or its signs. */
  Operand<TFloat32> read(Network.Node conv, Operand<TFloat32> source) {
    return FusedUnits.isBinary(conv) ? NativeOps.signs(tf, source, threshold(conv)) : source;
  }

  /** What is added to a binary convolution's input before its sign is taken. */
  Operand<TFloat32> threshold(Network.Node conv) {
    int channels = ((Layer.Conv) conv.layer()).in();
    String input = conv.inputs().get(0);
    return units.isThreshold(input)
        ? parameter(network.node(input), "shift", channels).value()
        : tf.constant(new float[channels]);
  }

  /** The input of a max pooling after padding, in parts. */
  List<Operand<TFloat32>> padded(String node) {
    return padded.get(node);
  }

  /** Builds the layer of one node that is in no unit. */
  private final class NodeOutput implements Layer.Visitor<List<Operand<TFloat32>>> {

    private final Operand<TFloat32> pixels;
    private final Network.Node node;

    NodeOutput(Operand<TFloat32> pixels, Network.Node node) {
      this.pixels = pixels;
      this.node = node;
    }

    private List<Operand<TFloat32>> x() {
      return output(node.inputs().get(0));
    }

    private List<Operand<TFloat32>> map(UnaryOperator<Operand<TFloat32>> layer) {
      return x().stream().map(layer).toList();
    }

    @Override
    public List<Operand<TFloat32>> input(Layer.Input input) {
      ImageShape image = network.input();
      return parts.of(pixels).stream().map(part -> nhwc(image, part)).toList();
    }

    private Operand<TFloat32> nhwc(ImageShape image, Operand<TFloat32> part) {
      if (image.channels() == 1) {
        // NCHW and NHWC are the same then.
        return tf.reshape(part, tf.array(-1, image.height(), image.width(), 1));
      }
      Operand<TFloat32> nchw =
          tf.reshape(part, tf.array(-1, image.channels(), image.height(), image.width()));
      return tf.linalg.transpose(nchw, tf.array(0, 2, 3, 1));
    }

    @Override
    public List<Operand<TFloat32>> normalize(Layer.Normalize normalize) {
      return map(
          x ->
              tf.math.add(
                  tf.math.mul(x, tf.constant(normalize.scale())), tf.constant(normalize.offset())));
    }

    @Override
    public List<Operand<TFloat32>> conv(Layer.Conv conv) {
      StepConv floats = stepConv(node);
      List<Convolved> made = new ArrayList<>();
      for (Operand<TFloat32> x : output(source(node))) {
        made.add(
            countsBits(conv)
                ? NativeOps.binaryConv(tf, x, threshold(node), floats.weights(), conv.stride())
                : floats.output(read(node, x)));
      }
      convMoments.put(node.name(), made.stream().map(Convolved::moments).toList());
      return made.stream().map(Convolved::y).toList();
    }

    private boolean countsBits(Layer.Conv conv) {
      return FusedUnits.isBinary(node)
          && conv.kernel() == 3
          && conv.weights() == Layer.Weights.SUB_BIT;
    }

    @Override
    public List<Operand<TFloat32>> batchNorm(Layer.BatchNorm norm) {
      throw inUnit();
    }

    @Override
    public List<Operand<TFloat32>> shift(Layer.Shift shift) {
      throw inUnit();
    }

    @Override
    public List<Operand<TFloat32>> prelu(Layer.PRelu prelu) {
      throw inUnit();
    }

    private IllegalStateException inUnit() {
      return new IllegalStateException("Node '" + node.name() + "' is in no unit");
    }

    @Override
    public List<Operand<TFloat32>> relu(Layer.Relu relu) {
      return map(x -> tf.nn.relu(x));
    }

    @Override
    public List<Operand<TFloat32>> add(Layer.Add add) {
      List<Operand<TFloat32>> other = output(node.inputs().get(1));
      List<Operand<TFloat32>> sums = new ArrayList<>();
      for (int part = 0; part < other.size(); part++) {
        sums.add(tf.math.add(x().get(part), other.get(part)));
      }
      return sums;
    }

    @Override
    public List<Operand<TFloat32>> averagePool(Layer.AveragePool pool) {
      return map(
          x ->
              tf.nn.avgPool(
                  x, Pooling.AVERAGE_WINDOW, Pooling.AVERAGE_WINDOW, Pooling.AVERAGE_PADDING));
    }

    @Override
    public List<Operand<TFloat32>> maxPool(Layer.MaxPool pool) {
      padded.put(node.name(), map(x -> Pooling.padded(tf, pool, x)));
      return padded(node.name()).stream().map(x -> Pooling.max(tf, pool, x)).toList();
    }

    @Override
    public List<Operand<TFloat32>> globalAveragePool(Layer.GlobalAveragePool pool) {
      return map(x -> tf.math.mean(x, tf.array(1, 2), Mean.keepDims(false)));
    }

    @Override
    public List<Operand<TFloat32>> flatten(Layer.Flatten flatten) {
      int features = NetworkShapes.of(network).get(node.name()).channels();
      return map(
          x -> tf.reshape(tf.linalg.transpose(x, tf.array(0, 3, 1, 2)), tf.array(-1, features)));
    }

    @Override
    public List<Operand<TFloat32>> dense(Layer.Dense dense) {
      Operand<TFloat32> weight = parameter(node, "weight", dense.out(), dense.in()).value();
      Operand<TFloat32> bias = parameter(node, "bias", dense.out()).value();
      return map(x -> tf.nn.biasAdd(tf.linalg.matMul(x, weight, MatMul.transposeB(true)), bias));
    }
  }
}
