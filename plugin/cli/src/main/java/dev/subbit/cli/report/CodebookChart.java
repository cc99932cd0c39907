package dev.subbit.cli.report;

import dev.subbit.onnx.Codebook;
import dev.subbit.onnx.PackedConvWeights;
import dev.subbit.tribuo.network.TrainedNetwork;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;

/**
 * One layer's codebook for the template {@code chart/codebook.jte}: every codeword a 3x3 tile (dark
 * +1, light -1), the most used first, above it a bar for how many kernels of the layer use it.
 * Unused ones are pale. The tiles come in pictures of {@value #GROUP}, all to one scale, which wrap
 * like words. Immutable.
 */
public final class CodebookChart {

  private static final int CELL = 6;
  private static final int PITCH = 3 * CELL + 7;
  private static final int BAR = 44;
  private static final int GROUP = 4;

  /** The width and height of a tile. */
  public static final int TILE = 3 * CELL;

  /** The upper end of the tiles. */
  public static final int TOP = BAR + 4;

  /** The width of a picture. */
  public static final int WIDTH = GROUP * PITCH;

  /** The height of a picture. */
  public static final int HEIGHT = TOP + TILE;

  /** Of a plain binary layer's 512 kernels, the least used are left out. */
  private static final int MOST = 64;

  private final String layer;
  private final PackedConvWeights weights;
  private final Codebook codebook;
  private final int[] uses;
  private final Integer[] order;

  private CodebookChart(String layer, PackedConvWeights weights) {
    this.layer = layer;
    this.weights = weights;
    codebook = weights.codebook();
    uses = new int[codebook.size()];
    for (int index : weights.indices()) {
      uses[index]++;
    }
    order = new Integer[codebook.size()];
    Arrays.setAll(order, i -> i);
    Arrays.sort(order, Comparator.comparing(i -> -uses[i]));
  }

  /**
   * The charts of all sub-bit layers.
   *
   * @param trained the network.
   * @return a chart each, in the network's order.
   */
  static List<CodebookChart> of(TrainedNetwork trained) {
    return trained.network().nodes().stream()
        .filter(node -> trained.packed().containsKey(node.name()))
        .map(node -> new CodebookChart(node.name(), trained.packed().get(node.name())))
        .toList();
  }

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
   * Codewords that make one picture.
   *
   * @param description the picture in words, for screen readers.
   * @param tiles the codewords.
   */
  public record Group(String description, List<Tile> tiles) {}

  /**
   * One codeword.
   *
   * @param kind {@code used} or {@code unused}.
   * @param title the codeword and its uses.
   * @param left units from the left.
   * @param barTop upper end of its bar, in units from the top.
   * @param barHeight height of its bar.
   * @param plus the taps that are +1, as an SVG path.
   */
  public record Tile(
      String kind, String title, int left, String barTop, String barHeight, String plus) {}

  /**
   * The layer's name.
   *
   * @return plain text.
   */
  public String layer() {
    return layer;
  }

  /**
   * How many kernels and codewords there are.
   *
   * @return plain text.
   */
  public String counts() {
    long unused = Arrays.stream(uses).filter(count -> count == 0).count();
    return Figures.format(
        "%,d kernels from %d%s",
        weights.outChannels() * weights.inChannels(),
        codebook.size(),
        unused == 0 ? "" : ", " + unused + " unused");
  }

  /**
   * The codewords.
   *
   * @return the most used first.
   */
  public List<Group> groups() {
    int shown = shown(codebook);
    List<Group> groups = new ArrayList<>();
    for (int first = 0; first < shown; first += GROUP) {
      groups.add(group(first, Math.min(shown, first + GROUP)));
    }
    return groups;
  }

  private Group group(int first, int end) {
    List<Tile> tiles = new ArrayList<>();
    for (int rank = first; rank < end; rank++) {
      tiles.add(tile(order[rank], (rank - first) * PITCH));
    }
    return new Group(
        Figures.format(
            "codewords %d to %d of %d by use: %,d to %,d kernels each",
            first + 1, end, order.length, uses[order[first]], uses[order[end - 1]]),
        tiles);
  }

  private Tile tile(int index, int left) {
    double height = (double) (BAR - 2) * uses[index] / Math.max(1, uses[order[0]]);
    return new Tile(
        uses[index] == 0 ? "unused" : "used",
        Figures.format(
            "index %d, codeword 0x%03x: %,d kernels", index, codebook.codeword(index), uses[index]),
        left,
        Figures.format("%.1f", BAR - height),
        Figures.format("%.1f", height),
        plus(index, left));
  }

  private String plus(int index, int left) {
    StringBuilder path = new StringBuilder();
    for (int tap = 0; tap < Codebook.TAPS; tap++) {
      if (codebook.tap(index, tap) == 1) {
        path.append(
            Figures.format(
                "M%d %dh%dv%dh-%dz",
                left + tap % 3 * CELL, TOP + tap / 3 * CELL, CELL, CELL, CELL));
      }
    }
    return path.toString();
  }
}
