package dev.subbit.cli.report;

import dev.subbit.onnx.Codebook;
import dev.subbit.onnx.PackedConvWeights;
import java.util.Arrays;
import java.util.Comparator;

/**
 * One layer's codebook as inline SVG: every codeword a 3x3 tile (dark +1, light -1), the most used
 * first, above it a bar for how many kernels of the layer use it. Unused ones are pale. The tiles
 * come in pictures of {@value #GROUP}, all to one scale, which wrap like words.
 */
final class CodebookChart {

  private static final int CELL = 6;
  private static final int TILE = 3 * CELL;
  private static final int PITCH = TILE + 7;
  private static final int BAR = 44;
  private static final int GROUP = 4;

  /** Of a plain binary layer's 512 kernels, the least used are left out. */
  private static final int MOST = 64;

  private CodebookChart() {}

  /**
   * The number of codewords that are drawn: all of a codebook, or the most used of the 512 kernels
   * of a plain binary layer.
   *
   * @param codebook the layer's codebook.
   * @return the number.
   */
  static int shown(Codebook codebook) {
    return codebook.tau() == Codebook.MAX_TAU ? MOST : codebook.size();
  }

  /**
   * Draws a layer.
   *
   * @param weights the layer's weights.
   * @return one div element.
   */
  static String html(PackedConvWeights weights) {
    Codebook codebook = weights.codebook();
    int[] uses = uses(weights);
    Integer[] order = new Integer[codebook.size()];
    Arrays.setAll(order, i -> i);
    Arrays.sort(order, Comparator.comparing(i -> -uses[i]));
    int shown = shown(codebook);
    StringBuilder html = new StringBuilder("<div class=\"codebook\">");
    for (int first = 0; first < shown; first += GROUP) {
      appendGroup(html, codebook, uses, order, first, Math.min(shown, first + GROUP));
    }
    return html.append("</div>").toString();
  }

  private static void appendGroup(
      StringBuilder html, Codebook codebook, int[] uses, Integer[] order, int first, int end) {
    int most = Math.max(1, uses[order[0]]);
    html.append(
        Figures.format(
            "<svg viewBox=\"0 0 %d %d\" width=\"%d\" height=\"%d\" role=\"img\""
                + " aria-label=\"codewords %d to %d of %d by use: %,d to %,d kernels each\">",
            GROUP * PITCH,
            BAR + TILE + 4,
            GROUP * PITCH,
            BAR + TILE + 4,
            first + 1,
            end,
            order.length,
            uses[order[first]],
            uses[order[end - 1]]));
    for (int rank = first; rank < end; rank++) {
      int index = order[rank];
      int left = (rank - first) * PITCH;
      double height = (double) (BAR - 2) * uses[index] / most;
      html.append(
          Figures.format(
              "<g%s><title>index %d, codeword 0x%03x: %,d kernels</title>"
                  + "<rect class=\"bar\" x=\"%d\" y=\"%.1f\" width=\"%d\" height=\"%.1f\"/>"
                  + "<rect class=\"minus\" x=\"%d\" y=\"%d\" width=\"%d\" height=\"%d\"/>",
              uses[index] == 0 ? " class=\"unused\"" : "",
              index,
              codebook.codeword(index),
              uses[index],
              left,
              BAR - height,
              TILE,
              height,
              left,
              BAR + 4,
              TILE,
              TILE));
      appendPlusTaps(html, codebook, index, left);
      html.append("</g>");
    }
    html.append("</svg>");
  }

  /**
   * How often each codeword is used.
   *
   * @param weights the layer's weights.
   * @return number of kernels by index.
   */
  static int[] uses(PackedConvWeights weights) {
    int[] uses = new int[weights.codebook().size()];
    for (int index : weights.indices()) {
      uses[index]++;
    }
    return uses;
  }

  private static void appendPlusTaps(StringBuilder html, Codebook codebook, int index, int left) {
    StringBuilder path = new StringBuilder();
    for (int tap = 0; tap < Codebook.TAPS; tap++) {
      if (codebook.tap(index, tap) == 1) {
        path.append(
            Figures.format(
                "M%d %dh%dv%dh-%dz",
                left + tap % 3 * CELL, BAR + 4 + tap / 3 * CELL, CELL, CELL, CELL));
      }
    }
    html.append("<path class=\"plus\" d=\"").append(path).append("\"/>");
  }
}
