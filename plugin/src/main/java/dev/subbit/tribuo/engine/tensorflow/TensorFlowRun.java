package dev.subbit.tribuo.engine.tensorflow;

import dev.subbit.onnx.Codebook;
import dev.subbit.onnx.PackedConvWeights;
import dev.subbit.tribuo.codebook.CodebookLearner;
import dev.subbit.tribuo.codebook.CodebookState;
import dev.subbit.tribuo.engine.TrainingPlan;
import dev.subbit.tribuo.engine.TrainingRun;
import dev.subbit.tribuo.engine.TrainingState;
import dev.subbit.tribuo.network.Layer;
import dev.subbit.tribuo.network.Network;
import dev.subbit.tribuo.network.TrainedNetwork;
import dev.subbit.tribuo.random.RandomPlace;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.tensorflow.Graph;
import org.tensorflow.Operand;
import org.tensorflow.Result;
import org.tensorflow.Session;
import org.tensorflow.Tensor;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.ndarray.buffer.DataBuffers;
import org.tensorflow.op.Op;
import org.tensorflow.proto.ConfigProto;
import org.tensorflow.types.TFloat32;
import org.tensorflow.types.TInt32;

/** One training in a TensorFlow session. The codebooks are learnt here, outside the graph. */
final class TensorFlowRun implements TrainingRun {

  private final Network network;
  private final TrainingPlan plan;
  private final Graph graph;
  private final TrainingGraph built;
  private final Session session;
  private final Map<String, CodebookLearner> learners = new LinkedHashMap<>();
  private int step;

