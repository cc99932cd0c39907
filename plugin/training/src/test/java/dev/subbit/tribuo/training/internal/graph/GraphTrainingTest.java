package dev.subbit.tribuo.training.internal.graph;

import static dev.subbit.onnx.OnnxProtos.attribute;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.onnx.proto.OnnxMl.ModelProto;
import ai.onnx.proto.OnnxMl.NodeProto;
import ai.onnx.proto.OnnxMl.StringStringEntryProto;
import ai.onnx.proto.OnnxMl.TensorProto;
import ai.onnxruntime.OnnxJavaType;
import dev.subbit.tribuo.codebook.KernelAssignment;
import dev.subbit.tribuo.quantizer.Deadline;
import dev.subbit.tribuo.quantizer.GraphTuner;
import dev.subbit.tribuo.quantizer.OnnxQuantizer;
import dev.subbit.tribuo.quantizer.QuantizationProgress;
import dev.subbit.tribuo.quantizer.QuantizationResult;
import dev.subbit.tribuo.quantizer.QuantizationSettings;
import dev.subbit.tribuo.quantizer.fit.FitSettings;
import dev.subbit.tribuo.quantizer.fit.StagedWeights;
import dev.subbit.tribuo.quantizer.graph.ConvLayer;
import dev.subbit.tribuo.quantizer.graph.Feed;
import dev.subbit.tribuo.quantizer.graph.FloatArray;
import dev.subbit.tribuo.quantizer.graph.GraphEdits;
import dev.subbit.tribuo.quantizer.graph.GraphSession;
import dev.subbit.tribuo.quantizer.input.Calibration;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class GraphTrainingTest {

  private static final int THREADS = 1;

  private static GraphTrainingSettings settings(int epochs, double labelShare, boolean norms) {
    return new GraphTrainingSettings(
        epochs, 0, labelShare > 0 ? 0.1 : 0.03, 16, labelShare, true, norms, THREADS, 1);
  }

  /** A network with a branch, batch normalisation, weights read twice, and a softmax. */
  private static ModelProto network() {
    ForeignGraph g = new ForeignGraph(5).input(-1, 3, 10, 10);
    String stem = g.node("Relu", List.of(g.conv("x", 8, 3)));
    String conv = g.conv(stem, 8, 8);
    String norm =
        g.node(
            "BatchNormalization",
            List.of(
                conv,
                g.tensor("gamma", 0.5, 1.5, 8),
                g.tensor("beta", -0.3, 0.3, 8),
                g.tensor("mean", -0.3, 0.3, 8),
                g.tensor("variance", 0.5, 1.5, 8)));
    String sum = g.node("Relu", List.of(g.node("Add", List.of(stem, norm))));
    String shared = g.tensor("shared", -0.3, 0.3, 8, 8, 3, 3);
    String first = g.node("Conv", List.of(sum, shared), attribute("pads", 1, 1, 1, 1));
    String second =
        g.node(
            "Conv",
            List.of(g.node("LeakyRelu", List.of(first)), shared),
            attribute("pads", 2, 2, 2, 2),
            attribute("dilations", 2, 2));
    String pooled =
        g.node(
            "AveragePool",
            List.of(second),
            attribute("kernel_shape", 5, 5),
            attribute("strides", 5, 5));
    String flat = g.node("Flatten", List.of(pooled));
    String logits =
        g.node("Gemm", List.of(flat, g.tensor("wl", -2, 2, 32, 4), g.tensor("bl", -1, 1, 4)));
    String output = g.node("Softmax", List.of(logits));
    ModelProto model = g.model(output);
    return model.toBuilder()
        .setProducerName("foreign tool")
        .setDocString("a test")
        .addMetadataProps(StringStringEntryProto.newBuilder().setKey("names").setValue("a,b,c,d"))
        .build();
  }

  private static Feed feed(long seed, int samples) {
    SplittableRandom rng = new SplittableRandom(seed);
    float[] numbers = new float[samples * 300];
    float last = 0;
    for (int i = 0; i < numbers.length; i++) {
      last = 0.7f * last + (float) (2 * rng.nextDouble() - 1);
      // Samples differ as a whole, too.
      numbers[i] = last + (i % 300 == 0 ? 0 : (i / 300) % 5 * 0.3f);
    }
    return ForeignGraph.feed(new long[] {samples, 3, 10, 10}, numbers);
  }

  private static Calibration calibration() {
    return new Calibration(List.of(feed(1, 40), feed(2, 40)), List.of(feed(3, 20)), 80, 20);
  }

  private static QuantizationSettings quantization(int stages) {
    return new QuantizationSettings(new FitSettings(5, stages, 1, 1), List.of());
  }

  /** Keeps what the fit gives. */
  private static final class Recorder implements GraphTuner {
    private ModelProto model;
    private Map<ConvLayer, StagedWeights> fitted;

    @Override
    public void requireTrainable(ModelProto any, List<ConvLayer> layers, Calibration inputs) {}

    @Override
    public Tuned tune(
        ModelProto given,
        Map<ConvLayer, StagedWeights> layers,
        Calibration inputs,
        QuantizationProgress progress) {
      model = given;
      fitted = new LinkedHashMap<>(layers);
      return new Tuned(given, layers);
    }
  }

  private static Recorder fit(ModelProto model, int stages) {
    Recorder recorder = new Recorder();
    new OnnxQuantizer(quantization(stages), Deadline.NONE, Optional.of(recorder))
        .quantize(model, calibration(), QuantizationProgress.NONE);
    return recorder;
  }

  private static GraphRun start(Recorder fit, Feed example, Map<ConvLayer, LayerMoments> norms) {
    List<SubBitStart> starts = new ArrayList<>();
    fit.fitted.forEach(
        (layer, weights) ->
            starts.add(SubBitStart.of(layer, weights, Optional.ofNullable(norms.get(layer)))));
    List<String> learned = LearnedValues.of(fit.model.getGraph());
    return GraphEngine.load()
        .start(
            new GraphTask(
                fit.model,
                starts,
                learned,
                new float[] {1},
                Optional.empty(),
                0,
                true,
                example,
                THREADS));
  }

  @Test
  void trainingStartsAtTheFitExactly() {
    for (int stages = 1; stages <= 2; stages++) {
      Recorder fit = fit(network(), stages);
      assertEquals(4, fit.fitted.size());
      ModelProto written = GraphEdits.replace(fit.model, fit.fitted, GraphEdits.Form.COMPACT);
      Feed example = feed(9, 16);
      String logits = LearnedValues.of(fit.model.getGraph()).get(0);
      try (GraphRun run = start(fit, example, Map.of());
          TeacherValues wanted = new TeacherValues(written, List.of(logits))) {
        FloatArray found = run.run(example).get(logits);
        FloatArray expected = wanted.of(example).get(logits);
        assertArrayEquals(expected.values(), found.values(), 2e-5f);
        assertSame(written, run.state());
        // A step of size 0 takes the numbers through the whole training graph and back.
        run.step(example, Map.of(logits, expected), new int[0], EnumSet.allOf(Trained.class), 0);
        assertSame(written, run.state());
      }
    }
  }

  private static void assertSame(ModelProto written, GraphTuner.Tuned state) {
    assertEquals(
        written, GraphEdits.replace(state.model(), state.layers(), GraphEdits.Form.COMPACT));
  }

  @Test
  void batchNormalisationUnfoldedStartsAtTheFitToo() {
    Recorder fit = fit(network(), 1);
    Feed example = feed(9, 16);
    Map<ConvLayer, LayerMoments> norms =
        BatchNorms.moments(fit.model, fit.fitted, List.of(example));
    assertEquals(1, norms.size());
    String logits = LearnedValues.of(fit.model.getGraph()).get(0);
    ModelProto written = GraphEdits.replace(fit.model, fit.fitted, GraphEdits.Form.COMPACT);
    try (GraphRun run = start(fit, example, norms);
        TeacherValues wanted = new TeacherValues(written, List.of(logits))) {
      float[] expected = wanted.of(example).get(logits).values();
      assertArrayEquals(expected, run.run(example).get(logits).values(), 1e-4f);
      Map<String, FloatArray> targets = wanted.of(example);
      run.step(example, targets, new int[0], EnumSet.allOf(Trained.class), 0);
      GraphTuner.Tuned state = run.state();
      ModelProto again = GraphEdits.replace(state.model(), state.layers(), GraphEdits.Form.COMPACT);
      try (TeacherValues found = new TeacherValues(again, List.of(logits))) {
        assertArrayEquals(expected, found.of(example).get(logits).values(), 1e-4f);
      }
    }
  }

  /** Steps of the usual size: too large ones would undo what the fit and the scales gained. */
  @Test
  void whatIsTrainedLaterTakesTheStepsThatItWouldTakeAtTheStart() {
    Recorder fit = fit(network(), 1);
    Feed example = feed(9, 16);
    String logits = LearnedValues.of(fit.model.getGraph()).get(0);
    Map<String, FloatArray> targets;
    try (TeacherValues teacher = new TeacherValues(fit.model, List.of(logits))) {
      targets = teacher.of(example);
    }
    List<GraphTuner.Tuned> states = new ArrayList<>();
    for (int before : new int[] {0, 20}) {
      try (GraphRun run = start(fit, example, Map.of())) {
        for (int step = 0; step < before; step++) {
          run.step(example, targets, new int[0], EnumSet.of(Trained.SCALES), 0);
        }
        for (int step = 0; step < 5; step++) {
          run.step(example, targets, new int[0], EnumSet.of(Trained.LATENTS, Trained.REST), 0.03f);
        }
        states.add(run.state());
      }
    }
    assertNotEquals(fit.model, states.get(0).model());
    assertSame(
        GraphEdits.replace(states.get(0).model(), states.get(0).layers(), GraphEdits.Form.COMPACT),
        states.get(1));
  }

  @Test
  void trainingImprovesTheFitOnSamplesThatItDoesNotSee() {
    Calibration more =
        new Calibration(List.of(feed(1, 200), feed(2, 200)), List.of(feed(3, 60)), 400, 60);
    for (int stages = 1; stages <= 2; stages++) {
      List<TrainingRound> rounds = new ArrayList<>();
      ModelProto model = network();
      QuantizationResult plain =
          new OnnxQuantizer(quantization(stages)).quantize(model, more, QuantizationProgress.NONE);
      QuantizationResult trained =
          new OnnxQuantizer(
                  quantization(stages),
                  Deadline.NONE,
                  Optional.of(new GraphTraining(settings(12, 0, false), rounds::add)))
              .quantize(model, more, QuantizationProgress.NONE);
      assertEquals(13, rounds.size());
      double before = plain.outputs().get(0).getSignalToNoise();
      double after = trained.outputs().get(0).getSignalToNoise();
      assertTrue(after > before + 0.5, before + " dB, then " + after);
    }
  }

  /** Codewords that change all the time would lose more than scales and biases gained before. */
  @Test
  void codewordsGainBeyondScalesAndBiases() {
    ForeignGraph g = new ForeignGraph(5).input(-1, 3, 10, 10);
    String wide = g.node("LeakyRelu", List.of(g.conv("x", 16, 3)));
    String y = g.conv(g.node("LeakyRelu", List.of(g.conv(wide, 16, 16))), 3, 16);
    Calibration samples =
        new Calibration(List.of(feed(1, 200), feed(2, 200)), List.of(feed(3, 60)), 400, 60);
    List<TrainingRound> rounds = new ArrayList<>();
    GraphTrainingSettings settings =
        new GraphTrainingSettings(32, 0, 0.03, 16, 0, false, false, THREADS, 1);
    new OnnxQuantizer(
            quantization(2), Deadline.NONE, Optional.of(new GraphTraining(settings, rounds::add)))
        .quantize(g.model(y), samples, QuantizationProgress.NONE);
    double scalesAlone = rounds.get(8).error();
    double all = rounds.get(32).error();
    assertTrue(all < scalesAlone, scalesAlone + ", then " + all);
  }

  @Test
  void whatIsWrittenIsTheUsersGraphButForItsNumbers() {
    ModelProto model = network();
    QuantizationResult plain =
        new OnnxQuantizer(quantization(1))
            .quantize(model, calibration(), QuantizationProgress.NONE);
    QuantizationResult trained =
        new OnnxQuantizer(
                quantization(1),
                Deadline.NONE,
                Optional.of(new GraphTraining(settings(3, 0, false), round -> {})))
            .quantize(model, calibration(), QuantizationProgress.NONE);
    assertNotEquals(plain.model(), trained.model());
    assertEquals(withoutNumbers(plain.model()), withoutNumbers(trained.model()));
    assertEquals("foreign tool", trained.model().getProducerName());
    assertEquals(model.getMetadataPropsList(), trained.model().getMetadataPropsList());
    assertEquals(model.getGraph().getInputList(), trained.model().getGraph().getInputList());
    assertEquals(model.getGraph().getOutputList(), trained.model().getGraph().getOutputList());
  }

  private static ModelProto withoutNumbers(ModelProto model) {
    ModelProto.Builder builder = model.toBuilder();
    for (TensorProto.Builder tensor : builder.getGraphBuilder().getInitializerBuilderList()) {
      tensor.clearRawData().clearFloatData();
    }
    return builder.build();
  }

  @Test
  void layersThatStayFloatKeepTheirNumbersUnlessTheyAreTrained() {
    ModelProto model = network();
    GraphTrainingSettings alone =
        new GraphTrainingSettings(3, 0, 0.02, 16, 0, false, false, THREADS, 1);
    QuantizationResult trained =
        new OnnxQuantizer(
                quantization(1), Deadline.NONE, Optional.of(new GraphTraining(alone, round -> {})))
            .quantize(model, calibration(), QuantizationProgress.NONE);
    assertEquals(tensor(model, "wl"), tensor(trained.model(), "wl"));
    QuantizationResult all =
        new OnnxQuantizer(
                quantization(1),
                Deadline.NONE,
                Optional.of(new GraphTraining(settings(3, 0, false), round -> {})))
            .quantize(model, calibration(), QuantizationProgress.NONE);
    assertNotEquals(tensor(model, "wl"), tensor(all.model(), "wl"));
  }

  private static TensorProto tensor(ModelProto model, String name) {
    return model.getGraph().getInitializerList().stream()
        .filter(tensor -> tensor.getName().equals(name))
        .findFirst()
        .orElseThrow();
  }

  /** Samples whose class is which of four corners is bright. */
  private static Feed labelled(long seed, int samples) {
    SplittableRandom rng = new SplittableRandom(seed);
    float[] numbers = new float[samples * 300];
    ByteBuffer labels =
        ByteBuffer.allocateDirect(samples * Long.BYTES).order(ByteOrder.nativeOrder());
    for (int i = 0; i < samples; i++) {
      int label = rng.nextInt(4);
      labels.putLong(label);
      for (int p = 0; p < 300; p++) {
        int row = p / 10 % 10;
        int column = p % 10;
        boolean bright = (row < 5 ? 0 : 2) + (column < 5 ? 0 : 1) == label;
        numbers[i * 300 + p] = (float) (rng.nextDouble() - 0.5 + (bright ? 1 : 0));
      }
    }
    Map<String, Feed.Tensor> tensors = new LinkedHashMap<>();
    tensors.put("x", Feed.Tensor.of(new FloatArray(new long[] {samples, 3, 10, 10}, numbers)));
    tensors.put(
        GraphTraining.LABELS,
        new Feed.Tensor(OnnxJavaType.INT64, new long[] {samples}, labels.rewind()));
    return new Feed(tensors);
  }

  /** Classes are told by where things are, so there is no global pool. */
  private static ModelProto classifier() {
    ForeignGraph g = new ForeignGraph(6).input(-1, 3, 10, 10);
    String one = g.node("Relu", List.of(g.conv("x", 8, 3)));
    String two = g.node("Relu", List.of(g.conv(one, 8, 8)));
    String pooled =
        g.node(
            "AveragePool",
            List.of(two),
            attribute("kernel_shape", 5, 5),
            attribute("strides", 5, 5));
    String flat = g.node("Flatten", List.of(pooled));
    return g.model(
        g.node("Gemm", List.of(flat, g.tensor("w", -1, 1, 32, 4), g.tensor("b", -1, 1, 4))));
  }

  @Test
  void learnsLabelsThatTheFloatModelDoesNotKnow() {
    Calibration labelled =
        new Calibration(
            List.of(labelled(1, 80), labelled(2, 80)), List.of(labelled(3, 100)), 160, 100);
    QuantizationResult trained =
        new OnnxQuantizer(
                quantization(1),
                Deadline.NONE,
                Optional.of(new GraphTraining(settings(10, 1, true), round -> {})))
            .quantize(classifier(), labelled, QuantizationProgress.NONE);
    Feed test = labelled(4, 100);
    int[] labels = GraphSamples.labels(test).orElseThrow();
    int right = 0;
    try (GraphSession session = new GraphSession(trained.model())) {
      float[] logits = session.run(test).values().iterator().next().values();
      for (int i = 0; i < labels.length; i++) {
        int best = 0;
        for (int c = 1; c < 4; c++) {
          best = logits[4 * i + c] > logits[4 * i + best] ? c : best;
        }
        right += best == labels[i] ? 1 : 0;
      }
    }
    assertTrue(right >= 95, right + " of 100");
  }

  @Test
  void refusesBeforeAnythingIsFitted() {
    ForeignGraph g = new ForeignGraph(1).input(-1, 3, 10, 10);
    String conv = g.conv("x", 8, 3);
    ModelProto model = g.model(g.node("Round", List.of(conv)));
    List<String> fitted = new ArrayList<>();
    String message =
        assertThrows(
                IllegalArgumentException.class,
                () ->
                    new OnnxQuantizer(
                            quantization(1),
                            Deadline.NONE,
                            Optional.of(new GraphTraining(settings(1, 0, false), round -> {})))
                        .quantize(model, calibration(), (done, all, what) -> fitted.add(what)))
            .getMessage();
    assertTrue(message.startsWith("Node 'Round_v1' (Round) cannot be trained through"), message);
    assertEquals(List.of(), fitted);
  }

  @Test
  void refusesLabelsWhereThereAreNone() {
    GraphTraining training = new GraphTraining(settings(1, 1, false), round -> {});
    assertTrue(
        assertThrows(
                IllegalArgumentException.class,
                () -> training.requireTrainable(network(), List.of(), calibration()))
            .getMessage()
            .contains("no labels"));
  }

  @Test
  void latentWeightsHaveTheCodewordsOfTheFit() {
    Recorder fit = fit(network(), 2);
    fit.fitted.forEach(
        (layer, weights) -> {
          SubBitStart start = SubBitStart.of(layer, weights, Optional.empty());
          for (int s = 0; s < 2; s++) {
            assertArrayEquals(
                weights.weights().convolutions().get(s).indices(),
                KernelAssignment.nearest(
                    weights.weights().convolutions().get(s).codebook(), start.latents().get(s)));
          }
        });
    assertTrue(
        fit.model.getGraph().getNodeList().stream()
            .map(NodeProto::getOpType)
            .anyMatch("BatchNormalization"::equals));
  }
}
