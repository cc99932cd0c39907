package dev.subbit.tribuo.training.internal.engine.tensorflow;

import dev.subbit.onnx.Codebook;
import dev.subbit.onnx.PackedConvWeights;
import dev.subbit.tribuo.codebook.CodebookTaps;
import dev.subbit.tribuo.network.IntegerForm;
import dev.subbit.tribuo.network.Layer;
import dev.subbit.tribuo.network.Network;
import dev.subbit.tribuo.network.TrainedNetwork;
import dev.subbit.tribuo.settings.Precision;
import dev.subbit.tribuo.settings.TrainingDevice;
import dev.subbit.tribuo.training.internal.batches.Pixels;
import dev.subbit.tribuo.training.internal.batches.Targets;
import dev.subbit.tribuo.training.internal.codebook.CodebookLearner;
import dev.subbit.tribuo.training.internal.codebook.CodebookState;
import dev.subbit.tribuo.training.internal.engine.DivergedException;
import dev.subbit.tribuo.training.internal.engine.LayerRates;
import dev.subbit.tribuo.training.internal.engine.TrainingEngine;
import dev.subbit.tribuo.training.internal.engine.TrainingPlan;
import dev.subbit.tribuo.training.internal.engine.TrainingRun;
import dev.subbit.tribuo.training.internal.engine.TrainingState;
import dev.subbit.tribuo.training.internal.random.RandomPlace;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.tensorflow.Graph;
import org.tensorflow.Result;
import org.tensorflow.Session;
import org.tensorflow.Tensor;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.ndarray.buffer.DataBuffers;
import org.tensorflow.op.Op;
import org.tensorflow.proto.ConfigProto;
import org.tensorflow.proto.RunOptions;
import org.tensorflow.types.TFloat32;
import org.tensorflow.types.TInt32;

/** One training in a TensorFlow session. The codebooks are learnt here, outside the graph. */
final class TensorFlowRun implements TrainingRun {

  private final Network network;
  private final TrainingPlan plan;
  private final LayerRates rates;
  private final Graph graph;
  private final TrainingGraph built;
  private final Session session;
  // Of the batch; 0 for a graph of TensorFlow's own operators.
  private final int parts;
  // Null where the training has this process only.
  private final Ring ring;
  private final RunOptions exchanging;
  private final Map<String, CodebookLearner> learners = new LinkedHashMap<>();
  private int step;

  /**
   * Starts a training.
   *
   * @param device what it computes on, {@code CPU} or {@code GPU}.
   * @param ring the processes to train with; null for none.
   */
  TensorFlowRun(
      TrainingDevice device,
      Network network,
      TrainingPlan plan,
      Map<String, float[]> initial,
      LayerRates rates,
      Ring ring) {
    this.network = network;
    this.rates = rates;
    this.plan = plan;
    this.ring = ring;
    this.exchanging = ring == null ? null : ring.nextOptions();
    ThreadCount.claim(plan.threads());
    this.graph = new Graph();
    try {
      // Own operators compute on the processor, in float32.
      boolean own =
          device == TrainingDevice.CPU
              && plan.precision() == Precision.FLOAT32
              && NativeOps.areAvailable();
      this.parts = own ? plan.threads() : 0;
      this.built = new TrainingGraph(device, graph, network, plan, parts, rates, ring);
      ConfigProto config = SessionConfig.training(device, plan.threads());
      this.session =
          ring == null ? new Session(graph, config) : ring.open(graph, config.toBuilder());
    } catch (RuntimeException | Error e) {
      graph.close();
      throw e;
    }
    try {
      assignInitialValues(initial);
    } catch (RuntimeException | Error e) {
      close();
      throw e;
    }
  }

