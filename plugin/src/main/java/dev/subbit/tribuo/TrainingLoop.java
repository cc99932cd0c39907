package dev.subbit.tribuo;

import dev.subbit.tribuo.data.BatchReader;
import dev.subbit.tribuo.data.ImageBatch;
import dev.subbit.tribuo.data.ImageBatches;
import dev.subbit.tribuo.engine.TrainingEngine;
import dev.subbit.tribuo.engine.TrainingRun;
import dev.subbit.tribuo.engine.TrainingStage;
import dev.subbit.tribuo.network.TrainedNetwork;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.logging.Logger;

/** Takes a network through the stages of its training, and tells how it goes. */
final class TrainingLoop {

  private static final Logger logger = Logger.getLogger(SubBitTrainer.class.getName());

  private final ImageBatches batches;
  private final List<TrainingStage> stages;
  private final List<TrainingListener> listeners;
  private final int epochs;
  private int epochsDone;

  TrainingLoop(ImageBatches batches, List<TrainingStage> stages, List<TrainingListener> listeners) {
    this.batches = batches;
    this.stages = stages;
    this.listeners = listeners;
    this.epochs = stages.stream().mapToInt(TrainingStage::epochs).sum();
  }

  /**
   * Trains.
   *
   * @param initial the parameters that the first stage starts from.
   * @return what the last stage ends with.
   */
  TrainedNetwork train(Map<String, float[]> initial, TrainingProgress progress) {
    TrainingEngine engine = TrainingEngine.load();
    Map<String, float[]> parameters = initial;
    TrainedNetwork trained = null;
    try (BatchReader reader = batches.open(0, 0)) {
      for (TrainingStage stage : stages) {
        try (TrainingRun run = stage.start(engine, parameters)) {
          train(run, reader, stage, progress);
          parameters = run.parameters();
          trained = run.network();
        }
      }
    }
    return trained;
  }

  private void train(
      TrainingRun run, BatchReader reader, TrainingStage stage, TrainingProgress progress) {
    for (int i = 0; i < stage.epochs(); i++) {
      EpochMetrics metrics = epoch(run, reader, ++epochsDone, progress);
      logger.info(
          () ->
              String.format(
                  Locale.ROOT,
                  "Epoch %d/%d: loss %.4f, training accuracy %.2f %%, %.0f images/s",
                  metrics.epoch(),
                  metrics.epochs(),
                  metrics.loss(),
                  100 * metrics.accuracy(),
                  metrics.imagesPerSecond()));
      listeners.forEach(listener -> listener.epochFinished(metrics));
    }
  }

  private EpochMetrics epoch(
      TrainingRun run, BatchReader reader, int epoch, TrainingProgress progress) {
    long start = System.nanoTime();
    int batchSize = batches.batchSize();
    double loss = 0;
    long correct = 0;
    EpochMetrics metrics = null;
    for (int batch = 0; batch < batches.count(); batch++) {
      ImageBatch images = reader.next();
      TrainingRun.StepResult step = run.step(images.pixels(), images.classes());
      loss += step.loss();
      correct += step.correct();
      long done = (batch + 1L) * batchSize;
      double seconds = (System.nanoTime() - start) / 1e9;
      metrics =
          new EpochMetrics(
              epoch, epochs, loss / (batch + 1), (double) correct / done, done / seconds);
      progress.advance(batchSize, metrics);
    }
    return metrics;
  }
}
