package dev.subbit.tribuo.training.internal.engine;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.subbit.tribuo.network.ImageShape;
import dev.subbit.tribuo.network.InitialParameters;
import dev.subbit.tribuo.network.Layer.Activations;
import dev.subbit.tribuo.network.Layer.Weights;
import dev.subbit.tribuo.network.Network;
import dev.subbit.tribuo.network.Networks;
import dev.subbit.tribuo.network.TrainedNetwork;
import dev.subbit.tribuo.settings.Selection;
import dev.subbit.tribuo.training.internal.batches.Pixels;
import dev.subbit.tribuo.training.internal.codebook.TestPlans;
import dev.subbit.tribuo.training.internal.random.RandomPlace;
import java.util.Arrays;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** A training that is interrupted and resumed from its state ends as an uninterrupted one. */
class TrainingStateTest {

  private static final ImageShape SHAPE = new ImageShape(1, 8, 8);
  private static final int BATCH = 4;
  private static final int STEPS = 12;

  private static TrainingRun start(Weights weights, Activations activations, int tau) {
    return start(weights, activations, tau, Selection.REFINED);
  }

  private static TrainingRun start(
      Weights weights, Activations activations, int tau, Selection selection) {
    Network network = Networks.build("resnet8", SHAPE, 3, weights, activations);
    TrainingPlan plan =
        new TrainingPlan(
            STEPS, Recipe.adam(0.01f), TestPlans.codebooks(tau, selection, 2, 0.5f), 1, 5);
    return TrainingEngine.load()
        .start(network, plan, InitialParameters.draw(network, new SplittableRandom(3)));
  }

  /** The batch of a step depends on the step alone. */
  private static void train(TrainingRun run, int from, int to) {
    for (int step = from; step < to; step++) {
      SplittableRandom rng = RandomPlace.of(1).at(step).numbers();
      float[] pixels = new float[BATCH * SHAPE.size()];
      for (int i = 0; i < pixels.length; i++) {
        pixels[i] = rng.nextInt(256);
      }
      int[] classes = new int[BATCH];
      Arrays.setAll(classes, i -> rng.nextInt(3));
      run.step(Pixels.of(pixels), classes);
    }
  }

  @ParameterizedTest
  @CsvSource({
    "SUB_BIT, REAL, 4, REFINED",
    "SUB_BIT, BINARY, 3, PERMUTATION",
    "SUB_BIT, REAL, 9, FIXED",
    "FLOAT, BINARY, 4, REFINED"
  })
  void aRestoredRunEndsWithTheSameBits(
      Weights weights, Activations activations, int tau, Selection selection) {
    TrainingState early;
    TrainingState middle;
    TrainingState end;
    TrainedNetwork network;
    try (TrainingRun uncut = start(weights, activations, tau, selection)) {
      train(uncut, 0, 1);
      early = uncut.state();
      train(uncut, 1, 7);
      middle = uncut.state();
      train(uncut, 7, STEPS);
      end = uncut.state();
      network = uncut.network();
    }
    assertEquals(7, middle.step());
    try (TrainingRun resumed = start(weights, activations, tau, selection)) {
      for (TrainingState state : new TrainingState[] {middle, early}) {
        resumed.restore(state);
        assertSameBits(state, resumed.state());
        train(resumed, state.step(), STEPS);
        assertSameBits(end, resumed.state());
        assertEquals(network.packed(), resumed.network().packed());
      }
    }
  }

  @Test
  void theStateHoldsEverythingThatMoves() {
    try (TrainingRun run = start(Weights.SUB_BIT, Activations.REAL, 4)) {
      TrainingState before = run.state();
      // An odd number of steps: at every second one the sums of codebook gradients start anew.
      train(run, 0, 3);
      TrainingState after = run.state();
      before
          .variables()
          .forEach(
              (name, values) ->
                  assertFalse(Arrays.equals(values, after.variables().get(name)), name + " moved"));
      assertTrue(before.variables().keySet().stream().anyMatch(name -> name.endsWith("/mean")));
      assertTrue(
          before.codebooks().keySet().stream()
              .allMatch(
                  node ->
                      !Arrays.equals(
                          before.codebooks().get(node).floats().get("p"),
                          after.codebooks().get(node).floats().get("p"))));
    }
  }

  @Test
  void aStateOfAnotherTrainingIsRefused() {
    TrainingState state;
    try (TrainingRun run = start(Weights.SUB_BIT, Activations.REAL, 4)) {
      state = run.state();
    }
    try (TrainingRun other = start(Weights.SUB_BIT, Activations.BINARY, 4)) {
      assertRefused(other, state, "unknown here");
    }
    try (TrainingRun other = start(Weights.FLOAT, Activations.REAL, 4)) {
      assertRefused(other, state, "unknown here");
    }
    try (TrainingRun other = start(Weights.SUB_BIT, Activations.REAL, 3)) {
      assertRefused(other, state, "codewordGradient' needs 72 values");
      Map<String, float[]> shorter = new TreeMap<>(state.variables());
      shorter.put("classifier/bias", new float[2]);
      assertRefused(other, new TrainingState(0, shorter, state.codebooks()), "'classifier/bias'");
      assertRefused(
          other, new TrainingState(STEPS + 1, state.variables(), state.codebooks()), "13 steps");
    }
  }

  private static void assertRefused(TrainingRun run, TrainingState state, String part) {
    Exception e = assertThrows(IllegalArgumentException.class, () -> run.restore(state));
    assertTrue(e.getMessage().contains(part), e.getMessage());
  }

  private static void assertSameBits(TrainingState expected, TrainingState actual) {
    assertEquals(expected.step(), actual.step());
    assertEquals(expected.variables().keySet(), actual.variables().keySet());
    expected
        .variables()
        .forEach((name, values) -> assertArrayEquals(values, actual.variables().get(name), name));
    assertEquals(expected.codebooks().keySet(), actual.codebooks().keySet());
    expected
        .codebooks()
        .forEach(
            (node, codebook) -> {
              assertArrayEquals(codebook.codewords(), actual.codebooks().get(node).codewords());
              codebook
                  .floats()
                  .forEach(
                      (name, values) ->
                          assertArrayEquals(
                              values, actual.codebooks().get(node).floats().get(name)));
              codebook
                  .integers()
                  .forEach(
                      (name, values) ->
                          assertArrayEquals(
                              values, actual.codebooks().get(node).integers().get(name)));
            });
  }
}
