package dev.subbit.tribuo.quantizer.fit;

import java.util.stream.IntStream;

/** The Cholesky factor of a positive definite matrix: lower triangular L with L L^T = A. */
final class Cholesky {

  private static final int PANEL = 48;

  private Cholesky() {}

  /**
   * Factors a matrix, block column by block column, with rows in parallel.
   *
   * @param matrix [n, n], symmetric.
   * @param n rows.
   * @return L, [n, n]; above the diagonal it holds zeros.
   * @throws IllegalArgumentException if the matrix is not positive definite.
   */
  static double[] factor(float[] matrix, int n) {
    double[] l = new double[matrix.length];
    for (int i = 0; i < n; i++) {
      for (int j = 0; j <= i; j++) {
        l[i * n + j] = matrix[i * n + j];
      }
    }
    for (int start = 0; start < n; start += PANEL) {
      int end = Math.min(n, start + PANEL);
      factorDiagonal(l, n, start, end);
      int first = start;
      IntStream.range(end, n).parallel().forEach(row -> solveRow(l, n, row, first, end));
      // The panel transposed, so that the update below runs along rows.
      double[] panel = new double[(end - start) * (n - end)];
      for (int row = end; row < n; row++) {
        for (int k = start; k < end; k++) {
          panel[(k - start) * (n - end) + row - end] = l[row * n + k];
        }
      }
      IntStream.range(end, n).parallel().forEach(row -> update(l, n, row, first, end, panel));
    }
    return l;
  }

  private static void factorDiagonal(double[] l, int n, int start, int end) {
    for (int j = start; j < end; j++) {
      for (int i = j; i < end; i++) {
        double sum = l[i * n + j];
        for (int k = start; k < j; k++) {
          sum -= l[i * n + k] * l[j * n + k];
        }
        if (i == j) {
          if (!(sum > 0)) {
            throw new IllegalArgumentException("The matrix is not positive definite at " + j);
          }
          l[j * n + j] = Math.sqrt(sum);
        } else {
          l[i * n + j] = sum / l[j * n + j];
        }
      }
    }
  }

  private static void solveRow(double[] l, int n, int row, int start, int end) {
    for (int j = start; j < end; j++) {
      double sum = l[row * n + j];
      for (int k = start; k < j; k++) {
        sum -= l[row * n + k] * l[j * n + k];
      }
      l[row * n + j] = sum / l[j * n + j];
    }
  }

  private static void update(double[] l, int n, int row, int start, int end, double[] panel) {
    int width = n - end;
    int target = row * n + end;
    int length = row - end + 1;
    int k = start;
    // Four rows of the panel at once, so that the target is read and written a quarter as often.
    for (; k + 4 <= end; k += 4) {
      double f0 = l[row * n + k];
      double f1 = l[row * n + k + 1];
      double f2 = l[row * n + k + 2];
      double f3 = l[row * n + k + 3];
      int s0 = (k - start) * width;
      int s1 = s0 + width;
      int s2 = s1 + width;
      int s3 = s2 + width;
      for (int j = 0; j < length; j++) {
        l[target + j] -=
            f0 * panel[s0 + j] + f1 * panel[s1 + j] + f2 * panel[s2 + j] + f3 * panel[s3 + j];
      }
    }
    for (; k < end; k++) {
      double factor = l[row * n + k];
      int source = (k - start) * width;
      for (int j = 0; j < length; j++) {
        l[target + j] -= factor * panel[source + j];
      }
    }
  }
}
