package dev.subbit.tribuo;

import dev.subbit.tribuo.data.BatchReader;
import dev.subbit.tribuo.data.ImageBatch;
import dev.subbit.tribuo.data.ImageBatches;
import dev.subbit.tribuo.engine.TrainingRun;
import java.util.List;
import java.util.Locale;
import java.util.logging.Logger;

/** Takes a training run through its epochs, and tells how it goes. */
final class TrainingLoop {

  private static final Logger logger = Logger.getLogger(SubBitTrainer.class.getName());

  private final ImageBatches batches;
  private final int epochs;
  private final List<TrainingListener> listeners;

  TrainingLoop(ImageBatches batches, int epochs, List<TrainingListener> listeners) {
    this.batches = batches;
    this.epochs = epochs;
    this.listeners = listeners;
  }

  void train(TrainingRun run, TrainingProgress progress) {
    try (BatchReader reader = batches.open(0, 0)) {
      train(run, reader, progress);
    }
  }

  private void train(TrainingRun run, BatchReader reader, TrainingProgress progress) {
    for (int epoch = 1; epoch <= epochs; epoch++) {
      EpochMetrics metrics = epoch(run, reader, epoch, progress);
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
