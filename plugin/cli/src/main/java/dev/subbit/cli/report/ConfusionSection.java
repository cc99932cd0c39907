package dev.subbit.cli.report;

import dev.subbit.tribuo.evaluation.ConfusionMatrix;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/** The part of the page that shows predictions for the test images, class by class. */
final class ConfusionSection {

  /** With more classes than this a table of all pairs fits no screen; it becomes a picture. */
  static final int MOST_IN_TABLE = 24;

  private static final int MOST_CONFUSIONS = 10;
  private static final int SHADES = 5;

  private final ConfusionMatrix matrix;
  private final List<ConfusionMatrix.Confusion> confusions;
  private final StringBuilder html = new StringBuilder();

  private ConfusionSection(ConfusionMatrix matrix) {
    this.matrix = matrix;
    this.confusions = matrix.largest(MOST_CONFUSIONS);
  }

  /**
   * Renders the section.
   *
   * @param matrix the counts.
   * @return HTML.
   */
  static String html(ConfusionMatrix matrix) {
    return new ConfusionSection(matrix).render();
  }

  private String render() {
    html.append("<p class=\"soft\">A row is the true class, a column what the network said. Right")
        .append(" answers stand on the diagonal (blue), mistakes beside it (orange, the darkest is")
        .append(" the most frequent mistake).</p><div class=\"card scroll\" tabindex=\"0\">");
    if (matrix.classes().size() <= MOST_IN_TABLE) {
      appendTable();
    } else {
      appendPicture();
    }
    html.append("</div><div class=\"pair\">");
    appendClasses();
    appendConfusions();
    return html.append("</div>\n").toString();
  }

  private void appendTable() {
    html.append("<table class=\"confusion\"><thead><tr><th class=\"text\">true class</th>");
    for (String name : matrix.classes()) {
      html.append("<th scope=\"col\"><span>").append(Html.escape(name)).append("</span></th>");
    }
    html.append("</tr></thead><tbody>");
    for (int truth = 0; truth < matrix.classes().size(); truth++) {
      html.append("<tr><th class=\"text\" scope=\"row\">")
          .append(Html.escape(matrix.classes().get(truth)))
          .append("</th>");
      for (int predicted = 0; predicted < matrix.classes().size(); predicted++) {
        long count = matrix.counts()[truth][predicted];
        html.append(
            Figures.format(
                "<td%s>%s</td>",
                shade(truth, predicted), count == 0 ? "" : Figures.format("%,d", count)));
      }
      html.append("</tr>");
    }
    html.append("</tbody></table>");
  }

  private void appendPicture() {
    int classes = matrix.classes().size();
    html.append(
        Figures.format(
            "<svg class=\"confusion\" viewBox=\"0 0 %d %d\" role=\"img\" aria-label=\"%d classes by"
                + " %d; the most frequent mistakes are listed below\">"
                + "<rect class=\"ground\" width=\"%d\" height=\"%d\"/>",
            classes, classes, classes, classes, classes, classes));
    Map<String, StringBuilder> paths = new TreeMap<>();
    for (int truth = 0; truth < classes; truth++) {
      for (int predicted = 0; predicted < classes; predicted++) {
        if (matrix.counts()[truth][predicted] > 0) {
          paths
              .computeIfAbsent(shade(truth, predicted), shade -> new StringBuilder())
              .append(Figures.format("M%d %dh1v1h-1z", predicted, truth));
        }
      }
    }
    paths.forEach((shade, path) -> html.append(Figures.format("<path%s d=\"%s\"/>", shade, path)));
    html.append("</svg>");
  }

  // Right answers by their share of the class, mistakes by the most frequent mistake.
  private String shade(int truth, int predicted) {
    long count = matrix.counts()[truth][predicted];
    if (count == 0) {
      return "";
    }
    double share =
        truth == predicted ? matrix.recall(truth) : (double) count / confusions.get(0).count();
    int shade = Math.min(SHADES - 1, (int) (SHADES * share));
    return " class=\"" + (truth == predicted ? "hit" : "miss") + shade + "\"";
  }

  private void appendClasses() {
    List<Integer> order =
        IntStream.range(0, matrix.classes().size())
            .boxed()
            .sorted(Comparator.comparing(matrix::recall))
            .limit(MOST_IN_TABLE)
            .collect(Collectors.toList());
    html.append("<div class=\"card scroll\" tabindex=\"0\"><h3>Classes, hardest first</h3>");
    if (order.size() < matrix.classes().size()) {
      html.append(
          Figures.format(
              "<p class=\"soft\">The %d hardest of %,d.</p>",
              order.size(), matrix.classes().size()));
    }
    html.append("<table><thead><tr><th class=\"text\" scope=\"col\">class</th>")
        .append("<th scope=\"col\">images</th><th scope=\"col\">recall</th>")
        .append("<th scope=\"col\">precision</th><th scope=\"col\">F1</th></tr></thead><tbody>");
    for (int i : order) {
      html.append(
          Figures.format(
              "<tr><th class=\"text\" scope=\"row\">%s</th><td>%,d</td><td>%s</td><td>%s</td>"
                  + "<td>%s</td></tr>",
              Html.escape(matrix.classes().get(i)),
              matrix.images(i),
              Figures.percent(matrix.recall(i)),
              Figures.percent(matrix.precision(i)),
              Figures.percent(matrix.f1(i))));
    }
    html.append(
            "</tbody></table><p class=\"soft\">Recall: of the images of the class, how many were")
        .append(" recognised. Precision: of the images taken for it, how many belong to it. F1:")
        .append(" their harmonic mean.</p></div>");
  }

  private void appendConfusions() {
    html.append("<div class=\"card scroll\" tabindex=\"0\"><h3>Most frequent mistakes</h3>");
    if (confusions.isEmpty()) {
      html.append("<p class=\"soft\">None.</p></div>");
      return;
    }
    html.append("<table><thead><tr><th class=\"text\" scope=\"col\">it was</th>")
        .append("<th class=\"text\" scope=\"col\">taken for</th><th scope=\"col\">images</th>")
        .append("<th scope=\"col\">of the class</th></tr></thead><tbody>");
    for (ConfusionMatrix.Confusion confusion : confusions) {
      html.append(
          Figures.format(
              "<tr><td class=\"text\">%s</td><td class=\"text\">%s</td><td>%,d</td><td>%s</td></tr>",
              Html.escape(matrix.classes().get(confusion.truth())),
              Html.escape(matrix.classes().get(confusion.predicted())),
              confusion.count(),
              Figures.percent((double) confusion.count() / matrix.images(confusion.truth()))));
    }
    html.append("</tbody></table></div>");
  }
}
