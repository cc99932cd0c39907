package dev.subbit.cli.report;

import dev.subbit.tribuo.quantizer.LayerResult;
import dev.subbit.tribuo.quantizer.OutputAgreement;
import dev.subbit.tribuo.quantizer.QuantizationResult;
import dev.subbit.tribuo.quantizer.graph.LeftNode;
import dev.subbit.tribuo.quantizer.timing.LayerTime;
import java.util.Map;

/**
 * The HTML page about a quantization: the new form of each layer, the layers that stay as they are,
 * and the effect on the outputs.
 */
public final class QuantizationPage {

  private static final double WIDEST_BAR = 160;

  private final StringBuilder body = new StringBuilder();

  private QuantizationPage() {}

  /**
   * Writes the page.
   *
   * @param model name of the float model.
   * @param result the result of the quantization.
   * @param times the times of its layers, by name.
   * @param bytesBefore bytes of the float model's file.
   * @param bytesAfter bytes of the quantized model's file.
   * @return one self-contained HTML file.
   */
  public static String of(
      String model,
      QuantizationResult result,
      Map<String, LayerTime> times,
      long bytesBefore,
      long bytesAfter) {
    String title = "Quantization of " + model;
    QuantizationPage page = new QuantizationPage();
    page.body.append("<h1>").append(Html.escape(title)).append("</h1>\n");
    page.body.append(
        Figures.format(
            "<p>%d of %d convolutions became sub-bit. The file has %s in place of %s, %s"
                + " smaller.</p>%n",
            result.layers().size(),
            result.layers().size() + result.left().size(),
            Figures.kilobytes(bytesAfter),
            Figures.kilobytes(bytesBefore),
            Figures.times(bytesBefore, Math.max(1, bytesAfter))));
    page.outputs(result);
    page.layers(result, times);
    page.left(result);
    return HtmlPage.of(title, page.body);
  }

  private void outputs(QuantizationResult result) {
    body.append("<h2>Outputs on the calibration inputs</h2>\n<table><thead><tr><th>output</th>");
    body.append("<th>activations</th><th>signal-to-noise</th>");
    body.append("<th>largest value at the same place</th></tr></thead><tbody>\n");
    boolean integer = !result.floatActivations().isEmpty();
    result.floatActivations().forEach(output -> output(output, "float"));
    result.outputs().forEach(output -> output(output, integer ? "8 bits" : "float"));
    body.append("</tbody></table>\n");
  }

  private void output(OutputAgreement output, String activations) {
    row(
        Html.escape(output.getOutput()),
        activations,
        decibels(output.getSignalToNoise()),
        Figures.percent(output.getSameLargest()));
  }

  private void layers(QuantizationResult result, Map<String, LayerTime> times) {
    double most =
        result.layers().stream()
            .mapToDouble(LayerResult::signalToNoise)
            .filter(Double::isFinite)
            .max()
            .orElse(1);
    body.append(
        "<h2>Layers</h2>\n<p>Bits count all that is stored: indices, codebooks, scales and");
    body.append(" biases. The signal-to-noise ratio compares a layer's outputs with the float");
    body.append(" model's. Times are medians for one sample, of each layer alone.");
    body.append("</p>\n<table><thead><tr><th>layer</th><th>channels in</th><th>out</th>");
    body.append("<th>groups</th><th>tau</th><th>stages</th><th>bits per weight</th><th>bytes</th>");
    body.append(
        "<th>was</th><th>us</th><th>was</th><th>signal-to-noise</th><th></th></tr></thead><tbody>\n");
    for (LayerResult layer : result.layers()) {
      row(
          Html.escape(layer.name()),
          "" + layer.inChannels() * layer.group(),
          "" + layer.outChannels(),
          "" + layer.group(),
          "" + layer.tau(),
          "" + layer.stages(),
          Figures.format("%.2f", layer.bitsPerWeight()),
          Figures.format("%,d", layer.bytesAfter()),
          Figures.format("%,d", layer.bytesBefore()),
          Figures.format("%,.0f", times.get(layer.name()).microsecondsAfter()),
          Figures.format("%,.0f", times.get(layer.name()).microsecondsBefore()),
          decibels(layer.signalToNoise()),
          bar(layer.signalToNoise() / most));
    }
    body.append("</tbody></table>\n");
  }

  private void left(QuantizationResult result) {
    if (result.left().isEmpty()) {
      return;
    }
    body.append("<h2>Convolutions that stay as they are</h2>\n<table><thead><tr><th>node</th>");
    body.append("<th>operator</th><th>reason</th></tr></thead><tbody>\n");
    for (LeftNode node : result.left()) {
      row(Html.escape(node.name()), Html.escape(node.opType()), Html.escape(node.reason()));
    }
    body.append("</tbody></table>\n");
  }

  private void row(String... cells) {
    body.append("<tr>");
    for (String cell : cells) {
      body.append("<td>").append(cell).append("</td>");
    }
    body.append("</tr>\n");
  }

  private static String decibels(double ratio) {
    return Double.isFinite(ratio) ? Figures.format("%.1f dB", ratio) : "exact";
  }

  private static String bar(double share) {
    double width = Double.isFinite(share) ? Math.max(0, Math.min(1, share)) * WIDEST_BAR : 0;
    return Figures.format(
        "<svg width=\"%.0f\" height=\"10\" role=\"img\"><rect width=\"%.1f\" height=\"10\""
            + " fill=\"#4a7ebb\"/></svg>",
        WIDEST_BAR, width);
  }
}
