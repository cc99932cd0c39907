package dev.subbit.tribuo;

import dev.subbit.tribuo.metrics.EpochSums;
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

  void advance(long images) {
    if (bar != null) {
      bar.stepBy(images);
    }
  }

  /** Tells how the epoch is going. */
  void tell(int epoch, int epochs, EpochSums sums) {
    if (bar != null) {
      bar.setExtraMessage(
          String.format(
              Locale.ROOT,
              " epoch %d/%d, loss %.3f, accuracy %.1f %%",
              epoch,
              epochs,
              sums.meanLoss(),
              100 * sums.accuracy()));
    }
  }

  @Override
  public void close() {
    if (bar != null) {
      bar.close();
    }
  }
}
