package dev.subbit.tribuo.training.internal.loop;

import dev.subbit.tribuo.training.metrics.EpochSums;
import java.util.Locale;
import me.tongfei.progressbar.ConsoleProgressBarConsumer;
import me.tongfei.progressbar.ProgressBar;
import me.tongfei.progressbar.ProgressBarBuilder;

/**
 * The progress bar of a training, on the standard error stream: images done, images per second,
 * time left, loss and accuracy of the epoch so far.
 */
public final class TrainingProgress implements AutoCloseable {

  private static final int UPDATE_MILLIS = 500;

  // Null where nothing is shown.
  private final ProgressBar bar;

  private TrainingProgress(ProgressBar bar) {
    this.bar = bar;
  }

  /**
   * The progress of a training that shows nothing.
   *
   * @return progress that goes nowhere.
   */
  public static TrainingProgress hidden() {
    return new TrainingProgress(null);
  }

  /**
   * Starts a progress bar on the terminal.
   *
   * @param task what is written in front of the bar.
   * @param images number of images of the whole training.
   * @return the bar, to be closed by the caller.
   */
  public static TrainingProgress shown(String task, long images) {
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

  /** Shows loss and accuracy of the epoch so far. */
  void show(int epoch, int epochs, EpochSums sums) {
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
