package dev.subbit.tribuo.training.internal.graph.tensorflow;

import ai.onnx.proto.OnnxMl.ModelProto;
import dev.subbit.onnx.CodedWeights;
import dev.subbit.onnx.PackedConvWeights;
import dev.subbit.tribuo.quantizer.GraphTuner;
import dev.subbit.tribuo.quantizer.fit.StagedWeights;
import dev.subbit.tribuo.quantizer.graph.ConvLayer;
import dev.subbit.tribuo.quantizer.graph.Feed;
import dev.subbit.tribuo.quantizer.graph.FloatArray;
import dev.subbit.tribuo.settings.TrainingDevice;
import dev.subbit.tribuo.training.internal.engine.tensorflow.Feeds;
import dev.subbit.tribuo.training.internal.engine.tensorflow.Parameter;
import dev.subbit.tribuo.training.internal.engine.tensorflow.SessionConfig;
import dev.subbit.tribuo.training.internal.engine.tensorflow.ThreadCount;
import dev.subbit.tribuo.training.internal.graph.CodewordPace;
import dev.subbit.tribuo.training.internal.graph.GraphRun;
import dev.subbit.tribuo.training.internal.graph.GraphTask;
import dev.subbit.tribuo.training.internal.graph.RestTensors;
import dev.subbit.tribuo.training.internal.graph.SubBitStart;
import dev.subbit.tribuo.training.internal.graph.Trained;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.tensorflow.Graph;
import org.tensorflow.Operand;
import org.tensorflow.Result;
import org.tensorflow.Session;
import org.tensorflow.Tensor;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.op.Op;
import org.tensorflow.op.Ops;
import org.tensorflow.op.core.Placeholder;
import org.tensorflow.op.core.ReduceSum;
import org.tensorflow.proto.ConfigProto;
import org.tensorflow.types.TFloat32;
import org.tensorflow.types.TInt32;

/** One training of an ONNX graph in a TensorFlow session. */
final class TensorFlowGraphRun implements GraphRun {

  private final GraphTask task;
  private final Graph graph;
  private final Ops tf;
  private final Session session;
  private final GraphImport imported;
  private final Map<String, Placeholder<TFloat32>> targets = new LinkedHashMap<>();
  private final Placeholder<TFloat32> classes;
  private final Operand<TFloat32> loss;
  private final GraphAdam adam;
  private int steps;

  TensorFlowGraphRun(GraphTask task) {
    this.task = task;
    ThreadCount.claim(task.threads());
    this.graph = new Graph();
    try {
      this.tf = Ops.create(graph);
      this.imported = new GraphImport(tf, task);
      this.classes = tf.placeholder(TFloat32.class);
      this.loss = loss();
      this.adam = new GraphAdam(tf, gradients(), CodewordPace.of(task.labelShare()).rateShare());
      ConfigProto config =
          SessionConfig.on(TrainingDevice.CPU)
              .setIntraOpParallelismThreads(task.threads())
              .setInterOpParallelismThreads(1)
              .build();
      this.session = new Session(graph, config);
    } catch (RuntimeException | Error e) {
      graph.close();
      throw e;
    }
    try {
      assignInitialValues();
    } catch (RuntimeException | Error e) {
      close();
      throw e;
    }
  }

  private Operand<TFloat32> loss() {
    List<Operand<TFloat32>> parts = new ArrayList<>();
    for (int i = 0; i < task.learned().size(); i++) {
      String name = task.learned().get(i);
      Operand<TFloat32> value = imported.value(name);
      Placeholder<TFloat32> target =
          tf.placeholder(TFloat32.class, Placeholder.shape(value.shape()));
      targets.put(name, target);
      float share = (1 - task.labelShare()) / task.learned().size() / task.variances()[i];
      if (share > 0) {
        Operand<TFloat32> error = tf.math.sub(value, target);
        parts.add(tf.math.mul(mean(tf.math.mul(error, error)), tf.constant(share)));
      }
    }
    if (task.labelShare() > 0) {
      Operand<TFloat32> logits = imported.value(task.classes().orElseThrow());
      long samples = logits.shape().asArray()[0];
      Operand<TFloat32> rows = tf.reshape(logits, tf.constant(new long[] {samples, -1}));
      Operand<TFloat32> each = tf.nn.softmaxCrossEntropyWithLogits(rows, classes).loss();
      parts.add(tf.math.mul(mean(each), tf.constant(task.labelShare())));
    }
    return tf.math.addN(parts);
  }

  private Operand<TFloat32> mean(Operand<TFloat32> values) {
    long count = values.shape().size();
    Operand<TFloat32> flat = tf.reshape(values, tf.constant(new int[] {-1}));
    Operand<TFloat32> sum = tf.reduceSum(flat, tf.constant(0), ReduceSum.keepDims(false));
    return tf.math.mul(sum, tf.constant(1f / count));
  }

