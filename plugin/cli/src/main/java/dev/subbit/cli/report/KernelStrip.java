package dev.subbit.cli.report;

import java.util.BitSet;

/**
 * One layer's kernels as a strip of 512 columns, one per binary kernel, as inline SVG: the darker,
 * the more often it occurs; below it a tick for every codeword of the layer's codebook. Strips that
 * share an order of columns can be compared by eye when they stand below each other.
 */
final class KernelStrip {

  /**
   * From how many times the frequency of an even spread on a column gets each shade; the first
   * shade is for what occurs at all.
   */
  static final double[] SHADES = {0, 1, 2, 4, 8};

  private static final int SHADED = 16;
  private static final int TICKS = 5;

  private KernelStrip() {}

  /**
   * Draws a layer.
   *
   * @param kernels its kernels.
   * @param codebook the codewords of its codebook; empty where it has none.
   * @param columns the binary kernels in the order to draw them in, all 512.
   * @param name its name for screen readers.
   * @return one svg element, to be stretched to any width.
   */
  static String svg(KernelDistribution kernels, BitSet codebook, int[] columns, String name) {
    int height = SHADED + (codebook.isEmpty() ? 0 : TICKS);
    StringBuilder svg = new StringBuilder();
    svg.append(
        Figures.format(
            "<svg class=\"strip\" viewBox=\"0 0 %d %d\" preserveAspectRatio=\"none\" role=\"img\""
                + " aria-label=\"%s: %d of the 512 binary kernels occur\">"
                + "<rect class=\"ground\" width=\"%d\" height=\"%d\"/>",
            columns.length, height, Html.escape(name), kernels.distinct(), columns.length, SHADED));
    double even = (double) kernels.total() / KernelDistribution.KERNELS;
    for (int shade = 0; shade < SHADES.length; shade++) {
      StringBuilder path = new StringBuilder();
      for (int column = 0; column < columns.length; column++) {
        int count = kernels.count(columns[column]);
        if (count > 0 && shade(count / even) == shade) {
          path.append(Figures.format("M%d 0h1v%dh-1z", column, SHADED));
        }
      }
      appendPath(svg, "shade" + shade, path);
    }
    StringBuilder ticks = new StringBuilder();
    for (int column = 0; column < columns.length; column++) {
      if (codebook.get(columns[column])) {
        ticks.append(Figures.format("M%d %dh1v%dh-1z", column, SHADED + 1, TICKS - 1));
      }
    }
    appendPath(svg, "member", ticks);
    return svg.append("</svg>").toString();
  }

  private static void appendPath(StringBuilder svg, String type, StringBuilder path) {
    if (path.length() > 0) {
      svg.append("<path class=\"").append(type).append("\" d=\"").append(path).append("\"/>");
    }
  }

  // The highest shade whose bound is reached.
  private static int shade(double timesEven) {
    int shade = SHADES.length - 1;
    while (timesEven < SHADES[shade]) {
      shade--;
    }
    return shade;
  }
}
