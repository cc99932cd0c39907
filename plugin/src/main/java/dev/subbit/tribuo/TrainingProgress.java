package dev.subbit.tribuo;

import java.util.Locale;
import me.tongfei.progressbar.ConsoleProgressBarConsumer;
import me.tongfei.progressbar.ProgressBar;
import me.tongfei.progressbar.ProgressBarBuilder;

/**
 * The progress bar of a training, on the standard error stream: images done, images a second, time
 * left, loss and accuracy of the epoch so far.
 */
final class TrainingProgress implements AutoCloseable {

  private static final int UPDATE_MILLIS = 500;

  // Null where nothing is shown.
  private final ProgressBar bar;

  private TrainingProgress(ProgressBar bar) {
    this.bar = bar;
  }

  /** Shows nothing. */
  static TrainingProgress hidden() {
    return new TrainingProgress(null);
  }

  /** Shows a bar over so many images. */
  static TrainingProgress shown(String task, long images) {
    return new TrainingProgress(
        new ProgressBarBuilder()
            .setTaskName(task)
            .setInitialMax(images)
            .setUnit(" images", 1)
            .showSpeed()
            .setUpdateIntervalMillis(UPDATE_MILLIS)
            .setConsumer(new ConsoleProgressBarConsumer(System.err))
            .build());
  }

  void advance(int images, EpochMetrics metrics) {
    if (bar == null) {
      return;
    }
    bar.stepBy(images);
    bar.setExtraMessage(
        String.format(
            Locale.ROOT,
            " epoch %d/%d, loss %.3f, accuracy %.1f %%",
            metrics.epoch(),
            metrics.epochs(),
            metrics.loss(),
            100 * metrics.accuracy()));
  }

  @Override
  public void close() {
    if (bar != null) {
      bar.close();
    }
  }
}
