package dev.subbit.cli.report;

import dev.subbit.cli.report.TrainingReport.Epoch;
import java.util.List;
import java.util.function.ToDoubleFunction;

/** The course of a training, epoch by epoch, for the template {@code training/curves.jte}. */
public final class CurveSection {

  private final List<Epoch> epochs;
  private final int modelEpoch;

  /**
   * Prepares the section.
   *
   * @param epochs the history, one entry or more.
   * @param modelEpoch the epoch whose network became the model.
   */
  CurveSection(List<Epoch> epochs, int modelEpoch) {
    this.epochs = epochs;
    this.modelEpoch = modelEpoch;
  }

  /**
   * Whether there were validation images.
   *
   * @return true if so.
   */
  public boolean validated() {
    return epochs.stream().anyMatch(epoch -> !Double.isNaN(epoch.validationAccuracy()));
  }

  /**
   * The epoch whose network became the model, where that is not the last one.
   *
   * @return its number from 1, or 0 if it is the last one.
   */
  public int earlierEpoch() {
    return modelEpoch == epochs.size() ? 0 : modelEpoch;
  }

  /**
   * The mean loss.
   *
   * @return a chart.
   */
  public LineChart loss() {
    return staged(new LineChart("loss", "%.4f").line("training", values(Epoch::loss)));
  }

  /**
   * Accuracy on the training and validation images.
   *
   * @return a chart.
   */
  public LineChart accuracy() {
    LineChart chart =
        new LineChart("% right", "%.2f").line("training", values(epoch -> 100 * epoch.accuracy()));
    if (validated()) {
      chart.line("validation", values(epoch -> 100 * epoch.validationAccuracy()));
    }
    return staged(chart);
  }

  /**
   * The learning rate at the end of each epoch.
   *
   * @return a chart.
   */
  public LineChart learningRate() {
    return staged(
        new LineChart("learning rate", "%.3g")
            .line("training", values(Epoch::learningRate))
            .fromZero());
  }

  /**
   * The speed of the training.
   *
   * @return a chart.
   */
  public LineChart speed() {
    return staged(
        new LineChart("images/s", "%,.0f")
            .line("training", values(Epoch::imagesPerSecond))
            .fromZero());
  }

  private double[] values(ToDoubleFunction<Epoch> value) {
    return epochs.stream().mapToDouble(value).toArray();
  }

  private LineChart staged(LineChart chart) {
    for (int i = 1; i < epochs.size(); i++) {
      if (!epochs.get(i).stage().equals(epochs.get(i - 1).stage())) {
        chart.mark(i + 1, epochs.get(i).stage());
      }
    }
    return chart;
  }
}
