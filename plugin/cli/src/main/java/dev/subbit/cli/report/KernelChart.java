package dev.subbit.cli.report;

import java.util.BitSet;

/**
 * How often each of the 512 binary kernels occurs in a layer, the most frequent first, as inline
 * SVG: bars after training, those of the layer's codebook in another colour, over them a line for
 * before training. Both are sorted separately.
 */
final class KernelChart {

  private static final int LEFT = 40;
  private static final int PLOT = KernelDistribution.KERNELS;
  private static final int TOP = 8;
  private static final int HEIGHT = 130;
  private static final int BOTTOM = 22;
  private static final int WIDTH = LEFT + PLOT + 12;

  private KernelChart() {}

  /**
   * Draws a layer, or several together.
   *
   * @param before the kernels before training.
   * @param after the kernels after training.
   * @param codebook the codewords of the layer's codebook; empty where it has none.
   * @param few rank up to which the kernels are set apart by a mark.
   * @return one svg element.
   */
  static String svg(KernelDistribution before, KernelDistribution after, BitSet codebook, int few) {
    int[] order = after.byFrequency();
    int[] orderBefore = before.byFrequency();
    int most = Math.max(1, Math.max(after.count(order[0]), before.count(orderBefore[0])));
    StringBuilder svg = new StringBuilder();
    svg.append(
        Figures.format(
            "<svg class=\"kernels\" viewBox=\"0 0 %d %d\" role=\"img\" aria-label=\"Kernels by"
                + " binary kernel, most frequent first. The first %d hold %s before training and %s"
                + " after.\">",
            WIDTH,
            TOP + HEIGHT + BOTTOM,
            few,
            Figures.percent(before.coverage(few)),
            Figures.percent(after.coverage(few))));
    appendAxes(svg, most, few);
    appendBars(svg, after, order, codebook, false, most);
    appendBars(svg, after, order, codebook, true, most);
    appendBefore(svg, before, orderBefore, most);
    return svg.append("</svg>").toString();
  }

  // A line in steps, with a corner only where the height changes.
  private static void appendBefore(
      StringBuilder svg, KernelDistribution before, int[] order, int most) {
    int height = before.count(order[0]);
    svg.append("<polyline class=\"before\" points=\"");
    svg.append(Figures.format("%d,%.1f ", LEFT, y(height, most)));
    for (int rank = 1; rank < PLOT; rank++) {
      int count = before.count(order[rank]);
      if (count != height) {
        svg.append(Figures.format("%d,%.1f ", LEFT + rank, y(height, most)));
        svg.append(Figures.format("%d,%.1f ", LEFT + rank, y(count, most)));
        height = count;
      }
    }
    svg.append(Figures.format("%d,%.1f\"/>", LEFT + PLOT, y(height, most)));
  }

  private static void appendAxes(StringBuilder svg, int most, int few) {
    int base = TOP + HEIGHT;
    svg.append(
        Figures.format(
            "<line class=\"grid\" x1=\"%d\" y1=\"%d\" x2=\"%d\" y2=\"%d\"/>"
                + "<text class=\"tick\" x=\"%d\" y=\"%d\" text-anchor=\"end\">%,d</text>"
                + "<text class=\"tick\" x=\"%d\" y=\"%d\" text-anchor=\"end\">0</text>",
            LEFT, base, LEFT + PLOT, base, LEFT - 5, TOP + 8, most, LEFT - 5, base));
    svg.append(
        Figures.format(
            "<line class=\"mark\" x1=\"%d\" y1=\"%d\" x2=\"%d\" y2=\"%d\"/>"
                + "<text class=\"tick\" x=\"%d\" y=\"%d\" text-anchor=\"middle\">%d</text>"
                + "<text class=\"tick\" x=\"%d\" y=\"%d\" text-anchor=\"end\">512</text>",
            LEFT + few,
            TOP,
            LEFT + few,
            base + 4,
            LEFT + few,
            base + 17,
            few,
            LEFT + PLOT,
            base + 17));
  }

  // One path for all bars of a kind; neighbours of one height are one rectangle.
  private static void appendBars(
      StringBuilder svg,
      KernelDistribution after,
      int[] order,
      BitSet codebook,
      boolean member,
      int most) {
    StringBuilder path = new StringBuilder();
    int rank = 0;
    while (rank < PLOT && after.count(order[rank]) > 0) {
      int count = after.count(order[rank]);
      int end = rank;
      while (end < PLOT && after.count(order[end]) == count && codebook.get(order[end]) == member) {
        end++;
      }
      if (end > rank) {
        path.append(
            Figures.format(
                "M%d %dV%.1fh%dV%dz",
                LEFT + rank, TOP + HEIGHT, y(count, most), end - rank, TOP + HEIGHT));
      }
      rank = Math.max(end, rank + 1);
    }
    if (path.length() > 0) {
      svg.append("<path class=\"")
          .append(member ? "member" : "other")
          .append("\" d=\"")
          .append(path)
          .append("\"/>");
    }
  }

  private static double y(int count, int most) {
    return TOP + HEIGHT - (double) HEIGHT * count / most;
  }
}
