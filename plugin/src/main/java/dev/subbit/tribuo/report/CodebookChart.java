package dev.subbit.tribuo.report;

import dev.subbit.onnx.Codebook;
import dev.subbit.onnx.PackedConvWeights;
import java.util.Arrays;
import java.util.Comparator;

/**
 * One layer's codebook as inline SVG: every codeword a 3x3 tile (dark +1, light -1), the most used
 * first, above it a bar for how many kernels of the layer use it.
 */
final class CodebookChart {

  private static final int CELL = 6;
  private static final int TILE = 3 * CELL;
  private static final int PITCH = TILE + 7;
  private static final int BAR = 44;

  /** More codewords than this would not be told apart; the least used are left out. */
  private static final int MOST = 64;

  private CodebookChart() {}

  /**
   * Draws a layer.
   *
   * @param weights the layer's weights.
   * @return one svg element.
   */
  static String svg(PackedConvWeights weights) {
    Codebook codebook = weights.codebook();
    int[] uses = uses(weights);
    Integer[] order = new Integer[codebook.size()];
    Arrays.setAll(order, i -> i);
    Arrays.sort(order, Comparator.comparing(i -> -uses[i]));
    int shown = Math.min(MOST, order.length);
    int most = Math.max(1, uses[order[0]]);

    StringBuilder svg = new StringBuilder();
    svg.append(
        DemoTable.format(
            "<svg class=\"codebook\" viewBox=\"0 0 %d %d\" width=\"%d\" role=\"img\""
                + " aria-label=\"codebook\">",
            shown * PITCH, BAR + TILE + 4, shown * PITCH));
    for (int rank = 0; rank < shown; rank++) {
      int index = order[rank];
      int left = rank * PITCH;
      double height = (double) (BAR - 2) * uses[index] / most;
      svg.append(
          DemoTable.format(
              "<g><title>index %d, codeword 0x%03x: %,d kernels</title>"
                  + "<rect class=\"bar\" x=\"%d\" y=\"%.1f\" width=\"%d\" height=\"%.1f\"/>"
                  + "<rect class=\"minus\" x=\"%d\" y=\"%d\" width=\"%d\" height=\"%d\"/>",
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
      appendPlusTaps(svg, codebook, index, left);
      svg.append("</g>");
    }
    return svg.append("</svg>").toString();
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

  private static void appendPlusTaps(StringBuilder svg, Codebook codebook, int index, int left) {
    StringBuilder path = new StringBuilder();
    for (int tap = 0; tap < Codebook.TAPS; tap++) {
      if (codebook.tap(index, tap) == 1) {
        path.append(
            DemoTable.format(
                "M%d %dh%dv%dh-%dz",
                left + tap % 3 * CELL, BAR + 4 + tap / 3 * CELL, CELL, CELL, CELL));
      }
    }
    svg.append("<path class=\"plus\" d=\"").append(path).append("\"/>");
  }
}
