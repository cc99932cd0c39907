package dev.subbit.cli.report;

import dev.subbit.cli.report.TrainingReport.LayerKernels;
import dev.subbit.onnx.Codebook;
import java.util.BitSet;
import java.util.List;
import java.util.function.Function;

/**
 * The part of the page that shows which of the 512 binary kernels the layers' latent kernels fall
 * on, before and after training.
 */
final class KernelSection {

  /** A plain binary network keeps all 512; it is compared with what 0.56 bit would keep. */
  private static final int FEW_OF_PLAIN = 32;

  private static final String[] SHADE_NAMES = {"below 1x", "1x", "2x", "4x", "8x and more"};

  private final List<LayerKernels> layers;
  private final LayerKernels all;
  private final boolean plain;
  private final int few;
  private final StringBuilder html = new StringBuilder();

  private KernelSection(List<LayerKernels> layers) {
    this.layers = layers;
    KernelDistribution before = layers.get(0).before();
    KernelDistribution after = layers.get(0).after();
    for (LayerKernels layer : layers.subList(1, layers.size())) {
      before = before.plus(layer.before());
      after = after.plus(layer.after());
    }
    this.all = new LayerKernels("All layers", before, after, null);
    Codebook codebook = layers.get(0).codebook();
    this.plain = codebook.tau() == Codebook.MAX_TAU;
    this.few = plain ? FEW_OF_PLAIN : codebook.size();
  }

  /**
   * Renders the section.
   *
   * @param layers the kernels, one entry or more.
   * @return HTML.
   */
  static String html(List<LayerKernels> layers) {
    return new KernelSection(layers).render();
  }

  private String render() {
    appendExplanation();
    appendStrips();
    appendTable();
    appendCharts();
    return html.toString();
  }

  private void appendExplanation() {
    html.append(
            "<p>A 3x3 kernel has nine weights, and nine signs can be set in 512 ways. Here every")
        .append(" kernel counts for the one of these 512 <em>binary kernels</em> that its signs")
        .append(" make. Before the first step the weights are random, so all 512 are about equally")
        .append(" frequent. What sub-bit networks rest on is that training makes kernels crowd on")
        .append(
            " few of them, and on other ones in other layers: then a codebook of few kernels per")
        .append(" layer is enough.</p>")
        .append(
            Figures.format(
                "<p class=\"finding\">Each layer's own %d most frequent binary kernels held"
                    + " <b>%s</b> of the kernels before training and hold <b>%s</b> after. One set"
                    + " of %d for all layers held %s before and holds %s after.</p>",
                few,
                Figures.percent(ownCoverage(LayerKernels::before)),
                Figures.percent(ownCoverage(LayerKernels::after)),
                few,
                Figures.percent(all.before().coverage(few)),
                Figures.percent(all.after().coverage(few))));
  }

  // The share of all kernels that the most frequent ones of their own layer cover.
  private double ownCoverage(Function<LayerKernels, KernelDistribution> side) {
    double covered = 0;
    for (LayerKernels layer : layers) {
      covered += side.apply(layer).coverage(few) * side.apply(layer).total();
    }
    return covered / side.apply(all).total();
  }

  private void appendStrips() {
    html.append("<h3>Which kernels, layer by layer</h3>")
        .append("<p class=\"soft\">After training. A column is a binary kernel, the same in every")
        .append(" row; those most frequent in the whole network are on the left. If all layers")
        .append(" preferred the same kernels, all rows would darken towards the left.")
        .append(plain ? "" : " The ticks below a row are the layer's codebook.")
        .append("</p><p class=\"legend\">Times an even spread: ");
    for (int shade = 0; shade < SHADE_NAMES.length; shade++) {
      html.append("<span><i class=\"s")
          .append(shade)
          .append("\"></i>")
          .append(SHADE_NAMES[shade])
          .append("</span>");
    }
    html.append("<span><i class=\"none\"></i>none</span></p><div class=\"card\">");
    int[] columns = all.after().byFrequency();
    appendStrip(all, columns);
    for (LayerKernels layer : layers) {
      appendStrip(layer, columns);
    }
    html.append("</div>\n");
  }

