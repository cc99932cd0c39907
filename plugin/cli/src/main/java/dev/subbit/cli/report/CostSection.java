package dev.subbit.cli.report;

import dev.subbit.onnx.Codebook;
import dev.subbit.tribuo.network.Network;
import dev.subbit.tribuo.network.NetworkSize;
import dev.subbit.tribuo.network.NetworkSize.LayerSize;
import dev.subbit.tribuo.network.TrainedNetwork;
import java.util.List;

/** The part of the page that gives the network's bits and the operations per image. */
final class CostSection {

  private final TrainedNetwork trained;
  private final NetworkSize size;
  private final StringBuilder html = new StringBuilder();

  private CostSection(TrainedNetwork trained, NetworkSize size) {
    this.trained = trained;
    this.size = size;
  }

  /**
   * Renders the section.
   *
   * @param trained the network.
   * @param size its size.
   * @return HTML.
   */
  static String html(TrainedNetwork trained, NetworkSize size) {
    return new CostSection(trained, size).render();
  }

  /**
   * Counts a network with all weights in 32-bit floats.
   *
   * @param network the network.
   * @return the counts.
   */
  static NetworkSize inFloat(Network network) {
    return NetworkSize.of(network.withFloatWeights(), Codebook.MAX_TAU);
  }

  private String render() {
    boolean subBit = !trained.packed().isEmpty();
    html.append("<p class=\"soft\">")
        .append(
            subBit
                ? "Bit operations are those of the binary layers, for one image: with a codebook the"
                    + " responses of all codewords are computed once for a pixel and channel, and"
                    + " then looked up and added. Multiplications are those of the layers that"
                    + " stay in floats."
                : "Multiplications are those of one image.")
        .append("</p><div class=\"card scroll\" tabindex=\"0\"><table><thead><tr>")
        .append("<th class=\"text\" scope=\"col\">network</th>");
    for (String title :
        List.of(
            "binary layers' weights",
            "codebooks",
            "scales and float layers",
            "all",
            "bit operations",
            "multiplications")) {
      html.append("<th scope=\"col\">").append(title).append("</th>");
    }
    html.append("</tr></thead><tbody>");
    appendRow("this one", size, " class=\"first\"");
    if (subBit) {
      NetworkSize binary = NetworkSize.of(trained.network(), Codebook.MAX_TAU);
      if (size.subBitWeightBits() != binary.subBitWeightBits()) {
        appendRow("with 1 bit per weight", binary, "");
      }
      appendRow("in 32-bit floats", inFloat(trained.network()), "");
    }
    html.append("</tbody></table></div>\n");
    if (subBit) {
      appendLayers();
    }
    return html.toString();
  }

  private void appendRow(String name, NetworkSize row, String type) {
    html.append(
        Figures.format(
            "<tr%s><th class=\"text\" scope=\"row\">%s</th><td>%s</td><td>%s</td><td>%s</td>"
                + "<td>%s</td><td>%s</td><td>%s</td></tr>",
            type,
            name,
            orDash(row.subBitWeightBits(), Figures.bytesOf(row.subBitWeightBits())),
            orDash(row.codebookBits(), Figures.bytesOf(row.codebookBits())),
            Figures.bytesOf(row.bits() - row.subBitWeightBits() - row.codebookBits()),
            Figures.bytesOf(row.bits()),
            orDash(row.bitOps(), Figures.operations(row.bitOps())),
            orDash(row.floatMacs(), Figures.operations(row.floatMacs()))));
  }

  private void appendLayers() {
    html.append(
            "<h3>Binary layers</h3><div class=\"card scroll\" tabindex=\"0\"><table><thead><tr>")
        .append("<th class=\"text\" scope=\"col\">layer</th><th scope=\"col\">weights</th>")
        .append("<th scope=\"col\">bits of an index</th><th scope=\"col\">stored in</th>")
        .append("<th scope=\"col\">codebook</th><th scope=\"col\">bit operations</th>")
        .append("<th scope=\"col\">fewer than with 1 bit</th></tr></thead><tbody>");
    for (LayerSize layer : size.layers()) {
      if (layer.tau() > 0) {
        html.append(
            Figures.format(
                "<tr><th class=\"text\" scope=\"row\">%s</th><td>%,d</td><td>%d</td><td>%s</td>"
                    + "<td>%s</td><td>%s</td><td>%s</td></tr>",
                Html.escape(layer.node()),
                layer.weights(),
                layer.tau(),
                Figures.bytesOf(layer.weightBits()),
                orDash(layer.codebookBits(), Figures.format("%,d bit", layer.codebookBits())),
                Figures.operations(layer.bitOps()),
                Figures.times(layer.denseBitOps(), layer.bitOps())));
      }
    }
    html.append("</tbody></table></div>\n");
  }

  private static String orDash(long amount, String text) {
    return amount == 0 ? "-" : text;
  }
}
