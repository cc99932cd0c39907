package dev.subbit.tribuo.training.internal.codebook;

import java.util.Arrays;

/**
 * Sinkhorn's normalisation of scores, and its gradient: the soft form of "every column takes one
 * row, and no row is taken twice".
 *
 * <p>The scores [rows, columns], divided by a temperature and exponentiated, get one more column of
 * ones, for the rows that no column takes. Rows are scaled to the sum 1 and columns to theirs, 1 or
 * rows - columns for the added one, in turns, {@value #ITERATIONS} times, columns last. As the
 * temperature falls, the result goes to the matching of the largest total score.
 *
 * <p>Source: Mena et al., "Learning Latent Permutations with Gumbel-Sinkhorn Networks", ICLR 2018;
 * the added column is the usual way to leave rows unmatched.
 */
final class Sinkhorn {

  static final int ITERATIONS = 10;

  private final int rows;
  private final int columns;
  private final double temperature;
  // The exponentiated scores with the added column, each row divided by its largest.
  private final double[] kernel;
  // The factors of rows and columns after each iteration; those of columns also before the first.
  private final double[][] rowFactors = new double[ITERATIONS][];
  private final double[][] columnFactors = new double[ITERATIONS + 1][];

  /**
   * Normalises scores, and keeps what the gradient needs.
   *
   * @param scores finite scores, [rows, columns].
   * @param columns number of columns, less than that of rows.
   * @param temperature positive.
   */
  Sinkhorn(double[] scores, int columns, double temperature) {
    this.rows = scores.length / columns;
    this.columns = columns;
    this.temperature = temperature;
    int width = columns + 1;
    this.kernel = new double[rows * width];
    for (int row = 0; row < rows; row++) {
      double largest = 0;
      for (int column = 0; column < columns; column++) {
        largest = Math.max(largest, scores[row * columns + column] / temperature);
      }
      for (int column = 0; column < columns; column++) {
        kernel[row * width + column] =
            StrictMath.exp(scores[row * columns + column] / temperature - largest);
      }
      kernel[row * width + columns] = StrictMath.exp(-largest);
    }
    columnFactors[0] = new double[width];
    Arrays.fill(columnFactors[0], 1);
    for (int i = 0; i < ITERATIONS; i++) {
      rowFactors[i] = overRows(columnFactors[i]);
      for (int row = 0; row < rows; row++) {
        rowFactors[i][row] = 1 / rowFactors[i][row];
      }
      columnFactors[i + 1] = overColumns(rowFactors[i]);
      for (int column = 0; column < width; column++) {
        columnFactors[i + 1][column] = target(column) / columnFactors[i + 1][column];
      }
    }
  }

  /** The sum that a column is scaled to. */
  private double target(int column) {
    return column < columns ? 1 : rows - columns;
  }

  /** The kernel times a vector over columns. */
  private double[] overRows(double[] vector) {
    int width = columns + 1;
    double[] sums = new double[rows];
    for (int row = 0; row < rows; row++) {
      double sum = 0;
      for (int column = 0; column < width; column++) {
        sum += kernel[row * width + column] * vector[column];
      }
      sums[row] = sum;
    }
    return sums;
  }

  /** The transposed kernel times a vector over rows. */
  private double[] overColumns(double[] vector) {
    int width = columns + 1;
    double[] sums = new double[width];
    for (int row = 0; row < rows; row++) {
      for (int column = 0; column < width; column++) {
        sums[column] += kernel[row * width + column] * vector[row];
      }
    }
    return sums;
  }

  /** The normalised scores, [rows, columns], without the added column. */
  double[] normalized() {
    double[] normalized = new double[rows * columns];
    double[] byRow = rowFactors[ITERATIONS - 1];
    double[] byColumn = columnFactors[ITERATIONS];
    for (int row = 0; row < rows; row++) {
      for (int column = 0; column < columns; column++) {
        normalized[row * columns + column] =
            byRow[row] * kernel[row * (columns + 1) + column] * byColumn[column];
      }
    }
    return normalized;
  }

  /**
   * The gradient of the scores.
   *
   * @param gradient that of the normalised scores, [rows, columns].
   * @return [rows, columns].
   */
  double[] gradient(double[] gradient) {
    int width = columns + 1;
    double[] kernelGradient = new double[rows * width];
    double[] byRow = new double[rows];
    double[] byColumn = new double[width];
    double[] lastRow = rowFactors[ITERATIONS - 1];
    double[] lastColumn = columnFactors[ITERATIONS];
    for (int row = 0; row < rows; row++) {
      for (int column = 0; column < columns; column++) {
        double g = gradient[row * columns + column];
        double k = kernel[row * width + column];
        kernelGradient[row * width + column] = g * lastRow[row] * lastColumn[column];
        byRow[row] += g * k * lastColumn[column];
        byColumn[column] += g * k * lastRow[row];
      }
    }
    // Back through the iterations: column factors are target / (K^T row factors), row factors are
    // 1 / (K column factors).
    for (int i = ITERATIONS - 1; i >= 0; i--) {
      double[] rowFactor = rowFactors[i];
      double[] columnFactor = columnFactors[i + 1];
      for (int column = 0; column < width; column++) {
        byColumn[column] *= -columnFactor[column] * columnFactor[column] / target(column);
      }
      double[] fromColumns = overRows(byColumn);
      for (int row = 0; row < rows; row++) {
        byRow[row] = -(byRow[row] + fromColumns[row]) * rowFactor[row] * rowFactor[row];
      }
      double[] before = columnFactors[i];
      for (int row = 0; row < rows; row++) {
        for (int column = 0; column < width; column++) {
          kernelGradient[row * width + column] +=
              rowFactor[row] * byColumn[column] + byRow[row] * before[column];
        }
      }
      byColumn = overColumns(byRow);
      Arrays.fill(byRow, 0);
    }
    double[] scores = new double[rows * columns];
    for (int row = 0; row < rows; row++) {
      for (int column = 0; column < columns; column++) {
        int at = row * width + column;
        scores[row * columns + column] = kernelGradient[at] * kernel[at] / temperature;
      }
    }
    return scores;
  }
}
