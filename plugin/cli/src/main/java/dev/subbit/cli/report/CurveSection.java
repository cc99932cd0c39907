package dev.subbit.cli.report;

import dev.subbit.cli.report.TrainingReport.Epoch;
import java.util.List;
import java.util.function.ToDoubleFunction;

/** The part of the page that shows the course of a training, epoch by epoch. */
final class CurveSection {

  private final List<Epoch> epochs;
  private final int modelEpoch;
  private final StringBuilder html = new StringBuilder();

  private CurveSection(List<Epoch> epochs, int modelEpoch) {
    this.epochs = epochs;
    this.modelEpoch = modelEpoch;
  }

  /**
   * Renders the section.
   *
   * @param epochs the history, one entry or more.
   * @param modelEpoch the epoch whose network became the model.
   * @return HTML.
   */
  static String html(List<Epoch> epochs, int modelEpoch) {
    return new CurveSection(epochs, modelEpoch).render();
  }

  private String render() {
    boolean validated =
        epochs.stream().anyMatch(epoch -> !Double.isNaN(epoch.validationAccuracy()));
    html.append(
            "<p class=\"soft\">Loss and training accuracy are means over an epoch, taken while the")
        .append(" network still changes")
        .append(
            validated
                ? "; the validation images are recognised after it, and never trained on."
                : ".")
        .append(
            modelEpoch == epochs.size()
                ? ""
                : Figures.format(
                    " The model is the network of epoch %d, which recognised the most of them.",
                    modelEpoch))
        .append("</p><div class=\"charts\">");
    appendChart("Loss", new LineChart("loss", "%.4f").line("training", values(Epoch::loss)));
    LineChart accuracy =
        new LineChart("% right", "%.2f").line("training", values(epoch -> 100 * epoch.accuracy()));
    if (validated) {
      accuracy.line("validation", values(epoch -> 100 * epoch.validationAccuracy()));
    }
    appendChart(
        "Accuracy, %"
            + (validated
                ? " <span class=\"legend\"><span><i class=\"l0\"></i>training</span><span><i"
                    + " class=\"l1\"></i>validation</span></span>"
                : ""),
        accuracy);
    appendChart(
        "Learning rate",
        new LineChart("learning rate", "%.3g")
            .line("training", values(Epoch::learningRate))
            .fromZero());
    appendChart(
        "Speed, images/s",
        new LineChart("images/s", "%,.0f")
            .line("training", values(Epoch::imagesPerSecond))
            .fromZero());
    return html.append("</div>\n").toString();
  }

  private double[] values(ToDoubleFunction<Epoch> value) {
    return epochs.stream().mapToDouble(value).toArray();
  }

  private void appendChart(String title, LineChart chart) {
    for (int i = 0; i < epochs.size(); i++) {
      String stage = epochs.get(i).stage();
      if (i > 0 && !stage.equals(epochs.get(i - 1).stage())) {
        chart.mark(i + 1, stage);
      }
    }
    html.append("<div class=\"card\"><h3>")
        .append(title)
        .append("</h3>")
        .append(chart.svg())
        .append("</div>");
  }
}