  private void assignInitialValues(Map<String, float[]> initial) {
    Map<Parameter, float[]> values = new LinkedHashMap<>();
    for (Parameter parameter : built.parameters().all()) {
      values.put(parameter, checked(parameter, initial.get(parameter.name())));
    }
    for (Parameter slot : built.optimiser().slots()) {
      values.put(slot, new float[(int) slot.shape().size()]);
    }
    built
        .average()
        .ifPresent(
            average ->
                average
                    .averages()
                    .forEach((trained, kept) -> values.put(kept, values.get(trained))));
    for (GradientSum sum : built.codebookGradients().values()) {
      values.put(sum.before(), new float[(int) sum.before().shape().size()]);
    }
    built.rounding().ifPresent(rounding -> values.put(rounding.unitsOfOne(), units(initial)));
    RandomPlace codebooks = RandomPlace.of(plan.seed()).at("codebook");
    for (Map.Entry<String, SubBitConvWeights> entry : built.subBitWeights().entrySet()) {
      RandomPlace place = codebooks.at(entry.getKey());
      float[] given = initial.get(entry.getKey() + TrainingEngine.CODEBOOK);
      float[] kernels = initial.get(entry.getValue().trained().name());
      CodebookLearner learner =
          given == null
              ? CodebookLearner.start(plan.codebooks(), kernels, place)
              : CodebookLearner.from(
                  plan.codebooks(), CodebookTaps.codebook(plan.codebooks().tau(), given), place);
      learners.put(entry.getKey(), learner);
      values.put(entry.getValue().codewords(), CodebookTaps.of(learner.codebook()));
    }
    assign(values);
  }

  /** A run that is to be restored from a state starts with any number of fraction bits. */
  private static float[] units(Map<String, float[]> initial) {
    float[] bits = initial.getOrDefault(TrainingEngine.FRACTION_BITS, new float[1]);
    return IntegerRounding.unitsOfOne((int) bits[0]);
  }

  private static float[] checked(Parameter parameter, float[] values) {
    if (values == null || values.length != parameter.shape().size()) {
      throw new IllegalArgumentException(
          "'"
              + parameter.name()
              + "' needs "
              + parameter.shape().size()
              + " values, found "
              + (values == null ? "none" : values.length));
    }
    return values;
  }

  /**
   * Sets variables, all in one run: for every new set of feeds and targets TensorFlow works through
   * the whole graph, which takes longer than a step.
   */
  private void assign(Map<Parameter, float[]> values) {
    List<TFloat32> tensors = new ArrayList<>();
    try {
      Session.Runner runner = session.runner();
      values.forEach(
          (parameter, value) -> {
            TFloat32 tensor = tensor(parameter.shape(), value);
            tensors.add(tensor);
            runner.feed(parameter.newValue(), tensor).addTarget(parameter.assign());
          });
      runner.run().close();
    } finally {
      tensors.forEach(TFloat32::close);
    }
  }

  private static TFloat32 tensor(Shape shape, float[] values) {
    return TFloat32.tensorOf(shape, DataBuffers.of(values, true, false));
  }

  @Override
  public StepResult step(Pixels pixels, Targets targets, float[] teacherLogits) {
    if (step == plan.steps()) {
      throw new IllegalStateException(
          "All " + plan.steps() + " steps of the plan were made before");
    }
    int images = targets.classes().length;
    Shape logitsShape = Shape.of(images, network.classes());
    long taught = plan.recipe().distils() ? logitsShape.size() : 0;
    if (teacherLogits.length != taught) {
      throw new IllegalArgumentException(
          "The step needs " + taught + " logits of a teacher, found " + teacherLogits.length);
    }
    if (images < parts) {
      throw new IllegalArgumentException(
          "The batch has "
              + images
              + " images"
              + (ring == null ? "" : " for each process")
              + ", fewer than the "
              + parts
              + " threads: set threads to at most that");
    }
    boolean refines = plan.refines(step);
    List<String> refined = new ArrayList<>();
    StepResult stepResult;
    Session.Runner runner = session.runner();
    LossGraph loss = built.loss();
    try (Feeds feeds = new Feeds(runner)) {
      feed(feeds, images, pixels);
      if (targets.areMixed()) {
        feeds.feed(loss.targets(), logitsShape, targets.shares(network.classes()));
      } else {
        feeds.feed(loss.labels(), targets.classes());
      }
      if (plan.recipe().weighted()) {
        feeds.feed(loss.weights(), Shape.of(images), targets.weights());
      }
      if (plan.recipe().distils()) {
        feeds.feed(loss.teacherLogits(), logitsShape, teacherLogits);
      }
      built.optimiser().feed(feeds, plan.learningRate(step), step + 1);
      built.average().ifPresent(average -> average.feed(feeds, plan.recipe().averageShare(step)));
      runner.fetch(built.meanLoss()).fetch(built.trainingLogits());
      for (Op update : built.updates()) {
        runner.addTarget(update);
      }
      learners.forEach(
          (node, learner) -> {
            if (refines && learner.isLearnable() && !rates.isFrozen(node)) {
              refined.add(node);
              runner.fetch(built.codebookGradients().get(node).sum());
            }
          });
      try (Result result = exchanged(runner)) {
        float mean = floats(result.get(0))[0];
        if (!Float.isFinite(mean)) {
          throw new DivergedException(
              "The loss is "
                  + mean
                  + " at step "
                  + (step + 1)
                  + " of "
                  + plan.steps()
                  + ": training diverged, try a smaller learningRate");
        }
        int changed = refine(refined, result);
        stepResult = new StepResult(mean, correct(floats(result.get(1)), targets), changed);
      }
    }
    step++;
    return stepResult;
  }

