package dev.subbit.cli.report;

import dev.subbit.cli.report.DemoResult.Model;
import dev.subbit.cli.report.DemoResult.Run;
import dev.subbit.cli.terminal.TextTable;
import dev.subbit.tribuo.evaluation.BackendRun.Cycles;
import java.util.ArrayList;
import java.util.List;

/** The demo's one table, for the terminal. */
public final class DemoTable {

  /** The titles, one per column. */
  private static final List<String> HEADER =
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

  /** The meaning of the columns, one line each. */
  public static final List<String> LEGEND =
      List.of(
          "bits/weight: indices only; file: the ONNX file, and how many times smaller it is than"
              + " the same network with",
          "32 bits and with 1 bit per weight. same label, same bits: compared with (a). Cycles: of"
              + " one image's convolutions on",
          "the modelled engine, and on the same engine as a plain binary network.");

  /** Columns of text, from the first; the others hold numbers. */
  private static final int TEXT_COLUMNS = 2;

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
   * @return one row per model and back end; what holds for the model stands in its first row only.
   */
  private static List<List<String>> rows(DemoResult result) {
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
    return List.of(
        first ? model.name() : "",
        run.title(),
        Figures.percent(run.accuracy()),
        first ? Figures.format("%.2f", model.bitsPerWeight()) : "",
        first ? Figures.kilobytes(model.fileBytes()) : "",
        first ? Figures.times(model.floatFileBytes(), model.fileBytes()) : "",
        first ? Figures.times(model.oneBitFileBytes(), model.fileBytes()) : "",
        Figures.format("%,.0f", run.imagesPerSecond()),
        sameLabels(run, images),
        sameBits(run),
        cycles(run),
        binaryCycles(run));
  }

  /** How many images have the same label as on the function bodies. */
  static String sameLabels(Run run, int images) {
    return Figures.format("%,d/%,d", run.sameLabels(), images);
  }

  /** Whether every output has the same bits as on the function bodies. */
  static String sameBits(Run run) {
    return run.sameBits() ? "all" : "no";
  }

  /** The cycles per image, or a dash where there is no device. */
  static String cycles(Run run) {
    return run.cycles() == null ? "-" : Figures.format("%,d", run.cycles().perImage());
  }

  /** The same engine's cycles as a plain binary network, or a dash where there is no device. */
  static String binaryCycles(Run run) {
    Cycles cycles = run.cycles();
    return cycles == null
        ? "-"
        : Figures.format(
            "%,d (%s)",
            cycles.bnnPerImage(), Figures.times(cycles.bnnPerImage(), cycles.perImage()));
  }
}
