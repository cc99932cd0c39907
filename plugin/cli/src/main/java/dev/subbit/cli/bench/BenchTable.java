package dev.subbit.cli.bench;

import dev.subbit.cli.bench.BenchRow.PeerTimes;
import dev.subbit.cli.terminal.TextTable;
import dev.subbit.tribuo.quantizer.timing.Timings;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.function.Function;

/** Lays out rows of a benchmark as a table for people. */
final class BenchTable {

  private static final int LEFT_COLUMNS = 2;
  private static final String NOTHING = "-";

  /** A column with the speed relative to something. */
  private record Ratio(String title, Function<BenchRow, Optional<Timings>> values) {}

  private final List<BenchRow> rows;
  private final List<Ratio> ratios = new ArrayList<>();

  private BenchTable(List<BenchRow> rows) {
    this.rows = rows;
    for (Peer peer : Peer.values()) {
      add(new Ratio("x " + peer.label(), row -> row.times(peer)));
    }
    add(new Ratio("x binary", BenchRow::timesBaseline));
    add(new Ratio("x tau 9", row -> Optional.of(row.timesBnn())));
    add(
        new Ratio(
            "x 1 thread",
            row -> row.timesOneThread().filter(ratios -> row.setting().threads() > 1)));
  }

  /** Adds a column, unless no row has a value for it. */
  private void add(Ratio ratio) {
    if (rows.stream().anyMatch(row -> ratio.values().apply(row).isPresent())) {
      ratios.add(ratio);
    }
  }

  /**
   * Lays out rows as a table: below those of one setting, its peers.
   *
   * @param rows the rows, at least one; those of one setting are consecutive.
   * @return a table, and a line on how it was measured.
   */
  static String of(List<BenchRow> rows) {
    return new BenchTable(rows).text();
  }

  private String text() {
    List<String> titles = new ArrayList<>(List.of("case", "op", "tau", "threads", "us"));
    ratios.forEach(ratio -> titles.add(ratio.title()));
    titles.addAll(List.of("bound", "kernel"));
    TextTable table = new TextTable(LEFT_COLUMNS, titles.toArray(String[]::new));
    for (int i = 0; i < rows.size(); i++) {
      BenchRow row = rows.get(i);
      table.row(
          cells(
              row.setting(),
              row.operator(),
              Integer.toString(row.tau()),
              row.ours(),
              ratio -> ratio.values().apply(row),
              share(row),
              row.kernel()));
      boolean last = i + 1 == rows.size();
      if (last || row.setting() != rows.get(i + 1).setting()) {
        row.setting()
            .peers()
            .forEach((peer, times) -> table.row(cells(row.setting(), peer, times)));
        if (!last) {
          table.rule();
        }
      }
    }
    return table + "\n" + conditions(rows.get(0));
  }

  private String[] cells(BenchRow.Setting setting, Peer peer, PeerTimes times) {
    return cells(
        setting,
        peer.label(),
        NOTHING,
        times.timings(),
        ratio -> Optional.empty(),
        NOTHING,
        times.detail());
  }

  private String[] cells(
      BenchRow.Setting setting,
      String op,
      String tau,
      Timings times,
      Function<Ratio, Optional<Timings>> values,
      String bound,
      String kernel) {
    List<String> cells =
        new ArrayList<>(
            List.of(
                setting.label(),
                op,
                tau,
                Integer.toString(setting.threads()),
                micros(times.median())));
    for (Ratio ratio : ratios) {
      cells.add(values.apply(ratio).map(of -> number(of.median())).orElse(NOTHING));
    }
    cells.add(bound);
    cells.add(kernel);
    return cells.toArray(String[]::new);
  }

  private static String conditions(BenchRow row) {
    BenchRow.Setting setting = row.setting();
    String text =
        String.format(
            Locale.ROOT,
            "%s; Subbit's kernels up to %s. Medians of %d rounds, by %s time. Calling ONNX Runtime"
                + " takes %.1f us of every run",
            Processors.name(),
            setting.isa(),
            row.ours().ofRounds().length,
            setting.clock().name().toLowerCase(Locale.ROOT),
            1e6 * setting.callSeconds());
    return setting.openVinoCallSeconds().isEmpty()
        ? text + ".\n"
        : String.format(
            Locale.ROOT,
            "%s; calling OpenVINO takes %.1f us, which its times leave out.%n",
            text,
            1e6 * setting.openVinoCallSeconds().getAsDouble());
  }

  private static String micros(double seconds) {
    double micros = 1e6 * seconds;
    return String.format(Locale.ROOT, micros < 100 ? "%.1f" : "%,.0f", micros);
  }

  private static String number(double value) {
    return String.format(Locale.ROOT, "%.2f", value);
  }

  private static String share(BenchRow row) {
    return row.shareOfBound().isEmpty()
        ? NOTHING
        : String.format(Locale.ROOT, "%.0f %%", 100 * row.shareOfBound().getAsDouble());
  }
}
