package dev.subbit.cli.report;

import dev.subbit.cli.report.DemoResult.Epoch;
import dev.subbit.cli.report.DemoResult.Model;
import dev.subbit.cli.report.DemoResult.Phase;
import dev.subbit.cli.report.DemoResult.Run;
import dev.subbit.onnx.PackedConvWeights;
import dev.subbit.tribuo.network.TrainedNetwork;
import java.util.List;
import java.util.Map;
import java.util.function.ToDoubleFunction;
import java.util.stream.Collectors;

/** The demo's HTML page: one self-contained file. */
public final class DemoPage {

  private final DemoResult result;
  private final Map<String, TrainedNetwork> networks;
  private final List<SampleImage> samples;
  private final StringBuilder html = new StringBuilder();

  private DemoPage(
      DemoResult result, Map<String, TrainedNetwork> networks, List<SampleImage> samples) {
    this.result = result;
    this.networks = networks;
    this.samples = samples;
  }

  /**
   * Renders the page.
   *
   * @param result the figures.
   * @param networks the networks whose codebooks are drawn, by model name, in order.
   * @param samples test images to show.
   * @return the page.
   */
  public static String render(
      DemoResult result, Map<String, TrainedNetwork> networks, List<SampleImage> samples) {
    return new DemoPage(result, networks, samples).render();
  }

  private String render() {
    appendSummary();
    appendTable();
    appendTraining();
    appendCodebooks();
    appendSamples();
    appendFooter();
    return HtmlPage.of("Subbit demo", html);
  }

  private void appendSummary() {
    html.append("<h1>Subbit demo</h1><p class=\"soft\">Sub-bit neural networks on ")
        .append(Html.escape(result.data().description()))
        .append(
            Figures.format(
                ": %,d images to train on, %,d to test on.</p>",
                result.data().trainImages(), result.data().testImages()))
        .append("<div class=\"facts\">");
    for (Model model : result.models()) {
      Run reference = model.runs().get(0);
      appendFact(
          Figures.percent(reference.accuracy()),
          "test accuracy, " + Html.escape(model.description()));
    }
    Model last = result.models().get(result.models().size() - 1);
    last.runs().stream()
        .filter(run -> run.cycles() != null)
        .findFirst()
        .ifPresent(
            run ->
                appendFact(
                    Figures.times(run.cycles().bnnPerImage(), run.cycles().perImage()),
                    "fewer "
                        + Html.escape(run.cycles().kind())
                        + " FPGA cycles for the convolutions than the same engine as a plain"
                        + " binary network"));
    html.append("</div>\n<h2>What to do next</h2><ul>")
        .append(
            "<li>Train on images of your own: demo.xml, beside this page, is a configuration for")
        .append(
            " ./subbit train.</li><li>Run binary.onnx or int8.onnx in any ONNX Runtime.</li></ul>\n");
  }

  private void appendFact(String figure, String meaning) {
    html.append("<div class=\"card\"><b>")
        .append(figure)
        .append("</b>")
        .append(meaning)
        .append("</div>");
  }

  private void appendTable() {
    html.append("<h2>Every model on every back end</h2>")
        .append("<p class=\"soft\">(a) runs the function bodies inside the ONNX file, which any")
        .append(" ONNX Runtime can do; (b) runs Subbit's kernels; (c) the FPGA's emulator.")
        .append(
            " \"vs float\" and \"vs 1-bit\": how many times smaller the file is than that of the")
        .append(
            " same network with 32 bits and with one bit per weight. \"same\" compares with (a).")
        .append(" Cycles are those of one image's convolutions.</p>")
        .append("<div class=\"card scroll\" tabindex=\"0\"><table><thead><tr>");
    for (int c = 0; c < DemoTable.HEADER.size(); c++) {
      appendCell("th scope=\"col\"", c, DemoTable.HEADER.get(c));
    }
    html.append("</tr></thead><tbody>");
    for (List<String> row : DemoTable.rows(result)) {
      html.append(row.get(0).isEmpty() ? "<tr>" : "<tr class=\"first\">");
      for (int c = 0; c < row.size(); c++) {
        appendCell("td", c, row.get(c));
      }
      html.append("</tr>");
    }
    html.append("</tbody></table></div>\n");
  }

