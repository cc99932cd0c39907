package dev.subbit.cli.quantize;

import dev.subbit.cli.report.Figures;
import java.util.ArrayList;
import java.util.List;

/** What the training of an ONNX model came to, pass by pass. */
final class TuningPasses {

  /**
   * One pass.
   *
   * @param pass its number; 0 for the start.
   * @param loss mean of what was minimised; not a number for the start.
   * @param error on samples that were not trained on.
   */
  record Pass(int pass, double loss, double error) {}

  private final List<Pass> all = new ArrayList<>();

  void add(int pass, double loss, double error) {
    all.add(new Pass(pass, loss, error));
  }

  List<Pass> all() {
    return all;
  }

  /** What to tell the user. */
  String sentence() {
    if (all.isEmpty()) {
      return "Not trained, since no layer is sub-bit.";
    }
    Pass best = all.get(0);
    for (Pass pass : all) {
      best = pass.error() < best.error() ? pass : best;
    }
    String error =
        "error on samples that were not trained on "
            + Figures.percent(all.get(0).error())
            + " before, ";
    return best.pass() == 0
        ? "Trained for "
            + (all.size() - 1)
            + " passes, none of which was better than the fit: "
            + error
            + "no less after; the fit is kept."
        : "Trained for "
            + (all.size() - 1)
            + " passes; pass "
            + best.pass()
            + " is kept: "
            + error
            + Figures.percent(best.error())
            + " after.";
  }
}