  /** Runs a step, which waits for the other processes where there are some. */
  private Result exchanged(Session.Runner runner) {
    if (ring == null) {
      return runner.run();
    }
    try {
      return runner.setOptions(exchanging).run();
    } catch (RuntimeException e) {
      throw ring.failure(e);
    }
  }

  /**
   * Updates the codebooks by their gradients, which begin at the third result, and returns the
   * number of codewords that changed.
   */
  private int refine(List<String> nodes, Result gradients) {
    int changed = 0;
    Map<Parameter, float[]> values = new LinkedHashMap<>();
    for (int i = 0; i < nodes.size(); i++) {
      CodebookLearner learner = learners.get(nodes.get(i));
      Codebook before = learner.codebook();
      float[] gradient = floats(gradients.get(2 + i));
      learner.refine(step, gradient, plan.codebookRate(step));
      Codebook after = learner.codebook();
      changed += changedCodewords(before, after);
      values.put(built.subBitWeights().get(nodes.get(i)).codewords(), CodebookTaps.of(after));
      values.put(built.codebookGradients().get(nodes.get(i)).before(), new float[gradient.length]);
    }
    if (!values.isEmpty()) {
      assign(values);
    }
    return changed;
  }

  private static int changedCodewords(Codebook before, Codebook after) {
    int changed = 0;
    for (int word = 0; word < after.size(); word++) {
      changed += before.codeword(word) == after.codeword(word) ? 0 : 1;
    }
    return changed;
  }

  private int correct(float[] logits, Targets targets) {
    int correct = 0;
    for (int i = 0; i < targets.classes().length; i++) {
      int best = 0;
      for (int c = 1; c < network.classes(); c++) {
        if (logits[i * network.classes() + c] > logits[i * network.classes() + best]) {
          best = c;
        }
      }
      correct += best == targets.mainClass(i) ? 1 : 0;
    }
    return correct;
  }

  @Override
  public float[] logits(Pixels pixels) {
    Session.Runner runner = session.runner();
    try (Feeds feeds = new Feeds(runner)) {
      feed(feeds, pixels.size() / network.input().size(), pixels);
      try (Result result = runner.fetch(built.logits()).run()) {
        return floats(result.get(0));
      }
    }
  }

  private void feed(Feeds feeds, int images, Pixels pixels) {
    feeds.feed(built.bytes(), built.pixels(), Shape.of(images, network.input().size()), pixels);
  }

  @Override
  public void gatherStatistics(Pixels pixels, float share) {
    int images = pixels.size() / network.input().size();
    Session.Runner runner = session.runner();
    built.statistics().forEach(runner::addTarget);
    try (Feeds feeds = new Feeds(runner)) {
      feed(feeds, images, pixels);
      feeds.feed(built.batchShare(), share);
      runner.run().close();
    }
  }

  @Override
  public Map<String, float[]> parameters() {
    return values(List.copyOf(built.parameters().all()));
  }

  @Override
  public TrainingState state() {
    Map<String, float[]> variables = values(variables());
    Map<String, CodebookState> codebooks = new TreeMap<>();
    learners.forEach((node, learner) -> codebooks.put(node, learner.state()));
    return new TrainingState(step, variables, codebooks);
  }

