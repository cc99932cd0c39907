package dev.subbit.cli.train;

import dev.subbit.cli.terminal.TextTable;
import dev.subbit.tribuo.training.metrics.LearningRateRange;
import java.util.List;
import java.util.Locale;

/** Lays out a learning-rate range test for a terminal. */
final class LearningRateTable {

  private static final int MOST_ROWS = 24;

  private LearningRateTable() {}

  /**
   * Writes what a test found as text.
   *
   * @param range what was found.
   * @param trainer the name of the trainer's component.
   * @return a table of some of its steps, and lines that say which rates to take.
   */
  static String text(LearningRateRange range, String trainer) {
    TextTable table = new TextTable(0, "learning rate", "loss", "smoothed");
    List<LearningRateRange.Point> points = range.points();
    int step = (points.size() + MOST_ROWS - 1) / MOST_ROWS;
    for (int i = 0; i < points.size(); i += step) {
      LearningRateRange.Point point = points.get(i);
      table.row(
          number(point.learningRate()),
          String.format(Locale.ROOT, "%.4f", point.loss()),
          String.format(Locale.ROOT, "%.4f", point.smoothed()));
    }
    return table
        + String.format(
            Locale.ROOT,
            "The smoothed loss falls most steeply at %s, and is lowest at %s.%n"
                + "Take a rate from the first up to a third of the second:  --set"
                + " %s.learningRate=%s%n",
            number(range.steepest()),
            number(range.lowest()),
            trainer,
            number(range.steepest()));
  }

  private static String number(double rate) {
    return String.format(Locale.ROOT, "%.2g", rate);
  }
}
