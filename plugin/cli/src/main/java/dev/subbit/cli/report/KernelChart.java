package dev.subbit.cli.report;

import java.util.BitSet;

/**
 * How often each of the 512 binary kernels occurs in a layer, the most frequent first, for the
 * template {@code chart/kernels.jte}: bars after training, those of the layer's codebook set apart,
 * over them a line for before training. Both are sorted separately. Immutable.
 */
public final class KernelChart {

  /** The left end of the x axis. */
  public static final int LEFT = 40;

  /** The right end of the x axis. */
  public static final int RIGHT = LEFT + KernelDistribution.KERNELS;

  /** The upper end of the y axis. */
  public static final int TOP = 8;

  /** The lower end of the y axis. */
  public static final int BOTTOM = TOP + 130;

  /** The picture's width. */
  public static final int WIDTH = RIGHT + 12;

  /** The picture's height. */
  public static final int HEIGHT = BOTTOM + 22;

  private final KernelDistribution before;
  private final KernelDistribution after;
  private final BitSet codebook;
  private final int few;
  private final int[] order;
  private final int[] orderBefore;
  private final int most;

  /**
   * Prepares the chart of a layer, or of several together.
   *
   * @param before the kernels before training.
   * @param after the kernels after training.
   * @param codebook the codewords of the layer's codebook; empty where it has none.
   * @param few rank up to which the kernels are set apart by a mark.
   */
  KernelChart(KernelDistribution before, KernelDistribution after, BitSet codebook, int few) {
    this.before = before;
    this.after = after;
    this.codebook = codebook;
    this.few = few;
    order = after.byFrequency();
    orderBefore = before.byFrequency();
    most = Math.max(1, Math.max(after.count(order[0]), before.count(orderBefore[0])));
  }

  /**
   * The chart in words, for screen readers.
   *
   * @return plain text.
   */
  public String description() {
    return Figures.format(
        "Kernels by binary kernel, most frequent first. The first %d hold %s before training and %s"
            + " after.",
        few, Figures.percent(before.coverage(few)), Figures.percent(after.coverage(few)));
  }

  /**
   * The rank up to which the kernels are set apart.
   *
   * @return 1 to 512.
   */
  public int few() {
    return few;
  }

  /**
   * The frequency at the upper end of the y axis.
   *
   * @return a number.
   */
  public String most() {
    return Figures.format("%,d", most);
  }

  /**
   * The bars after training of the kernels that no codeword of the layer's codebook is.
   *
   * @return an SVG path; empty where there are none.
   */
  public String others() {
    return bars(false);
  }

  /**
   * The bars after training of the kernels that are codewords of the layer's codebook.
   *
   * @return an SVG path; empty where there are none.
   */
  public String members() {
    return bars(true);
  }

  /**
   * The frequencies before training: a line in steps, with a corner only where the height changes.
   *
   * @return points.
   */
  public String before() {
    int height = before.count(orderBefore[0]);
    StringBuilder points = new StringBuilder(Figures.format("%d,%.1f ", LEFT, y(height)));
    for (int rank = 1; rank < KernelDistribution.KERNELS; rank++) {
      int count = before.count(orderBefore[rank]);
      if (count != height) {
        points.append(Figures.format("%d,%.1f ", LEFT + rank, y(height)));
        points.append(Figures.format("%d,%.1f ", LEFT + rank, y(count)));
        height = count;
      }
    }
    return points.append(Figures.format("%d,%.1f", RIGHT, y(height))).toString();
  }

  // Neighbours of one height are one rectangle.
  private String bars(boolean member) {
    StringBuilder path = new StringBuilder();
    int rank = 0;
    while (rank < KernelDistribution.KERNELS && after.count(order[rank]) > 0) {
      int count = after.count(order[rank]);
      int end = rank;
      while (end < KernelDistribution.KERNELS
          && after.count(order[end]) == count
          && codebook.get(order[end]) == member) {
        end++;
      }
      if (end > rank) {
        path.append(
            Figures.format(
                "M%d %dV%.1fh%dV%dz", LEFT + rank, BOTTOM, y(count), end - rank, BOTTOM));
      }
      rank = Math.max(end, rank + 1);
    }
    return path.toString();
  }

  private double y(int count) {
    return BOTTOM - (double) (BOTTOM - TOP) * count / most;
  }
}
