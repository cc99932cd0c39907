package dev.subbit.tribuo.training.internal.start;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.subbit.onnx.PackedConvWeights;
import dev.subbit.tribuo.network.ImageShape;
import dev.subbit.tribuo.network.InitialParameters;
import dev.subbit.tribuo.network.Layer.Activations;
import dev.subbit.tribuo.network.Layer.Weights;
import dev.subbit.tribuo.network.Network;
import dev.subbit.tribuo.network.NetworkDescription;
import dev.subbit.tribuo.network.ResidualStage;
import dev.subbit.tribuo.network.Stem;
import dev.subbit.tribuo.network.TrainedNetwork;
import dev.subbit.tribuo.settings.Assignment;
import dev.subbit.tribuo.settings.CodebookStart;
import dev.subbit.tribuo.settings.Selection;
import dev.subbit.tribuo.training.internal.batches.Pixels;
import dev.subbit.tribuo.training.internal.codebook.CodebookPlan;
import dev.subbit.tribuo.training.internal.engine.LayerRates;
import dev.subbit.tribuo.training.internal.engine.Recipe;
import dev.subbit.tribuo.training.internal.engine.TrainingEngine;
import dev.subbit.tribuo.training.internal.engine.TrainingPlan;
import dev.subbit.tribuo.training.internal.engine.TrainingRun;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class SavedWeightsTest {

  private static final ImageShape SHAPE = new ImageShape(1, 8, 7);
  private static final List<String> LABELS = List.of("a", "b", "c");
  private static final int TAU = 4;
  private static final int IMAGES = 6;

  private static float[] pixels;
  private static TrainingRun trained;
  private static SavedWeights saved;

  private static Network network(int width, Activations activations, Weights weights) {
    return new NetworkDescription(
            "net" + width,
            List.of(new Stem(6, 3, 1, 0), new ResidualStage(width, 1, 2)),
            NetworkDescription.Head.AVERAGE)
        .build(SHAPE, LABELS.size(), weights, activations);
  }

  private static CodebookPlan codebooks(Selection selection) {
    return new CodebookPlan(TAU, selection, CodebookStart.RANDOM, Assignment.NEAREST, 2, 0.2f);
  }

  private static TrainingPlan plan(int steps, Selection selection) {
    return new TrainingPlan(steps, Recipe.adam(0.02f), codebooks(selection), 1, 5);
  }

  private static Map<String, float[]> drawn(Network network, long seed) {
    return InitialParameters.draw(network, new SplittableRandom(seed));
  }

  /** Makes some steps, so that no parameter is where it started. */
  private static void train(TrainingRun run, int steps) {
    for (int step = 0; step < steps; step++) {
      run.step(Pixels.of(pixels), new int[] {0, 1, 2, 0, 1, 2});
    }
  }

  @BeforeAll
  static void trainOne() {
    Random random = new Random(1);
    pixels = new float[IMAGES * SHAPE.size()];
    for (int i = 0; i < pixels.length; i++) {
      pixels[i] = random.nextInt(256);
    }
    Network network = network(10, Activations.REAL, Weights.SUB_BIT);
    trained = TrainingEngine.load().start(network, plan(8, Selection.REFINED), drawn(network, 3));
    train(trained, 8);
    saved = new SavedWeights("first.sbm", trained.network(), LABELS);
  }

  @AfterAll
  static void close() {
    trained.close();
  }

  @Test
  void aTrainingStartsAsTheSavedNetwork() {
    Network network = network(10, Activations.REAL, Weights.SUB_BIT);
    Map<String, float[]> drawn = drawn(network, 9);
    Map<String, float[]> start = saved.startOf(network, TAU, LABELS, drawn, Set.of());
    try (TrainingRun run = TrainingEngine.load().start(network, plan(1, Selection.FIXED), start)) {
      assertArrayEquals(trained.logits(Pixels.of(pixels)), run.logits(Pixels.of(pixels)), 1e-5f);
      TrainedNetwork again = run.network();
      saved
          .saved()
          .packed()
          .forEach(
              (node, weights) -> {
                PackedConvWeights now = again.packed().get(node);
                assertEquals(weights.codebook(), now.codebook(), node);
                assertArrayEquals(weights.indices(), now.indices(), node);
                // Latent weights are as large as drawn ones; batch normalisation undoes it.
                double size = 0;
                float[] latent = drawn.get(node + "/weight");
                for (float value : latent) {
                  size += Math.abs(value) / latent.length;
                }
                for (float scale : now.scale()) {
                  assertEquals(size, scale, 1e-6, node);
                }
              });
    }
  }

  @Test
  void whatIsFrozenKeepsItsSize() {
    Network network = network(10, Activations.REAL, Weights.SUB_BIT);
    Set<String> frozen = Set.of("stage1.block0.conv1");
    Map<String, float[]> start = saved.startOf(network, TAU, LABELS, drawn(network, 9), frozen);
    assertArrayEquals(
        saved.saved().packed().get("stage1.block0.conv1").toDense(),
        start.get("stage1.block0.conv1/weight"));
    assertArrayEquals(
        saved.saved().floats().get("stage1.block0.bn1/mean"), start.get("stage1.block0.bn1/mean"));
    assertFalse(
        Arrays.equals(
            saved.saved().floats().get("stage1.block0.bn2/mean"),
            start.get("stage1.block0.bn2/mean")));
  }

  /** With another tau there is no codebook to keep, and with float weights none is needed. */
  @Test
  void codebooksAreKeptWhereTheyFit() {
    Network network = network(10, Activations.REAL, Weights.SUB_BIT);
    String codebook = "stage1.block0.conv1" + TrainingEngine.CODEBOOK;
    Map<String, float[]> drawn = drawn(network, 9);
    assertTrue(saved.startOf(network, TAU, LABELS, drawn, Set.of()).containsKey(codebook));
    assertFalse(saved.startOf(network, TAU + 1, LABELS, drawn, Set.of()).containsKey(codebook));
    Network floats = network(10, Activations.REAL, Weights.FLOAT);
    float[] weight =
        saved
            .startOf(floats, TAU, LABELS, drawn(floats, 9), Set.of())
            .get("stage1.block0.conv1/weight");
    assertArrayEquals(
        saved.saved().packed().get("stage1.block0.conv1").toDense(), weight, "dense weights");
  }

  @Test
  void theClassifierFollowsTheLabels() {
    Network network = network(10, Activations.REAL, Weights.SUB_BIT);
    Map<String, float[]> drawn = drawn(network, 9);
    float[] before = saved.saved().floats().get("classifier/weight");
    float[] bias = saved.saved().floats().get("classifier/bias");

    Map<String, float[]> sorted =
        saved.startOf(network, TAU, List.of("c", "a", "b"), drawn, Set.of());
    assertArrayEquals(Arrays.copyOfRange(before, 20, 30), row(sorted, 0), "c");
    assertArrayEquals(Arrays.copyOfRange(before, 0, 10), row(sorted, 1), "a");
    assertArrayEquals(new float[] {bias[2], bias[0], bias[1]}, sorted.get("classifier/bias"));

    Map<String, float[]> other =
        saved.startOf(network, TAU, List.of("a", "b", "d"), drawn, Set.of());
    assertArrayEquals(drawn.get("classifier/weight"), other.get("classifier/weight"));
    assertArrayEquals(drawn.get("classifier/bias"), other.get("classifier/bias"));
    assertArrayEquals(
        saved.saved().floats().get("stem.conv/weight"), other.get("stem.conv/weight"));
  }

  private static float[] row(Map<String, float[]> parameters, int row) {
    return Arrays.copyOfRange(parameters.get("classifier/weight"), 10 * row, 10 * row + 10);
  }

  @Test
  void aLayerThatDoesNotFitIsNamedWithBothShapes() {
    assertRefused(
        network(12, Activations.REAL, Weights.SUB_BIT),
        "Cannot start from first.sbm: layer 'stage1.block0.conv1' of the network 'net12' is a"
            + " convolution of 12 x 6 x 3 x 3 weights, and in 'net10' it is a convolution of"
            + " 10 x 6 x 3 x 3 weights");
    assertRefused(
        network(10, Activations.BINARY, Weights.SUB_BIT),
        "layer 'stage1.block0.threshold1' of the network 'net10' is a shift of 6 channels, and"
            + " there is no such layer");
  }

  private static void assertRefused(Network network, String expected) {
    IllegalArgumentException e =
        assertThrows(
            IllegalArgumentException.class,
            () -> saved.startOf(network, TAU, LABELS, drawn(network, 9), Set.of()));
    assertTrue(e.getMessage().contains(expected), e.getMessage());
  }

  @ParameterizedTest
  @EnumSource(Activations.class)
  void frozenLayersStayToTheBitAndTheOthersDoNot(Activations activations) {
    Network network = network(10, activations, Weights.SUB_BIT);
    Set<String> frozen = Set.of("stem.conv", "stem.bn", "stage1.block0.conv1", "stage1.block0.bn1");
    LayerRates rates =
        new LayerRates(frozen.stream().collect(Collectors.toMap(name -> name, name -> 0f)));
    Map<String, float[]> start = drawn(network, 9);
    try (TrainingRun run =
        TrainingEngine.load().start(network, plan(6, Selection.REFINED), start, rates)) {
      TrainedNetwork before = run.network();
      train(run, 6);
      run.parameters()
          .forEach(
              (name, values) -> {
                boolean statistic = name.endsWith("/mean") || name.endsWith("/variance");
                boolean stays = frozen.contains(name.substring(0, name.indexOf('/'))) && !statistic;
                assertEquals(stays, Arrays.equals(start.get(name), values), name);
              });
      TrainedNetwork after = run.network();
      assertEquals(
          before.packed().get("stage1.block0.conv1"), after.packed().get("stage1.block0.conv1"));
      assertNotEquals(
          before.packed().get("stage1.block0.conv2"), after.packed().get("stage1.block0.conv2"));
      // What is frozen has no state, and a run goes on from its state as ever.
      try (TrainingRun resumed =
          TrainingEngine.load().start(network, plan(6, Selection.REFINED), start, rates)) {
        resumed.restore(run.state());
        assertArrayEquals(run.logits(Pixels.of(pixels)), resumed.logits(Pixels.of(pixels)));
      }
    }
  }
}
