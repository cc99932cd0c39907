package dev.subbit.tribuo.training.internal.codebook;

import java.util.Arrays;

/** Matchings of the largest weight between the two sides of a bipartite graph. */
final class Matching {

  private Matching() {}

  /**
   * Gives every column a row of its own so that the sum of the weights is largest: the Hungarian
   * method with potentials (Kuhn, 1955; Jonker and Volgenant, 1987), O(columns^2 rows).
   *
   * @param weights finite weights, [rows, columns].
   * @param columns number of columns, at most as many as rows.
   * @return the row of each column; all different.
   */
  static int[] best(double[] weights, int columns) {
    int rows = weights.length / columns;
    double[] columnPotential = new double[columns + 1];
    double[] rowPotential = new double[rows + 1];
    // Rows and columns count from 1 here; 0 stands for none.
    int[] columnOfRow = new int[rows + 1];
    int[] previous = new int[rows + 1];
    for (int column = 1; column <= columns; column++) {
      double[] slack = new double[rows + 1];
      Arrays.fill(slack, Double.POSITIVE_INFINITY);
      boolean[] visited = new boolean[rows + 1];
      columnOfRow[0] = column;
      int row = 0;
      // Grows a tree of tight edges from the column until it meets a free row.
      do {
        visited[row] = true;
        int from = columnOfRow[row];
        double smallest = Double.POSITIVE_INFINITY;
        int nearest = 0;
        for (int r = 1; r <= rows; r++) {
          if (!visited[r]) {
            double reduced =
                -weights[(r - 1) * columns + from - 1] - columnPotential[from] - rowPotential[r];
            if (reduced < slack[r]) {
              slack[r] = reduced;
              previous[r] = row;
            }
            if (slack[r] < smallest) {
              smallest = slack[r];
              nearest = r;
            }
          }
        }
        for (int r = 0; r <= rows; r++) {
          if (visited[r]) {
            columnPotential[columnOfRow[r]] += smallest;
            rowPotential[r] -= smallest;
          } else {
            slack[r] -= smallest;
          }
        }
        row = nearest;
      } while (columnOfRow[row] != 0);
      // Swaps matched and unmatched edges along the path to that row.
      while (row != 0) {
        columnOfRow[row] = columnOfRow[previous[row]];
        row = previous[row];
      }
    }
    int[] rowOfColumn = new int[columns];
    for (int r = 1; r <= rows; r++) {
      if (columnOfRow[r] != 0) {
        rowOfColumn[columnOfRow[r] - 1] = r - 1;
      }
    }
    return rowOfColumn;
  }
}