  private void appendStrip(LayerKernels layer, int[] columns) {
    html.append("<div class=\"row\"><code class=\"name\">")
        .append(Html.escape(layer.layer()))
        .append("</code>")
        .append(KernelStrip.svg(layer.after(), codewords(layer), columns, layer.layer()))
        .append("</div>");
  }

  private void appendTable() {
    html.append(
            "<h3>In numbers</h3><p class=\"soft\">Entropy is what a perfect code would spend on")
        .append(" a kernel: 9 bits if all 512 are equally frequent. A layer of few kernels")
        .append(" seems crowded even where they are random, so compare before with after.")
        .append(
            plain
                ? ""
                : " \"In codebook\": kernels whose signs are a codeword already; the others are"
                    + " rounded to one that is near.")
        .append("</p><div class=\"card scroll\" tabindex=\"0\"><table><thead><tr>")
        .append("<th rowspan=\"2\" class=\"text\" scope=\"col\">layer</th>")
        .append("<th rowspan=\"2\" scope=\"col\">kernels</th>")
        .append("<th colspan=\"2\" scope=\"colgroup\">different ones</th>")
        .append(
            Figures.format(
                "<th colspan=\"2\" scope=\"colgroup\">in the %d most frequent</th>", few))
        .append("<th colspan=\"2\" scope=\"colgroup\">entropy, bits</th>")
        .append(plain ? "" : "<th colspan=\"2\" scope=\"colgroup\">in codebook</th>")
        .append("</tr><tr>");
    for (int pair = 0; pair < (plain ? 3 : 4); pair++) {
      html.append("<th scope=\"col\">before</th><th scope=\"col\">after</th>");
    }
    html.append("</tr></thead><tbody>");
    for (LayerKernels layer : layers) {
      appendRow(layer, "");
    }
    appendRow(all, " class=\"first\"");
    html.append("</tbody></table></div>\n");
  }

  private void appendRow(LayerKernels layer, String type) {
    KernelDistribution before = layer.before();
    KernelDistribution after = layer.after();
    html.append(
        Figures.format(
            "<tr%s><th class=\"text\" scope=\"row\">%s</th><td>%,d</td><td>%d</td><td>%d</td>"
                + "<td>%s</td><td>%s</td><td>%.2f</td><td>%.2f</td>",
            type,
            Html.escape(layer.layer()),
            after.total(),
            before.distinct(),
            after.distinct(),
            Figures.percent(before.coverage(few)),
            Figures.percent(after.coverage(few)),
            before.entropy(),
            after.entropy()));
    if (!plain) {
      html.append(
          layer == all
              ? "<td></td><td></td>"
              : Figures.format(
                  "<td>%s</td><td>%s</td>",
                  Figures.percent(before.coverage(layer.codebook())),
                  Figures.percent(after.coverage(layer.codebook()))));
    }
    html.append("</tr>");
  }

  private void appendCharts() {
    html.append(
            "<h3>How unevenly</h3><p class=\"soft\">Up: number of kernels. Across: the 512 binary")
        .append(" kernels, each layer's own most frequent on the left.</p><p class=\"legend\">")
        .append("<span><i class=\"before\"></i>before training</span>")
        .append("<span><i class=\"other\"></i>after training</span>")
        .append(plain ? "" : "<span><i class=\"member\"></i>after training, in the codebook</span>")
        .append("</p><div class=\"multiples\">");
    appendChart(all);
    for (LayerKernels layer : layers) {
      appendChart(layer);
    }
    html.append("</div>\n");
  }

  private void appendChart(LayerKernels layer) {
    html.append("<div class=\"card\"><h4>")
        .append(Html.escape(layer.layer()))
        .append(
            Figures.format(
                " <small>in the %d most frequent: %s before, %s after</small></h4>",
                few,
                Figures.percent(layer.before().coverage(few)),
                Figures.percent(layer.after().coverage(few))))
        .append(KernelChart.svg(layer.before(), layer.after(), codewords(layer), few))
        .append("</div>");
  }

  // Those to mark: none of a plain binary layer, which has all 512, nor of the layers together.
  private BitSet codewords(LayerKernels layer) {
    BitSet codewords = new BitSet(KernelDistribution.KERNELS);
    if (layer != all && !plain) {
      for (int index = 0; index < layer.codebook().size(); index++) {
        codewords.set(layer.codebook().codeword(index));
      }
    }
    return codewords;
  }
}
