package dev.subbit.cli.report;

import dev.subbit.tribuo.evaluation.ConfusionMatrix;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.IntStream;

/**
 * Predictions for the test images, class by class, for the template {@code training/confusion.jte}.
 */
public final class ConfusionSection {

  /** With more classes than this a table of all pairs fits no screen; it becomes a picture. */
  private static final int MOST_IN_TABLE = 24;

  private static final int MOST_CONFUSIONS = 10;
  private static final int SHADES = 5;

  private final ConfusionMatrix matrix;
  private final List<ConfusionMatrix.Confusion> confusions;

  /**
   * Prepares the section.
   *
   * @param matrix the counts.
   */
  ConfusionSection(ConfusionMatrix matrix) {
    this.matrix = matrix;
    this.confusions = matrix.largest(MOST_CONFUSIONS);
  }

  /**
   * A true class with its predictions.
   *
   * @param name the class.
   * @param cells the predictions by class.
   */
  public record Row(String name, List<Cell> cells) {}

  /**
   * The images of a class that were taken for a class.
   *
   * @param kind {@code hit0} to {@code hit4} or {@code miss0} to {@code miss4}; empty where there
   *     are none.
   * @param count their number; empty where there are none.
   */
  public record Cell(String kind, String count) {}

  /**
   * Cells of the picture that look the same.
   *
   * @param kind their kind.
   * @param path an SVG path.
   */
  public record Cells(String kind, String path) {}

  /**
   * How well a class is recognised.
   *
   * @param name the class.
   * @param images the number of its images.
   * @param recall the share of its images that were recognised.
   * @param precision the share of what was taken for it that belongs to it.
   * @param f1 their harmonic mean.
   */
  public record ClassRow(String name, String images, String recall, String precision, String f1) {}

  /**
   * A mistake.
   *
   * @param truth what it was.
   * @param predicted what it was taken for.
   * @param images how often.
   * @param share the share of the true class.
   */
  public record Mistake(String truth, String predicted, String images, String share) {}

  /**
   * The classes.
   *
   * @return their names.
   */
  public List<String> classes() {
    return matrix.classes();
  }

  /**
   * Whether there are few enough classes for a table of all pairs.
   *
   * @return false if there is to be a picture.
   */
  public boolean fitsTable() {
    return matrix.classes().size() <= MOST_IN_TABLE;
  }

  /**
   * The table.
   *
   * @return a row per true class.
   */
  public List<Row> rows() {
    List<Row> rows = new ArrayList<>();
    for (int truth = 0; truth < matrix.classes().size(); truth++) {
      List<Cell> cells = new ArrayList<>();
      for (int predicted = 0; predicted < matrix.classes().size(); predicted++) {
        long count = matrix.counts()[truth][predicted];
        cells.add(new Cell(kind(truth, predicted), count == 0 ? "" : Figures.format("%,d", count)));
      }
      rows.add(new Row(matrix.classes().get(truth), cells));
    }
    return rows;
  }

  /**
   * The picture: a column per predicted class, a row per true class, of one unit each.
   *
   * @return its cells by kind.
   */
  public List<Cells> picture() {
    Map<String, StringBuilder> paths = new TreeMap<>();
    int classes = matrix.classes().size();
    for (int truth = 0; truth < classes; truth++) {
      for (int predicted = 0; predicted < classes; predicted++) {
        if (matrix.counts()[truth][predicted] > 0) {
          paths
              .computeIfAbsent(kind(truth, predicted), kind -> new StringBuilder())
              .append(Figures.format("M%d %dh1v1h-1z", predicted, truth));
        }
      }
    }
    return paths.entrySet().stream()
        .map(path -> new Cells(path.getKey(), path.getValue().toString()))
        .toList();
  }

  // Right answers by their share of the class, mistakes by the most frequent mistake.
  private String kind(int truth, int predicted) {
    long count = matrix.counts()[truth][predicted];
    if (count == 0) {
      return "";
    }
    double share =
        truth == predicted ? matrix.recall(truth) : (double) count / confusions.get(0).count();
    int shade = Math.min(SHADES - 1, (int) (SHADES * share));
    return (truth == predicted ? "hit" : "miss") + shade;
  }

  /**
   * How well the classes are recognised.
   *
   * @return the hardest classes first, not more than a screen of them.
   */
  public List<ClassRow> hardest() {
    return IntStream.range(0, matrix.classes().size())
        .boxed()
        .sorted(Comparator.comparing(matrix::recall))
        .limit(MOST_IN_TABLE)
        .map(this::classRow)
        .toList();
  }

  private ClassRow classRow(int i) {
    return new ClassRow(
        matrix.classes().get(i),
        Figures.format("%,d", matrix.images(i)),
        Figures.percent(matrix.recall(i)),
        Figures.percent(matrix.precision(i)),
        Figures.percent(matrix.f1(i)));
  }

  /**
   * The mistakes.
   *
   * @return the most frequent ones first, not more than ten.
   */
  public List<Mistake> mistakes() {
    return confusions.stream()
        .map(
            confusion ->
                new Mistake(
                    matrix.classes().get(confusion.truth()),
                    matrix.classes().get(confusion.predicted()),
                    Figures.format("%,d", confusion.count()),
                    Figures.percent((double) confusion.count() / matrix.images(confusion.truth()))))
        .toList();
  }
}
