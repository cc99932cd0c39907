package dev.subbit.tribuo.training.internal.engine.tensorflow;

import dev.subbit.tribuo.network.ImageShape;
import dev.subbit.tribuo.network.InitialParameters;
import dev.subbit.tribuo.network.Layer.Activations;
import dev.subbit.tribuo.network.Layer.Weights;
import dev.subbit.tribuo.network.Network;
import dev.subbit.tribuo.network.Networks;
import dev.subbit.tribuo.settings.Optimiser;
import dev.subbit.tribuo.settings.Schedule;
import dev.subbit.tribuo.settings.Selection;
import dev.subbit.tribuo.training.cluster.TrainingCluster;
import dev.subbit.tribuo.training.internal.batches.Pixels;
import dev.subbit.tribuo.training.internal.codebook.TestPlans;
import dev.subbit.tribuo.training.internal.engine.Recipe;
import dev.subbit.tribuo.training.internal.engine.TrainingEngine;
import dev.subbit.tribuo.training.internal.engine.TrainingPlan;
import dev.subbit.tribuo.training.internal.engine.TrainingRun;
import dev.subbit.tribuo.training.internal.engine.TrainingState;
import dev.subbit.tribuo.training.internal.random.RandomPlace;
import java.io.DataOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;

/**
 * One process of {@link ClusterTrainingTest}: {@code host:port,host:port rank folder}. Writes the
 * states that its trainings end with into the folder. At the end rank 1 dies in the middle of a
 * training.
 */
final class RankProcess {

  /** Exit code of the rank that dies. */
  static final int DIED = 7;

  private static final int TIMEOUT_SECONDS = 60;
  private static final int STEPS = 5;
  private static final int SLICE = 4;
  private static final ImageShape SHAPE = new ImageShape(1, 8, 8);

  private final Path folder;
  private final int rank;

  private RankProcess(Path folder, int rank) {
    this.folder = folder;
    this.rank = rank;
  }

  public static void main(String[] args) throws IOException {
    int rank = Integer.parseInt(args[1]);
    TrainingCluster cluster =
        new TrainingCluster(List.of(args[0].split(",")), rank, TIMEOUT_SECONDS);
    new RankProcess(Path.of(args[2]), rank).train(cluster);
  }

  private void train(TrainingCluster cluster) throws IOException {
    TrainingEngine alone = TrainingEngine.load();
    trainOn(alone, 0, "alone");
    try (TrainingEngine joined = alone.join(cluster, 1)) {
      double[] sums = joined.ranks().sum(1, 10 + rank);
      byte[] bytes = joined.ranks().fromFirst(("of rank " + rank).getBytes(StandardCharsets.UTF_8));
      Files.writeString(
          file("ranks"), Arrays.toString(sums) + new String(bytes, StandardCharsets.UTF_8));
      trainOn(joined, 0, "same");
      trainOn(joined, rank, "own");
      try (TrainingRun run = start(joined)) {
        step(run, 0, rank);
        if (rank == 1) {
          Runtime.getRuntime().halt(DIED);
        }
        step(run, 1, rank);
      } catch (IllegalStateException e) {
        Files.writeString(file("loss"), e.getMessage());
        throw e;
      }
    }
  }

  private Path file(String name) {
    return folder.resolve(name + "-" + rank);
  }

  /** Trains on the images that a rank has, and writes the last state. */
  private void trainOn(TrainingEngine engine, int slice, String name) throws IOException {
    try (TrainingRun run = start(engine)) {
      float loss = 0;
      for (int step = 0; step < STEPS; step++) {
        loss = step(run, step, slice);
      }
      TrainingState state = run.state();
      try (DataOutputStream out = new DataOutputStream(Files.newOutputStream(file(name)))) {
        out.writeFloat(loss);
        state.variables().forEach((variable, values) -> write(out, variable, values));
        state
            .codebooks()
            .forEach(
                (node, codebook) -> write(out, node + Arrays.toString(codebook.codewords()), null));
      }
    }
  }

  private static void write(DataOutputStream out, String name, float[] values) {
    try {
      out.writeUTF(name);
      if (values != null) {
        for (float value : values) {
          out.writeFloat(value);
        }
      }
    } catch (IOException e) {
      throw new IllegalStateException(e);
    }
  }

  private static TrainingRun start(TrainingEngine engine) {
    Network network = Networks.build("resnet8", SHAPE, 3, Weights.SUB_BIT, Activations.REAL);
    Recipe recipe = new Recipe(Optimiser.ADAM, Schedule.LINEAR, 0.01f, 0, 1e-4f, 0.1f, 0.5f, 0, 1);
    TrainingPlan plan =
        new TrainingPlan(STEPS, recipe, TestPlans.codebooks(3, Selection.REFINED, 2, 0.5f), 1, 5);
    return engine.start(network, plan, InitialParameters.draw(network, new SplittableRandom(3)));
  }

  private static float step(TrainingRun run, int step, int slice) {
    SplittableRandom rng = RandomPlace.of(1).at(step).at(slice).numbers();
    float[] pixels = new float[SLICE * SHAPE.size()];
    for (int i = 0; i < pixels.length; i++) {
      pixels[i] = rng.nextInt(256);
    }
    int[] classes = new int[SLICE];
    Arrays.setAll(classes, i -> rng.nextInt(3));
    return run.step(Pixels.of(pixels), classes).loss();
  }
}
