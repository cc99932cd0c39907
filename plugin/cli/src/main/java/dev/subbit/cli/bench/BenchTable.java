package dev.subbit.cli.bench;

import dev.subbit.cli.terminal.TextTable;
import java.util.List;
import java.util.Locale;

/** Lays out rows of a benchmark as a table for people. */
final class BenchTable {

  private static final int LEFT_COLUMNS = 2;

  private BenchTable() {}

  /**
   * Lays out rows as a table.
   *
   * @param rows the rows, at least one; those of one setting are consecutive.
   * @return a table, and a line on how it was measured.
   */
  static String of(List<BenchRow> rows) {
    TextTable table =
        new TextTable(
            LEFT_COLUMNS,
            "case",
            "op",
            "tau",
            "threads",
            "us",
            "ort fp32",
            "ort int8",
            "tau 9",
            "x fp32",
            "x int8",
            "x tau 9",
            "x 1 thread",
            "bound",
            "kernel");
    for (int i = 0; i < rows.size(); i++) {
      BenchRow row = rows.get(i);
      if (i > 0 && row.setting() != rows.get(i - 1).setting()) {
        table.rule();
      }
      table.row(
          row.setting().label(),
          row.operator(),
          Integer.toString(row.tau()),
          Integer.toString(row.setting().threads()),
          micros(row.ours().median()),
          micros(row.setting().fp32().timings().median()),
          micros(row.setting().int8().timings().median()),
          micros(row.bnn().median()),
          ratio(row.timesFp32().median()),
          ratio(row.timesInt8().median()),
          ratio(row.timesBnn().median()),
          row.timesOneThread().map(ratios -> ratio(ratios.median())).orElse("-"),
          share(row),
          row.kernel());
    }
    return table + "\n" + conditions(rows.get(0));
  }

  private static String conditions(BenchRow row) {
    BenchRow.Setting setting = row.setting();
    return String.format(
        Locale.ROOT,
        "Medians of %d rounds; Subbit's kernels up to %s. Calling ONNX Runtime takes %.1f us of"
            + " every run.%n",
        row.ours().ofRounds().length,
        setting.isa(),
        1e6 * setting.callSeconds());
  }

  private static String micros(double seconds) {
    double micros = 1e6 * seconds;
    return String.format(Locale.ROOT, micros < 100 ? "%.1f" : "%,.0f", micros);
  }

  private static String ratio(double value) {
    return String.format(Locale.ROOT, "%.2f", value);
  }

  private static String share(BenchRow row) {
    return row.shareOfBound().isEmpty()
        ? "-"
        : String.format(Locale.ROOT, "%.0f %%", 100 * row.shareOfBound().getAsDouble());
  }
}
