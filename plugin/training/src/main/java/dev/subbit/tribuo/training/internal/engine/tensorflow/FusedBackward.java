package dev.subbit.tribuo.training.internal.engine.tensorflow;

import dev.subbit.tribuo.network.Layer;
import dev.subbit.tribuo.network.Network;
import dev.subbit.tribuo.network.Readers;
import dev.subbit.tribuo.training.internal.engine.tensorflow.NativeOps.ConvGradient;
import dev.subbit.tribuo.training.internal.engine.tensorflow.NativeOps.NormBack;
import dev.subbit.tribuo.training.internal.engine.tensorflow.NativeOps.NormConvGradient;
import dev.subbit.tribuo.training.internal.engine.tensorflow.NativeOps.NormForm;
import dev.subbit.tribuo.training.internal.engine.tensorflow.NativeOps.NormGradient;
import dev.subbit.tribuo.training.internal.engine.tensorflow.NativeOps.NormInput;
import dev.subbit.tribuo.training.internal.engine.tensorflow.NativeOps.NormSums;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.BinaryOperator;
import java.util.stream.IntStream;
import org.tensorflow.Operand;
import org.tensorflow.Output;
import org.tensorflow.op.Ops;
import org.tensorflow.op.core.ReduceSum;
import org.tensorflow.op.linalg.MatMul;
import org.tensorflow.types.TFloat32;
import org.tensorflow.types.TFloat64;
import org.tensorflow.types.TInt32;

/**
 * The gradients of a training step by {@link NativeOps}, the batch in parts: what {@link
 * BackwardPass} computes, up to rounding. The gradients of parameters are added up over the parts
 * in their order.
 */
final class FusedBackward {

  private final Ops tf;
  private final Network network;
  private final FusedForward forward;
  private final FusedUnits units;
  private final Readers readers;
  private final Parameters parameters;
  private final Map<String, ConvWeights> convWeights;

  /** The gradients of outputs that have arrived from readers so far, each in parts. */
  private final Map<String, List<List<Operand<TFloat32>>>> arrived = new HashMap<>();

  private final Map<Parameter, Operand<TFloat32>> gradients = new LinkedHashMap<>();
  private final Map<Parameter, List<Operand<TFloat32>>> thresholds = new LinkedHashMap<>();
  private final Map<String, Operand<TFloat32>> codebookGradients = new LinkedHashMap<>();

  /**
   * Builds the gradients of a network.
   *
   * @param logitsGradient the gradient of the loss for the logits of the whole batch.
   */
  FusedBackward(
      Ops tf,
      Network network,
      FusedForward forward,
      Parameters parameters,
      Map<String, ConvWeights> convWeights,
      Operand<TFloat32> logitsGradient) {
    this.tf = tf;
    this.network = network;
    this.forward = forward;
    this.units = forward.units();
    this.readers = network.readers();
    this.parameters = parameters;
    this.convWeights = convWeights;
    pass(network.output().name(), forward.parts().of(logitsGradient));
    List<Network.Node> nodes = network.nodes();
    for (int i = nodes.size() - 1; i >= 0; i--) {
      Network.Node node = nodes.get(i);
      if (arrived.containsKey(node.name())) {
        units
            .of(node.name())
            .ifPresentOrElse(this::unit, () -> node.layer().accept(new NodeGradient(node)));
      }
    }
    thresholds.forEach((shift, summands) -> gradients.put(shift, sum(summands)));
  }

  /** The gradient of every trained variable. */
  Map<Parameter, Operand<TFloat32>> gradients() {
    return gradients;
  }

  /** The gradient of the codebook's taps of every sub-bit convolution, by node name. */
  Map<String, Operand<TFloat32>> codebookGradients() {
    return codebookGradients;
  }

  private void pass(String to, List<Operand<TFloat32>> gradient) {
    arrived.computeIfAbsent(to, name -> new ArrayList<>()).add(gradient);
  }

  private Operand<TFloat32> sum(List<Operand<TFloat32>> summands) {
    return summands.size() == 1 ? summands.get(0) : tf.math.addN(summands);
  }

  /** The summands of one part of a node's gradient. */
  private List<Operand<TFloat32>> summands(String node, int part) {
    return arrived.get(node).stream().map(gradient -> gradient.get(part)).toList();
  }

