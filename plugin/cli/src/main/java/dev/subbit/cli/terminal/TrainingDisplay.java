package dev.subbit.cli.terminal;

import dev.subbit.tribuo.training.metrics.EpochMetrics;
import dev.subbit.tribuo.training.metrics.StepMetrics;
import dev.subbit.tribuo.training.metrics.TrainingListener;
import dev.subbit.tribuo.training.metrics.TrainingStart;
import java.util.Locale;

/** Shows a training: its epoch, loss, accuracy and speed; where there is no terminal, by epoch. */
public final class TrainingDisplay implements TrainingListener, AutoCloseable {

  private final Progress progress;
  private int steps;

  /**
   * Makes a display.
   *
   * @param progress where to show it; closed with this.
   */
  public TrainingDisplay(Progress progress) {
    this.progress = progress;
  }

  @Override
  public void started(TrainingStart start) {
    steps = start.steps();
  }

  @Override
  public void preparing(String what) {
    progress.preparing(what);
  }

  @Override
  public void stepFinished(StepMetrics metrics) {
    progress.move(
        metrics.step(),
        steps,
        "epoch " + metrics.epoch() + "/" + metrics.epochs(),
        String.format(Locale.ROOT, "loss %.3f", metrics.epochSoFar().meanLoss()),
        String.format(Locale.ROOT, "accuracy %.1f %%", 100 * metrics.epochSoFar().accuracy()),
        String.format(Locale.ROOT, "%,.0f images/s", metrics.epochSoFar().imagesPerSecond()));
  }

  @Override
  public void epochFinished(EpochMetrics metrics) {
    progress.partFinished(
        String.format(
                Locale.ROOT,
                "epoch %d/%d, loss %.3f, accuracy %.1f %%",
                metrics.epoch(),
                metrics.epochs(),
                metrics.loss(),
                100 * metrics.accuracy())
            + metrics
                .validation()
                .map(v -> String.format(Locale.ROOT, ", validation %.1f %%", 100 * v.accuracy()))
                .orElse("")
            + String.format(Locale.ROOT, ", %,.0f images/s", metrics.imagesPerSecond()));
  }

  @Override
  public void close() {
    progress.close();
  }
}
