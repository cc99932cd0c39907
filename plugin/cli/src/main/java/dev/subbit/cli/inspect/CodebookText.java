package dev.subbit.cli.inspect;

import dev.subbit.onnx.Codebook;
import dev.subbit.onnx.PackedConvWeights;
import java.util.Arrays;
import java.util.Comparator;

/**
 * Draws a codebook with characters: {@code #} for +1, {@code .} for -1, and the number of uses
 * below.
 */
final class CodebookText {

  private static final int TILES_A_LINE = 16;

  private CodebookText() {}

  /**
   * Draws a layer's codebook, the most used codewords first.
   *
   * @param weights the layer's weights.
   * @return lines, each ended by a line feed.
   */
  static String of(PackedConvWeights weights) {
    Codebook codebook = weights.codebook();
    int[] uses = new int[codebook.size()];
    for (int index : weights.indices()) {
      uses[index]++;
    }
    Integer[] order = new Integer[codebook.size()];
    Arrays.setAll(order, i -> i);
    Arrays.sort(order, Comparator.comparing(i -> -uses[i]));
    StringBuilder text = new StringBuilder();
    for (int start = 0; start < order.length; start += TILES_A_LINE) {
      Integer[] line =
          Arrays.copyOfRange(order, start, Math.min(start + TILES_A_LINE, order.length));
      for (int row = 0; row < 3; row++) {
        for (int index : line) {
          text.append("  ");
          for (int column = 0; column < 3; column++) {
            text.append(codebook.tap(index, 3 * row + column) == 1 ? '#' : '.');
          }
        }
        text.append('\n');
      }
      for (int index : line) {
        text.append(String.format("%5d", uses[index]));
      }
      text.append("\n\n");
    }
    return text.toString();
  }
}