  private void unit(FusedUnits.Unit unit) {
    String norm = unit.norm().name();
    int channels = ((Layer.BatchNorm) unit.norm().layer()).channels();
    NormForm form = forward.form(unit);
    List<Output<TFloat64>> moments = forward.moments(norm);
    List<NormInput> inputs = forward.normInputs(unit);
    List<NormSums> halves = new ArrayList<>();
    for (int part = 0; part < inputs.size(); part++) {
      halves.add(
          NativeOps.normSums(tf, summands(unit.last(), part), inputs.get(part), moments, form));
    }
    List<Output<TFloat64>> sums = halves.stream().map(NormSums::sums).toList();
    // The gradients of the parameters, which are the same from every part.
    NormGradient whole;
    Network.Node read = network.node(unit.norm().inputs().get(0));
    if (readers.only(read.name(), Layer.BatchNorm.class).isPresent()
        && read.layer() instanceof Layer.Conv) {
      StepConv conv = forward.stepConv(read);
      List<Operand<TFloat32>> source = forward.output(forward.source(read));
      List<NormConvGradient> both = new ArrayList<>();
      for (int part = 0; part < inputs.size(); part++) {
        both.add(
            conv.normGradients(
                forward.read(read, source.get(part)),
                inputs.get(part).x(),
                halves.get(part).inner(),
                sums,
                moments,
                form.gamma()));
      }
      conv(read, both.stream().map(NormConvGradient::conv).toList());
      whole = both.get(0).norm();
    } else {
      List<NormBack> backs = new ArrayList<>();
      for (int part = 0; part < inputs.size(); part++) {
        backs.add(
            NativeOps.normGradient(
                tf, halves.get(part).inner(), inputs.get(part).x(), sums, moments, form.gamma()));
      }
      pass(read.name(), backs.stream().map(NormBack::x).toList());
      whole = backs.get(0).parameters();
    }
    unit.residual().ifPresent(node -> pass(node, halves.stream().map(NormSums::inner).toList()));
    gradients.put(parameter(unit.norm(), "gamma", channels), whole.gamma());
    gradients.put(parameter(unit.norm(), "beta", channels), whole.beta());
    unit.before().ifPresent(n -> gradients.put(parameter(n, "shift", channels), whole.beta()));
    unit.bend()
        .filter(node -> node.layer() instanceof Layer.PRelu)
        .ifPresent(n -> gradients.put(parameter(n, "slope", channels), whole.slope()));
    unit.after().ifPresent(n -> gradients.put(parameter(n, "shift", channels), whole.after()));
  }

  /** Takes the gradients of a convolution, in parts. */
  private void conv(Network.Node node, List<ConvGradient> made) {
    ConvWeights weights = convWeights.get(node.name());
    Operand<TFloat32> effectiveGradient = sum(made.stream().map(ConvGradient::weights).toList());
    gradients.put(weights.trained(), weights.gradient(effectiveGradient));
    if (weights instanceof SubBitConvWeights subBit) {
      codebookGradients.put(node.name(), subBit.codebookGradient(effectiveGradient));
    }
    Layer read = network.node(node.inputs().get(0)).layer();
    if (read instanceof Layer.Input || read instanceof Layer.Normalize) {
      return;
    }
    List<Operand<TFloat32>> source = forward.output(forward.source(node));
    List<Operand<TFloat32>> inputGradients = new ArrayList<>();
    for (int part = 0; part < made.size(); part++) {
      Operand<TFloat32> gradient = made.get(part).x();
      inputGradients.add(
          FusedUnits.isBinary(node) ? throughSigns(node, gradient, source.get(part)) : gradient);
    }
    pass(forward.source(node), inputGradients);
  }

  private Operand<TFloat32> throughSigns(
      Network.Node conv, Operand<TFloat32> gradient, Operand<TFloat32> x) {
    NativeOps.SignsGradient signs =
        NativeOps.signsGradient(tf, gradient, x, forward.threshold(conv));
    Network.Node read = network.node(conv.inputs().get(0));
    if (units.isThreshold(read.name())) {
      int channels = ((Layer.Shift) read.layer()).channels();
      thresholds
          .computeIfAbsent(parameter(read, "shift", channels), shift -> new ArrayList<>())
          .add(signs.shift());
    }
    return signs.x();
  }

  private Parameter parameter(Network.Node node, String name, long... dimensions) {
    return parameters.get(node.name() + "/" + name, dimensions);
  }

  /** Records the gradients of a node's parameters, and passes on those of the nodes it reads. */
  private final class NodeGradient implements Layer.Visitor<Void> {

    private final Network.Node node;
    private final List<Operand<TFloat32>> dy;

    NodeGradient(Network.Node node) {
      this.node = node;
      this.dy =
          IntStream.range(0, forward.parts().count())
              .mapToObj(part -> sum(summands(node.name(), part)))
              .toList();
    }

    private List<Operand<TFloat32>> x() {
      return forward.output(node.inputs().get(0));
    }

