package dev.subbit.cli.report;

import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;

/**
 * One layer's kernels as a strip of 512 columns, one per binary kernel, for the template {@code
 * chart/strip.jte}: the darker, the more often it occurs; below it a tick for every codeword of the
 * layer's codebook. Strips that share an order of columns can be compared by eye when they stand
 * below each other.
 *
 * @param layer the layer's name.
 * @param kernels the layer's kernels.
 * @param codebook the codewords of its codebook; empty where it has none.
 * @param columns the binary kernels in the order to draw them in, all 512.
 */
public record KernelStrip(
    String layer, KernelDistribution kernels, BitSet codebook, int[] columns) {

  /**
   * From how many times the frequency of an even spread on a column gets each shade; the first
   * shade is for what occurs at all.
   */
  static final double[] SHADES = {0, 1, 2, 4, 8};

  /** The height of a column. */
  public static final int SHADED = 16;

  private static final int TICKS = 5;

  /**
   * Cells that look the same.
   *
   * @param kind {@code shade0} to {@code shade4}, or {@code member} for the codebook.
   * @param path an SVG path.
   */
  public record Cells(String kind, String path) {}

  /**
   * The strip in words, for screen readers.
   *
   * @return plain text.
   */
  public String description() {
    return Figures.format(
        "%s: %d of the 512 binary kernels occur, the most frequent %d times as often as in an even"
            + " spread",
        layer, kernels.distinct(), Math.round(kernels.count(kernels.byFrequency()[0]) / even()));
  }

  /**
   * The picture's height.
   *
   * @return units.
   */
  public int height() {
    return SHADED + (codebook.isEmpty() ? 0 : TICKS);
  }

  /**
   * What is drawn.
   *
   * @return the columns by shade, then the ticks, without kinds that do not occur.
   */
  public List<Cells> cells() {
    List<Cells> cells = new ArrayList<>();
    for (int shade = 0; shade < SHADES.length; shade++) {
      StringBuilder path = new StringBuilder();
      for (int column = 0; column < columns.length; column++) {
        int count = kernels.count(columns[column]);
        if (count > 0 && shade(count / even()) == shade) {
          path.append(Figures.format("M%d 0h1v%dh-1z", column, SHADED));
        }
      }
      add(cells, "shade" + shade, path);
    }
    StringBuilder ticks = new StringBuilder();
    for (int column = 0; column < columns.length; column++) {
      if (codebook.get(columns[column])) {
        ticks.append(Figures.format("M%d %dh1v%dh-1z", column, SHADED + 1, TICKS - 1));
      }
    }
    add(cells, "member", ticks);
    return cells;
  }

  private static void add(List<Cells> cells, String kind, StringBuilder path) {
    if (path.length() > 0) {
      cells.add(new Cells(kind, path.toString()));
    }
  }

  // The frequency of each kernel in an even spread.
  private double even() {
    return (double) kernels.total() / KernelDistribution.KERNELS;
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
