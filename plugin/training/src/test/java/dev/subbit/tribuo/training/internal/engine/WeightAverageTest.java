package dev.subbit.tribuo.training.internal.engine;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.subbit.tribuo.network.ImageShape;
import dev.subbit.tribuo.network.InitialParameters;
import dev.subbit.tribuo.network.Layer.Activations;
import dev.subbit.tribuo.network.Layer.Weights;
import dev.subbit.tribuo.network.Network;
import dev.subbit.tribuo.network.Networks;
import dev.subbit.tribuo.settings.Optimiser;
import dev.subbit.tribuo.settings.Schedule;
import dev.subbit.tribuo.training.internal.batches.Pixels;
import dev.subbit.tribuo.training.internal.codebook.TestPlans;
import dev.subbit.tribuo.training.internal.random.RandomPlace;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** The average of the parameters against its definition, step by step. */
class WeightAverageTest {

  private static final ImageShape SHAPE = new ImageShape(1, 8, 8);
  private static final int BATCH = 4;
  private static final float DECAY = 0.4f;

  private static TrainingRun start(Activations activations) {
    Network network = Networks.build("resnet8", SHAPE, 3, Weights.SUB_BIT, activations);
    RateCurve rates = new ScheduledRate(Schedule.LINEAR, 0, 0);
    Recipe recipe = new Recipe(Optimiser.ADAM, rates, 0.01f, 0, 0, 0, 0, 0, 1, DECAY, false);
    return TrainingEngine.load()
        .start(
            network,
            new TrainingPlan(9, recipe, TestPlans.codebooks(4), 1, 5),
            InitialParameters.draw(network, new SplittableRandom(3)));
  }

  private static Pixels pixels(int batch) {
    SplittableRandom rng = RandomPlace.of(1).at(batch).numbers();
    float[] pixels = new float[BATCH * SHAPE.size()];
    for (int i = 0; i < pixels.length; i++) {
      pixels[i] = rng.nextInt(256);
    }
    return Pixels.of(pixels);
  }

  private static boolean isStatistic(String name) {
    return name.endsWith("/mean") || name.endsWith("/variance");
  }

  @ParameterizedTest
  @EnumSource(Activations.class)
  void everyStepMovesTheAverageTowardsItsValues(Activations activations) {
    try (TrainingRun run = start(activations)) {
      Map<String, float[]> expected = new TreeMap<>(run.parameters());
      expected.keySet().removeIf(WeightAverageTest::isStatistic);
      for (int step = 0; step < 9; step++) {
        run.step(pixels(step), new int[] {0, 1, 2, 0});
        // (1 + step) / (10 + step) reaches 0.4 at step 5.
        double share = 1 - Math.min(DECAY, (1.0 + step) / (10 + step));
        Map<String, float[]> now = run.parameters();
        expected.forEach(
            (name, average) -> {
              for (int i = 0; i < average.length; i++) {
                average[i] += (float) (share * (now.get(name)[i] - average[i]));
              }
            });
        Map<String, float[]> state = run.state().variables();
        expected.forEach(
            (name, average) -> assertArrayEquals(average, state.get(name + "/average"), 1e-5f));
      }
      Map<String, float[]> replaced = run.state().withAverages().variables();
      expected.forEach((name, average) -> assertArrayEquals(average, replaced.get(name), 1e-5f));
    }
  }

  @Test
  void statisticsAreGatheredAloneAndAreMeansOverTheBatches() {
    try (TrainingRun run = start(Activations.BINARY)) {
      run.step(pixels(0), new int[] {0, 1, 2, 0});
      TrainingState before = run.state();
      run.gatherStatistics(pixels(1), 1);
      TrainingState first = run.state();
      run.gatherStatistics(pixels(2), 1);
      TrainingState second = run.state();
      run.restore(before);
      run.gatherStatistics(pixels(1), 1);
      run.gatherStatistics(pixels(2), 0.5f);
      TrainingState both = run.state();
      assertEquals(before.step(), both.step());
      int statistics = 0;
      for (String name : before.variables().keySet()) {
        float[] found = both.variables().get(name);
        if (isStatistic(name)) {
          statistics++;
          for (int i = 0; i < found.length; i++) {
            float mean = (first.variables().get(name)[i] + second.variables().get(name)[i]) / 2;
            assertEquals(mean, found[i], 1e-4f * Math.max(1, Math.abs(mean)), name);
          }
        } else {
          assertArrayEquals(before.variables().get(name), found, name);
        }
      }
      assertTrue(statistics > 10, statistics + " statistics");
    }
  }
}