    /** Passes on what is made of the input and the output's gradient of each part. */
    private Void toInput(BinaryOperator<Operand<TFloat32>> gradient) {
      List<Operand<TFloat32>> x = x();
      pass(
          node.inputs().get(0),
          IntStream.range(0, dy.size())
              .mapToObj(part -> gradient.apply(x.get(part), dy.get(part)))
              .toList());
      return null;
    }

    @Override
    public Void input(Layer.Input input) {
      throw notTrained(input);
    }

    @Override
    public Void normalize(Layer.Normalize normalize) {
      throw notTrained(normalize);
    }

    @Override
    public Void batchNorm(Layer.BatchNorm norm) {
      throw notTrained(norm);
    }

    @Override
    public Void shift(Layer.Shift shift) {
      throw notTrained(shift);
    }

    @Override
    public Void prelu(Layer.PRelu prelu) {
      throw notTrained(prelu);
    }

    /** No gradient comes to what lies before the first convolution, or within a unit. */
    private IllegalStateException notTrained(Layer layer) {
      return new IllegalStateException("Node '" + node.name() + "' cannot be trained: " + layer);
    }

    @Override
    public Void conv(Layer.Conv conv) {
      List<Operand<TFloat32>> source = forward.output(forward.source(node));
      List<ConvGradient> made = new ArrayList<>();
      for (int part = 0; part < dy.size(); part++) {
        made.add(
            forward.stepConv(node).gradients(forward.read(node, source.get(part)), dy.get(part)));
      }
      FusedBackward.this.conv(node, made);
      return null;
    }

    @Override
    public Void relu(Layer.Relu relu) {
      List<Operand<TFloat32>> y = forward.output(node.name());
      pass(
          node.inputs().get(0),
          IntStream.range(0, dy.size())
              .<Operand<TFloat32>>mapToObj(part -> tf.nn.reluGrad(dy.get(part), y.get(part)))
              .toList());
      return null;
    }

    @Override
    public Void add(Layer.Add add) {
      node.inputs().forEach(input -> pass(input, dy));
      return null;
    }

    @Override
    public Void averagePool(Layer.AveragePool pool) {
      return toInput(
          (x, gradient) ->
              tf.nn.avgPoolGrad(
                  tf.shape(x),
                  gradient,
                  Pooling.AVERAGE_WINDOW,
                  Pooling.AVERAGE_WINDOW,
                  Pooling.AVERAGE_PADDING));
    }

    @Override
    public Void maxPool(Layer.MaxPool pool) {
      List<Operand<TFloat32>> x = x();
      List<Operand<TFloat32>> padded = forward.padded(node.name());
      List<Operand<TFloat32>> y = forward.output(node.name());
      pass(
          node.inputs().get(0),
          IntStream.range(0, dy.size())
              .mapToObj(
                  part ->
                      Pooling.maxGradient(
                          tf, pool, x.get(part), padded.get(part), y.get(part), dy.get(part)))
              .toList());
      return null;
    }

    @Override
    public Void globalAveragePool(Layer.GlobalAveragePool pool) {
      return toInput(
          (x, gradient) -> {
            Operand<TInt32> shape = tf.shape(x);
            Operand<TInt32> area =
                tf.reduceProd(tf.slice(shape, tf.array(1), tf.array(2)), tf.constant(0));
            Operand<TFloat32> mean = tf.math.div(gradient, tf.dtypes.cast(area, TFloat32.class));
            return tf.broadcastTo(
                tf.expandDims(tf.expandDims(mean, tf.constant(1)), tf.constant(1)), shape);
          });
    }

    @Override
    public Void flatten(Layer.Flatten flatten) {
      return toInput(
          (x, gradient) -> {
            Operand<TInt32> nchw = tf.gather(tf.shape(x), tf.array(0, 3, 1, 2), tf.constant(0));
            return tf.linalg.transpose(tf.reshape(gradient, nchw), tf.array(0, 2, 3, 1));
          });
    }

    @Override
    public Void dense(Layer.Dense dense) {
      Parameter weight = parameter(node, "weight", dense.out(), dense.in());
      List<Operand<TFloat32>> weights = new ArrayList<>();
      List<Operand<TFloat32>> biases = new ArrayList<>();
      for (int part = 0; part < dy.size(); part++) {
        weights.add(tf.linalg.matMul(dy.get(part), x().get(part), MatMul.transposeA(true)));
        biases.add(tf.reduceSum(dy.get(part), tf.constant(0), ReduceSum.keepDims(false)));
      }
      gradients.put(weight, sum(weights));
      gradients.put(parameter(node, "bias", dense.out()), sum(biases));
      return toInput((x, gradient) -> tf.linalg.matMul(gradient, weight.value()));
    }
  }
}