  TensorFlowRun(Network network, TrainingPlan plan, Map<String, float[]> initial) {
    this.network = network;
    this.plan = plan;
    ThreadCount.claim(plan.threads());
    this.graph = new Graph();
    try {
      this.built = new TrainingGraph(graph, network, plan);
      ConfigProto config =
          ConfigProto.newBuilder()
              .setIntraOpParallelismThreads(plan.threads())
              .setInterOpParallelismThreads(1)
              .build();
      this.session = new Session(graph, config);
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
    for (Parameter parameter : built.parameters().all()) {
      assignChecked(parameter, initial.get(parameter.name()));
    }
    for (Parameter slot : built.optimiser().slots()) {
      assign(slot, new float[(int) slot.shape().size()]);
    }
    RandomPlace codebooks = RandomPlace.of(plan.seed()).at("codebook");
    for (Map.Entry<String, SubBitConvWeights> entry : built.subBitWeights().entrySet()) {
      CodebookLearner learner =
          new CodebookLearner(plan.codebooks().tau(), codebooks.at(entry.getKey()));
      learners.put(entry.getKey(), learner);
      assign(entry.getValue().codewords(), taps(learner.codebook()));
    }
  }

  private void assignChecked(Parameter parameter, float[] values) {
    if (values == null || values.length != parameter.shape().size()) {
      throw new IllegalArgumentException(
          "'"
              + parameter.name()
              + "' needs "
              + parameter.shape().size()
              + " values, found "
              + (values == null ? "none" : values.length));
    }
    assign(parameter, values);
  }

  private static float[] taps(Codebook codebook) {
    byte[] taps = codebook.toTaps();
    float[] values = new float[taps.length];
    for (int i = 0; i < taps.length; i++) {
      values[i] = taps[i];
    }
    return values;
  }

  private void assign(Parameter parameter, float[] values) {
    try (TFloat32 tensor = tensor(parameter.shape(), values)) {
      session
          .runner()
          .feed(parameter.newValue(), tensor)
          .addTarget(parameter.assign())
          .run()
          .close();
    }
  }

  private static TFloat32 tensor(Shape shape, float[] values) {
    return TFloat32.tensorOf(shape, DataBuffers.of(values, true, false));
  }

  @Override
  public StepResult step(float[] pixels, int[] classes, float[] teacherLogits) {
    if (step == plan.steps()) {
      throw new IllegalStateException("The last of " + plan.steps() + " steps was made before");
    }
    Shape logitsShape = Shape.of(classes.length, network.classes());
    long taught = plan.recipe().distils() ? logitsShape.size() : 0;
    if (teacherLogits.length != taught) {
      throw new IllegalArgumentException(
          "The step needs " + taught + " logits of a teacher, found " + teacherLogits.length);
    }
    boolean refines = plan.refines(step);
    List<String> refined = new ArrayList<>();
    StepResult stepResult;
    Session.Runner runner = session.runner();
    LossGraph loss = built.loss();
    try (Feeds feeds = new Feeds(runner)) {
      feeds.feed(built.pixels(), Shape.of(classes.length, network.input().size()), pixels);
      feeds.feed(loss.targets(), logitsShape, oneHot(classes));
      if (plan.recipe().distils()) {
        feeds.feed(loss.teacherLogits(), logitsShape, teacherLogits);
      }
      built.optimiser().feed(feeds, plan.learningRate(step), step + 1);
      runner.fetch(loss.mean()).fetch(built.trainingLogits());
      for (Op update : built.updates()) {
        runner.addTarget(update);
      }
      learners.forEach(
          (node, learner) -> {
            if (refines && learner.isLearnable()) {
              refined.add(node);
              runner.fetch(built.codebookGradients().get(node));
            }
          });
      try (Result result = runner.run()) {
        float mean = floats(result.get(0))[0];
        if (!Float.isFinite(mean)) {
          throw new IllegalStateException(
              "The loss is "
                  + mean
                  + " at step "
                  + (step + 1)
                  + " of "
                  + plan.steps()
                  + ": training diverged, try a smaller learningRate");
        }
        stepResult = new StepResult(mean, correct(floats(result.get(1)), classes));
        for (int i = 0; i < refined.size(); i++) {
          refine(refined.get(i), floats(result.get(2 + i)));
        }
      }
    }
    step++;
    return stepResult;
  }

  private void refine(String node, float[] gradient) {
    CodebookLearner learner = learners.get(node);
    learner.refine(step, gradient, plan.codebookRate(step));
    assign(built.subBitWeights().get(node).codewords(), taps(learner.codebook()));
  }

  private float[] oneHot(int[] classes) {
    float[] values = new float[classes.length * network.classes()];
    for (int i = 0; i < classes.length; i++) {
      values[i * network.classes() + classes[i]] = 1;
    }
    return values;
  }

  private int correct(float[] logits, int[] classes) {
    int correct = 0;
    for (int i = 0; i < classes.length; i++) {
      int best = 0;
      for (int c = 1; c < network.classes(); c++) {
        if (logits[i * network.classes() + c] > logits[i * network.classes() + best]) {
          best = c;
        }
      }
      correct += best == classes[i] ? 1 : 0;
    }
    return correct;
  }

  @Override
  public float[] logits(float[] pixels) {
    int images = pixels.length / network.input().size();
    try (TFloat32 tensor = tensor(Shape.of(images, network.input().size()), pixels);
        Result result = session.runner().feed(built.pixels(), tensor).fetch(built.logits()).run()) {
      return floats(result.get(0));
    }
  }

  @Override
  public Map<String, float[]> parameters() {
    Map<String, float[]> values = new TreeMap<>();
    for (Parameter parameter : built.parameters().all()) {
      values.put(parameter.name(), fetch(parameter.value()));
    }
    return values;
  }

  @Override
  public TrainingState state() {
    Map<String, float[]> variables = new TreeMap<>();
    for (Parameter variable : variables()) {
      variables.put(variable.name(), fetch(variable.value()));
    }
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
    for (Parameter variable : variables()) {
      assignChecked(variable, state.variables().get(variable.name()));
    }
    learners.forEach(
        (node, learner) -> {
          learner.restore(state.codebooks().get(node));
          assign(built.subBitWeights().get(node).codewords(), taps(learner.codebook()));
        });
    step = state.step();
  }

  /** All variables but the codewords, which are the learners'. */
  private List<Parameter> variables() {
    List<Parameter> variables = new ArrayList<>(built.parameters().all());
    variables.addAll(built.optimiser().slots());
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
    Map<String, PackedConvWeights> packed = new TreeMap<>();
    for (Network.Node node : network.nodes()) {
      SubBitConvWeights weights = built.subBitWeights().get(node.name());
      if (weights != null) {
        floats.remove(weights.trained().name());
        packed.put(node.name(), pack(node, weights));
      }
    }
    return new TrainedNetwork(network, floats, packed, Map.of());
  }

  /**
   * Takes the graph's own choice of codewords: recomputed here, a near tie could fall otherwise.
   */
  private PackedConvWeights pack(Network.Node node, SubBitConvWeights weights) {
    int in = ((Layer.Conv) node.layer()).in();
    try (Result result = session.runner().fetch(weights.index()).fetch(weights.scale()).run()) {
      TInt32 index = (TInt32) result.get(0);
      int[] indices = new int[(int) index.size()];
      index.asRawTensor().data().asInts().read(indices);
      return PackedConvWeights.pack(
          in, learners.get(node.name()).codebook(), indices, floats(result.get(1)));
    }
  }

  private float[] fetch(Operand<TFloat32> operand) {
    try (Result result = session.runner().fetch(operand).run()) {
      return floats(result.get(0));
    }
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
