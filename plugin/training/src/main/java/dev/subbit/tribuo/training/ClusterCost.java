package dev.subbit.tribuo.training;

import com.sun.management.OperatingSystemMXBean;
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
import java.lang.management.ManagementFactory;
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
   * How long something took.
   *
   * @param seconds by the clock.
   * @param processorSeconds that this process computed in it, which other load on the machine
   *     hardly changes.
   */
  public record Took(double seconds, double processorSeconds) {}

  /**
   * One round.
   *
   * @param alone a step that every process makes by itself, all at the same time.
   * @param together the same step with the exchange, and with waiting for the others.
   * @param exchange the exchange alone.
   */
  public record Round(Took alone, Took together, Took exchange) {}

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
    int values = 1 + initial.values().stream().mapToInt(each -> each.length).sum();
    TrainingEngine engine = TrainingEngine.load();
    try (TrainingEngine joined = engine.join(cluster, threads);
        TrainingRun alone = engine.start(network, plan, initial);
        TrainingRun together = joined.start(network, plan, initial);
        Ranks.Exchange exchange = joined.ranks().exchange(values)) {
      Batch batch = Batch.draw(network, images);
      List<Round> measured = new ArrayList<>();
      for (int i = 0; i < WARM_UP_STEPS + rounds; i++) {
        measured.add(
            new Round(
                took(joined.ranks(), () -> batch.step(alone)),
                took(joined.ranks(), () -> batch.step(together)),
                took(joined.ranks(), exchange::run)));
      }
      return new ClusterCost(values, measured.subList(WARM_UP_STEPS, measured.size()));
    }
  }

  /** Measures what all processes begin at once. */
  private static Took took(Ranks ranks, Runnable work) {
    ranks.sum(0);
    long processor = processorNanos();
    long start = System.nanoTime();
    work.run();
    long end = System.nanoTime();
    return new Took((end - start) / 1e9, (processorNanos() - processor) / 1e9);
  }

  private static long processorNanos() {
    return ManagementFactory.getPlatformMXBean(OperatingSystemMXBean.class).getProcessCpuTime();
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

    void step(TrainingRun run) {
      run.step(pixels, classes);
    }
  }
}