  /** The gradient of each variable, by kind; variables that nothing depends on are left out. */
  private Map<Trained, Map<Parameter, Operand<TFloat32>>> gradients() {
    List<Operand<TFloat32>> by = new ArrayList<>();
    imported.kernels().forEach(kernels -> by.add(kernels.weights()));
    List<TrainedTensor> shifts =
        imported.convs().stream().flatMap(conv -> conv.trained().stream()).toList();
    shifts.forEach(tensor -> by.add(tensor.change().value()));
    List<TrainedTensor> rest = List.copyOf(imported.rest().values());
    rest.forEach(tensor -> by.add(tensor.change().value()));
    List<Operand<TFloat32>> found = Gradients.of(graph, loss, by);
    Map<Trained, Map<Parameter, Operand<TFloat32>>> gradients = new LinkedHashMap<>();
    for (Trained kind : Trained.values()) {
      gradients.put(kind, new LinkedHashMap<>());
    }
    int next = 0;
    for (StagedKernels kernels : imported.kernels()) {
      Operand<TFloat32> gradient = found.get(next++);
      if (gradient == null) {
        continue;
      }
      for (SubBitStage stage : kernels.stages()) {
        gradients.get(Trained.LATENTS).put(stage.latent(), stage.latentGradient(gradient));
        gradients
            .get(Trained.SCALES)
            .put(stage.scale().change(), stage.scaleGradient(gradient, imported.scope()));
      }
    }
    for (TrainedTensor tensor : shifts) {
      put(gradients.get(Trained.SCALES), tensor, found.get(next++));
    }
    for (TrainedTensor tensor : rest) {
      put(gradients.get(Trained.REST), tensor, found.get(next++));
    }
    return gradients;
  }

  private static void put(
      Map<Parameter, Operand<TFloat32>> gradients,
      TrainedTensor tensor,
      Operand<TFloat32> gradient) {
    if (gradient != null) {
      gradients.put(tensor.change(), gradient);
    }
  }

  private void assignInitialValues() {
    Map<Parameter, float[]> values = new LinkedHashMap<>();
    for (StagedKernels kernels : imported.kernels()) {
      for (SubBitStage stage : kernels.stages()) {
        values.put(stage.latent(), stage.latentStart());
        values.put(stage.scale().change(), zeros(stage.scale().change()));
      }
    }
    for (SubBitConv conv : imported.convs()) {
      conv.trained().forEach(tensor -> values.put(tensor.change(), zeros(tensor.change())));
      values.putAll(conv.statistics());
    }
    imported.rest().values().forEach(one -> values.put(one.change(), zeros(one.change())));
    adam.slots().forEach(slot -> values.put(slot, zeros(slot)));
    if (values.isEmpty()) {
      return;
    }
    Session.Runner runner = session.runner();
    try (Feeds feeds = new Feeds(runner)) {
      values.forEach(
          (parameter, numbers) -> {
            feeds.feed(parameter.newValue(), parameter.shape(), numbers);
            runner.addTarget(parameter.assign());
          });
      runner.run().close();
    }
  }

  private static float[] zeros(Parameter parameter) {
    return new float[(int) parameter.shape().size()];
  }

  @Override
  public double step(
      Feed batch, Map<String, FloatArray> teacher, int[] labels, Set<Trained> trained, float rate) {
    Session.Runner runner = session.runner();
    try (Feeds feeds = new Feeds(runner)) {
      feedInputs(feeds, batch);
      targets.forEach(
          (name, placeholder) -> {
            if (task.labelShare() < 1) {
              feeds.feed(placeholder, placeholder.shape(), teacher.get(name).values());
            }
          });
      if (task.labelShare() > 0) {
        Shape logits = imported.value(task.classes().orElseThrow()).shape();
        int count = (int) (logits.size() / logits.get(0));
        float[] oneHot = new float[labels.length * count];
        for (int i = 0; i < labels.length; i++) {
          oneHot[i * count + labels[i]] = 1;
        }
        feeds.feed(classes, Shape.of(labels.length, count), oneHot);
      }
      adam.feed(feeds, rate, trained);
      runner.fetch(loss);
      trained.forEach(kind -> adam.updates(kind).forEach(runner::addTarget));
      for (SubBitConv conv : imported.convs()) {
        for (Op move : conv.moves()) {
          runner.addTarget(move);
        }
      }
      try (Result result = runner.run()) {
        steps++;
        return floats(result.get(0))[0];
      }
    }
  }

