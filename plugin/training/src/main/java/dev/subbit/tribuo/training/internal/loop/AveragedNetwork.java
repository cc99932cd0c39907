package dev.subbit.tribuo.training.internal.loop;

import dev.subbit.tribuo.training.internal.batches.BatchReader;
import dev.subbit.tribuo.training.internal.engine.TrainingRun;
import dev.subbit.tribuo.training.internal.engine.TrainingStage;
import dev.subbit.tribuo.training.internal.engine.TrainingState;
import java.util.function.Supplier;

/**
 * The network of a stage as it would be used: where the stage averages its parameters, that of the
 * averages. Codewords are chosen by the averaged latent weights, and the statistics of batch
 * normalisation are gathered anew, since those of the training belong to other parameters.
 */
final class AveragedNetwork {

  /** Most batches that the statistics are gathered from. */
  private static final int MOST_BATCHES = 50;

  private AveragedNetwork() {}

  /**
   * Does something with the network, after which the run goes on as if nothing had happened, to the
   * last bit.
   *
   * @param stage the stage of the run.
   * @param epochs number of epochs that are over: the statistics are those of the first batches of
   *     the next one, so that a resumed training finds the same ones.
   * @param use what to do while the run holds the network as it would be used.
   * @param <T> what it gives.
   * @return what it gave.
   */
  static <T> T use(TrainingStage stage, TrainingRun run, int epochs, Supplier<T> use) {
    if (!stage.plan().recipe().averages()) {
      return use.get();
    }
    TrainingState trained = run.state();
    run.restore(trained.withAverages());
    try (BatchReader reader = stage.batches().open(epochs, 0)) {
      int count = Math.min(MOST_BATCHES, stage.batches().count());
      for (int batch = 1; batch <= count; batch++) {
        run.gatherStatistics(reader.next().pixels(), 1f / batch);
      }
    }
    T result = use.get();
    run.restore(trained);
    return result;
  }
}
