package dev.subbit.cli.train;

import dev.subbit.cli.terminal.TextTable;
import dev.subbit.tribuo.evaluation.ConfusionMatrix;
import java.util.Locale;

/** Lays out the evaluation of a model for a terminal. */
final class EvaluationTable {

  private EvaluationTable() {}

  /**
   * Writes an evaluation as text.
   *
   * @param confusions the numbers of images by true and predicted class.
   * @return a table with a row for each class, and a line with the accuracy of all.
   */
  static String text(ConfusionMatrix confusions) {
    TextTable table = new TextTable(1, "class", "images", "found", "precision", "recall", "F1");
    for (int id = 0; id < confusions.classes().size(); id++) {
      table.row(
          confusions.classes().get(id),
          Long.toString(confusions.images(id)),
          Long.toString(confusions.counts()[id][id]),
          share(confusions.precision(id)),
          share(confusions.recall(id)),
          share(confusions.f1(id)));
    }
    return table
        + String.format(
            Locale.ROOT,
            "Accuracy: %.2f %% of %,d images; macro-averaged F1: %.3f",
            100 * confusions.accuracy(),
            confusions.images(),
            confusions.macroF1());
  }

  private static String share(double value) {
    return Double.isNaN(value) ? "-" : String.format(Locale.ROOT, "%.3f", value);
  }
}
