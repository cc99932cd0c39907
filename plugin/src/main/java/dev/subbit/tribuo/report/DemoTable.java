package dev.subbit.tribuo.report;

import dev.subbit.tribuo.report.DemoResult.Cycles;
import dev.subbit.tribuo.report.DemoResult.Model;
import dev.subbit.tribuo.report.DemoResult.Run;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** The demo's one table: the same rows for the terminal and for the HTML page. */
public final class DemoTable {

  /** The titles, one a column. */
  static final List<String> HEADER =
      List.of(
          "model",
          "runs on",
          "accuracy",
          "bits/weight",
          "file",
          "vs float",
          "vs 1-bit",
          "images/s",
          "same label",
          "same bits",
          "modelled cycles",
          "as BNN");

  /** What the columns mean, one line each. */
  public static final List<String> LEGEND =
      List.of(
          "bits/weight: indices only; file: the ONNX file, and how many times smaller it is than"
              + " the same network with",
          "32 bits and with 1 bit a weight. same label, same bits: compared with (a). Cycles: of one"
              + " image's convolutions on",
          "the modelled engine, and on the same engine as a plain binary network.");

  /** Columns of text, from the first; the others hold numbers. */
  static final int TEXT_COLUMNS = 2;

  private DemoTable() {}

  /**
   * Lays the table out for a terminal.
   *
   * @param result the figures.
   * @return lines, each ended by a line feed.
   */
  public static String text(DemoResult result) {
    TextTable table = new TextTable(TEXT_COLUMNS, HEADER.toArray(String[]::new));
    String model = null;
    for (List<String> row : rows(result)) {
      if (model != null && !row.get(0).isEmpty()) {
        table.rule();
      }
      model = row.get(0);
      table.row(row.toArray(String[]::new));
    }
    return table.toString();
  }

  /**
   * The cells.
   *
   * @param result the figures.
   * @return one row a model and back end; what holds for the model stands in its first row only.
   */
  static List<List<String>> rows(DemoResult result) {
    int images = result.data().testImages();
    List<List<String>> rows = new ArrayList<>();
    for (Model model : result.models()) {
      boolean first = true;
      for (Run run : model.runs()) {
        rows.add(row(model, run, images, first));
        first = false;
      }
    }
    return rows;
  }

  private static List<String> row(Model model, Run run, int images, boolean first) {
    Cycles cycles = run.cycles();
    return List.of(
        first ? model.name() : "",
        run.title(),
        percent(run.accuracy()),
        first ? format("%.2f", model.bitsPerWeight()) : "",
        first ? kilobytes(model.fileBytes()) : "",
        first ? times(model.floatFileBytes(), model.fileBytes()) : "",
        first ? times(model.oneBitFileBytes(), model.fileBytes()) : "",
        format("%,.0f", run.imagesPerSecond()),
        format("%,d/%,d", run.sameLabels(), images),
        run.sameBits() ? "all" : "no",
        cycles == null ? "-" : format("%,d", cycles.perImage()),
        cycles == null
            ? "-"
            : format("%,d", cycles.bnnPerImage())
                + " ("
                + times(cycles.bnnPerImage(), cycles.perImage())
                + ")");
  }

  /**
   * A share for a person.
   *
   * @param share 0 to 1.
   * @return percent with one decimal.
   */
  public static String percent(double share) {
    return format("%.1f %%", 100 * share);
  }

  static String kilobytes(long bytes) {
    return format("%,.0f KB", bytes / 1000.0);
  }

  static String times(long large, long small) {
    return format("%.1fx", (double) large / small);
  }

  static String format(String pattern, Object... values) {
    return String.format(Locale.ROOT, pattern, values);
  }
}