  @Override
  public void restore(TrainingState state) {
    if (state.step() > plan.steps()) {
      throw new IllegalArgumentException(
          "The state is that after " + state.step() + " steps; this plan has " + plan.steps());
    }
    requireSameNames("variables", names(variables()), state.variables().keySet());
    requireSameNames("codebooks", learners.keySet(), state.codebooks().keySet());
    Map<Parameter, float[]> values = new LinkedHashMap<>();
    for (Parameter variable : variables()) {
      values.put(variable, checked(variable, state.variables().get(variable.name())));
    }
    learners.forEach(
        (node, learner) -> {
          learner.restore(state.codebooks().get(node));
          values.put(
              built.subBitWeights().get(node).codewords(), CodebookTaps.of(learner.codebook()));
        });
    assign(values);
    step = state.step();
  }

  /** All variables but the codewords, which are the learners'. */
  private List<Parameter> variables() {
    List<Parameter> variables = new ArrayList<>(built.parameters().all());
    variables.addAll(built.optimiser().slots());
    built.average().ifPresent(average -> variables.addAll(average.averages().values()));
    built.codebookGradients().values().forEach(sum -> variables.add(sum.before()));
    built.rounding().ifPresent(rounding -> variables.add(rounding.unitsOfOne()));
    return variables;
  }

  private static Set<String> names(List<Parameter> variables) {
    return variables.stream().map(Parameter::name).collect(Collectors.toSet());
  }

  private static void requireSameNames(String what, Set<String> needed, Set<String> found) {
    if (!needed.equals(found)) {
      Set<String> missing = new TreeSet<>(needed);
      missing.removeAll(found);
      Set<String> unknown = new TreeSet<>(found);
      unknown.removeAll(needed);
      throw new IllegalArgumentException(
          "The state is that of another training; "
              + what
              + " that it lacks: "
              + missing
              + "; that are unknown here: "
              + unknown);
    }
  }

  @Override
  public TrainedNetwork network() {
    Map<String, float[]> floats = parameters();
    built.subBitWeights().values().forEach(weights -> floats.remove(weights.trained().name()));
    return new TrainedNetwork(network, floats, packedWeights(), Map.of(), integers());
  }

  private Optional<IntegerForm> integers() {
    return built
        .rounding()
        .map(
            rounding -> {
              Parameter units = rounding.unitsOfOne();
              return rounding.form(values(List.of(units)).get(units.name()));
            });
  }

  /**
   * Takes the graph's own choice of codewords: recomputed here, a near tie could fall otherwise.
   */
  private Map<String, PackedConvWeights> packedWeights() {
    Map<String, PackedConvWeights> packed = new TreeMap<>();
    if (built.subBitWeights().isEmpty()) {
      return packed;
    }
    Session.Runner runner = session.runner();
    built
        .subBitWeights()
        .values()
        .forEach(weights -> runner.fetch(weights.index()).fetch(weights.scale()));
    try (Result result = runner.run()) {
      int fetched = 0;
      for (String node : built.subBitWeights().keySet()) {
        TInt32 index = (TInt32) result.get(fetched++);
        int[] indices = new int[(int) index.size()];
        index.asRawTensor().data().asInts().read(indices);
        float[] scale = floats(result.get(fetched++));
        packed.put(
            node,
            PackedConvWeights.pack(
                inChannels(node), learners.get(node).codebook(), indices, scale));
      }
    }
    return packed;
  }

  private int inChannels(String conv) {
    return ((Layer.Conv) network.node(conv).layer()).in();
  }

  /** The values of variables, by name. */
  private Map<String, float[]> values(List<Parameter> variables) {
    Session.Runner runner = session.runner();
    variables.forEach(variable -> runner.fetch(variable.value()));
    Map<String, float[]> values = new TreeMap<>();
    try (Result result = runner.run()) {
      for (int i = 0; i < variables.size(); i++) {
        values.put(variables.get(i).name(), floats(result.get(i)));
      }
    }
    return values;
  }

  private static float[] floats(Tensor tensor) {
    float[] values = new float[(int) tensor.size()];
    tensor.asRawTensor().data().asFloats().read(values);
    return values;
  }

  @Override
  public void close() {
    session.close();
    graph.close();
  }
}
