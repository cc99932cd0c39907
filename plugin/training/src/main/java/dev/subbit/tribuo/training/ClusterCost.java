package dev.subbit.tribuo.training;

import dev.subbit.tribuo.network.InitialParameters;
import dev.subbit.tribuo.network.Network;
import dev.subbit.tribuo.settings.Assignment;
import dev.subbit.tribuo.settings.CodebookStart;
import dev.subbit.tribuo.settings.Selection;
import dev.subbit.tribuo.training.cluster.TrainingCluster;
import dev.subbit.tribuo.training.internal.batches.Pixels;
import dev.subbit.tribuo.training.internal.codebook.CodebookPlan;
import dev.subbit.tribuo.training.internal.engine.Ranks;
import dev.subbit.tribuo.training.internal.engine.Recipe;
import dev.subbit.tribuo.training.internal.engine.TrainingEngine;
import dev.subbit.tribuo.training.internal.engine.TrainingPlan;
import dev.subbit.tribuo.training.internal.engine.TrainingRun;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;

/**
 * What training in several processes costs on the machines and the network at hand: the time of a
 * step with the exchange and without it, and of an exchange of as many values alone.
 *
 * @param values number of floats that a step exchanges: all parameters' gradients, the statistics
 *     of batch normalisation, and the loss.
 * @param rounds what was measured, in this process.
 */
public record ClusterCost(int values, List<Round> rounds) {

  private static final int TAU = 5;
  private static final int WARM_UP_STEPS = 2;

  /**
   * One round.
   *
   * @param aloneSeconds a step that every process makes by itself, all at the same time.
   * @param togetherSeconds the same step with the exchange, and with waiting for the others.
   * @param exchangeSeconds the exchange alone.
   */
  public record Round(double aloneSeconds, double togetherSeconds, double exchangeSeconds) {}

  // Copies the list, so that it stays as it was measured.
  public ClusterCost {
    rounds = List.copyOf(rounds);
  }

  /**
   * Measures, together with the other processes, which call this with the same arguments but the
   * cluster's rank. Steps are Adam's, on random images, with sub-bit weights as the network has
   * them.
   *
   * @param cluster the processes.
   * @param network the network.
   * @param images images of a step in each process, at least as many as threads.
   * @param threads threads of each process.
   * @param rounds number of rounds, at least 1.
   * @return what this process measured.
   * @throws IllegalStateException if a process is lost, naming it, or TensorFlow is missing.
   */
  public static ClusterCost measure(
      TrainingCluster cluster, Network network, int images, int threads, int rounds) {
    CodebookPlan codebooks =
        new CodebookPlan(
            TAU, Selection.FIXED, CodebookStart.RANDOM, Assignment.NEAREST, 1, Float.MIN_NORMAL);
    TrainingPlan plan =
        new TrainingPlan(WARM_UP_STEPS + rounds, Recipe.adam(1e-3f), codebooks, threads, 1);
    Map<String, float[]> initial = InitialParameters.draw(network, new SplittableRandom(1));
    TrainingEngine engine = TrainingEngine.load();
    try (TrainingEngine joined = engine.join(cluster, threads);
        TrainingRun alone = engine.start(network, plan, initial);
        TrainingRun together = joined.start(network, plan, initial)) {
      Ranks ranks = joined.ranks();
      Batch batch = Batch.draw(network, images);
      for (int i = 0; i < WARM_UP_STEPS; i++) {
        batch.seconds(alone, ranks);
        batch.seconds(together, ranks);
      }
      List<double[]> steps = new ArrayList<>();
      for (int i = 0; i < rounds; i++) {
        steps.add(new double[] {batch.seconds(alone, ranks), batch.seconds(together, ranks)});
      }
      int values = 1 + initial.values().stream().mapToInt(each -> each.length).sum();
      double[] exchanges = ranks.exchangeSeconds(values, rounds);
      List<Round> measured = new ArrayList<>();
      for (int i = 0; i < rounds; i++) {
        measured.add(new Round(steps.get(i)[0], steps.get(i)[1], exchanges[i]));
      }
      return new ClusterCost(values, measured);
    }
  }

  private record Batch(Pixels pixels, int[] classes) {

    static Batch draw(Network network, int images) {
      SplittableRandom rng = new SplittableRandom(2);
      byte[] pixels = new byte[Math.multiplyExact(images, network.input().size())];
      rng.nextBytes(pixels);
      int[] classes = new int[images];
      Arrays.setAll(classes, i -> rng.nextInt(network.classes()));
      return new Batch(Pixels.of(pixels), classes);
    }

    /** The time of a step that all processes begin at once. */
    double seconds(TrainingRun run, Ranks ranks) {
      ranks.sum(0);
      long start = System.nanoTime();
      run.step(pixels, classes);
      return (System.nanoTime() - start) / 1e9;
    }
  }
}