  private void appendCell(String tag, int column, String text) {
    html.append('<')
        .append(tag)
        .append(column < DemoTable.TEXT_COLUMNS ? " class=\"text\">" : ">")
        .append(Html.escape(text))
        .append("</")
        .append(tag.startsWith("th") ? "th" : tag)
        .append('>');
  }

  private void appendTraining() {
    List<Model> trained =
        result.models().stream()
            .filter(model -> !model.epochs().isEmpty())
            .collect(Collectors.toList());
    html.append("<h2>Training</h2><p class=\"legend\">");
    for (int i = 0; i < trained.size(); i++) {
      html.append("<span><i class=\"l")
          .append(i)
          .append("\"></i>")
          .append(Html.escape(trained.get(i).description()))
          .append("</span>");
    }
    html.append("</p><div class=\"charts\">");
    appendChart("Loss", new LineChart("loss", "%.2f"), trained, Epoch::loss);
    appendChart(
        "Training accuracy, %",
        new LineChart("% right", "%.0f"), trained, epoch -> 100 * epoch.accuracy());
    html.append("</div>\n");
  }

  private void appendChart(
      String title, LineChart chart, List<Model> models, ToDoubleFunction<Epoch> value) {
    for (Model model : models) {
      chart.line(model.description(), model.epochs().stream().mapToDouble(value).toArray());
    }
    html.append("<div class=\"card\"><h3>")
        .append(title)
        .append("</h3>")
        .append(chart.svg())
        .append("</div>");
  }

  private void appendCodebooks() {
    html.append("<h2>Codebooks and how often each kernel is used</h2>")
        .append("<p class=\"soft\">Every 3x3 kernel of a layer is one of these (dark +1, light")
        .append(" -1), times one scale per output channel. The bar above a kernel counts its uses;")
        .append(" the most used come first.</p>");
    boolean open = true;
    for (Map.Entry<String, TrainedNetwork> entry : networks.entrySet()) {
      html.append("<details")
          .append(open ? " open=\"open\"" : "")
          .append("><summary>")
          .append(Html.escape(entry.getKey()))
          .append("</summary><div class=\"card\">");
      open = false;
      entry.getValue().network().nodes().stream()
          .filter(node -> entry.getValue().packed().containsKey(node.name()))
          .forEach(node -> appendLayer(node.name(), entry.getValue().packed().get(node.name())));
      html.append("</div></details>\n");
    }
  }

  private void appendLayer(String name, PackedConvWeights weights) {
    html.append("<div class=\"layer\"><div class=\"name\"><code>")
        .append(Html.escape(name))
        .append("</code><small>")
        .append(
            Figures.format(
                "%,d kernels from %d",
                weights.outChannels() * weights.inChannels(), weights.codebook().size()))
        .append("</small></div>")
        .append(CodebookChart.html(weights))
        .append("</div>");
  }

  private void appendSamples() {
    html.append("<h2>Some test images</h2><div class=\"samples\">");
    for (SampleImage sample : samples) {
      html.append("<div class=\"card\"><img alt=\"\" src=\"")
          .append(sample.dataUri())
          .append("\"/><b>")
          .append(Html.escape(sample.truth()))
          .append("</b>");
      sample
          .predictions()
          .forEach(
              (model, label) ->
                  html.append("<div class=\"")
                      .append(label.equals(sample.truth()) ? "right" : "wrong")
                      .append("\">")
                      .append(Html.escape(model + ": " + label))
                      .append(label.equals(sample.truth()) ? "" : " (wrong)")
                      .append("</div>"));
      html.append("</div>");
    }
    html.append("</div>\n");
  }

  private void appendFooter() {
    html.append("<footer><p>")
        .append(
            Html.escape(
                Figures.format(
                    "%s, %d processors, Java %s. ",
                    result.host().os(), result.host().processors(), result.host().java())))
        .append(
            Html.escape(
                result.phases().stream()
                    .map(DemoPage::describe)
                    .collect(Collectors.joining("; ", "", "."))))
        .append("</p><p>Images: ")
        .append(Html.escape(result.data().description()))
        .append(
            ". \"1-bit\" and \"float\" files hold the same network with one bit and with 32 bits"
                + " per weight.</p></footer>");
  }

  private static String describe(Phase phase) {
    return Figures.format("%s: %.0f s", phase.name(), phase.seconds());
  }
}