  private void feedInputs(Feeds feeds, Feed batch) {
    imported
        .inputs()
        .forEach(
            (name, placeholder) -> {
              Feed.Tensor tensor = batch.tensors().get(name);
              feeds.feed(placeholder, Shape.of(tensor.shape()), tensor.floats().orElseThrow());
            });
  }

  @Override
  public Map<String, FloatArray> run(Feed batch) {
    Map<String, FloatArray> values = new LinkedHashMap<>();
    Session.Runner runner = session.runner();
    try (Feeds feeds = new Feeds(runner)) {
      feedInputs(feeds, batch);
      task.learned().forEach(name -> runner.fetch(imported.value(name)));
      try (Result result = runner.run()) {
        for (int i = 0; i < task.learned().size(); i++) {
          Tensor found = result.get(i);
          values.put(task.learned().get(i), new FloatArray(found.shape().asArray(), floats(found)));
        }
      }
    }
    return values;
  }

  @Override
  public GraphTuner.Tuned state() {
    if (steps == 0) {
      Map<ConvLayer, StagedWeights> layers = new LinkedHashMap<>();
      task.layers().forEach(start -> layers.put(start.layer(), start.weights()));
      return new GraphTuner.Tuned(task.model(), layers);
    }
    Map<Operand<?>, Integer> places = new HashMap<>();
    List<Operand<?>> wanted = new ArrayList<>();
    for (StagedKernels kernels : imported.kernels()) {
      for (SubBitStage stage : kernels.stages()) {
        wanted.add(stage.index());
        wanted.add(stage.scale().value());
      }
    }
    imported.convs().forEach(conv -> wanted.addAll(conv.fetched()));
    imported.rest().values().forEach(tensor -> wanted.add(tensor.value()));
    Session.Runner runner = session.runner();
    for (Operand<?> one : wanted) {
      places.put(one, places.size());
      runner.fetch(one);
    }
    try (Result result = runner.run()) {
      return new GraphTuner.Tuned(trainedModel(result, places), trainedLayers(result, places));
    }
  }

  private ModelProto trainedModel(Result result, Map<Operand<?>, Integer> places) {
    Map<String, float[]> numbers = new LinkedHashMap<>();
    imported
        .rest()
        .forEach(
            (name, tensor) -> numbers.put(name, floats(result.get(places.get(tensor.value())))));
    return RestTensors.replace(task.model(), numbers);
  }

  private Map<ConvLayer, StagedWeights> trainedLayers(
      Result result, Map<Operand<?>, Integer> places) {
    // One for all layers that share their weights: they are written once.
    Map<StagedKernels, CodedWeights> weights = new HashMap<>();
    for (StagedKernels kernels : imported.kernels()) {
      List<PackedConvWeights> all = new ArrayList<>();
      for (SubBitStage stage : kernels.stages()) {
        all.add(
            PackedConvWeights.pack(
                stage.start().inChannels(),
                stage.start().codebook(),
                integers(result.get(places.get(stage.index()))),
                floats(result.get(places.get(stage.scale().value())))));
      }
      weights.put(kernels, CodedWeights.of(all));
    }
    Map<ConvLayer, StagedWeights> layers = new LinkedHashMap<>();
    // Those that nothing depends on stay as they were.
    task.layers().forEach(start -> layers.put(start.layer(), start.weights()));
    for (SubBitConv conv : imported.convs()) {
      List<float[]> fetched = new ArrayList<>();
      conv.fetched().forEach(one -> fetched.add(floats(result.get(places.get(one)))));
      SubBitStart start = conv.start();
      CodedWeights own = weights.get(conv.kernels());
      if (start.normalised().isPresent()) {
        float[] factors = conv.factors(fetched);
        own =
            CodedWeights.of(
                own.convolutions().stream().map(stage -> scaled(stage, factors)).toList());
      }
      layers.put(
          start.layer(),
          new StagedWeights(
              own,
              conv.bias(fetched),
              start.weights().mean(),
              start.weights().variance(),
              start.weights().signalToNoise()));
    }
    return layers;
  }

  private static PackedConvWeights scaled(PackedConvWeights weights, float[] factors) {
    float[] scale = weights.scale();
    for (int o = 0; o < scale.length; o++) {
      scale[o] *= factors[o];
    }
    return weights.withScale(scale);
  }

  private static float[] floats(Tensor tensor) {
    float[] values = new float[(int) tensor.size()];
    ((TFloat32) tensor).asRawTensor().data().asFloats().read(values);
    return values;
  }

  private static int[] integers(Tensor tensor) {
    int[] values = new int[(int) tensor.size()];
    ((TInt32) tensor).asRawTensor().data().asInts().read(values);
    return values;
  }

  @Override
  public void close() {
    session.close();
    graph.close();
  }
}
