package dev.subbit.tribuo.quantizer.fit;

/** Solves small normal equations. */
final class LeastSquares {

  /** Added to the diagonal, as a share of its mean, so that equal columns are harmless. */
  private static final double RIDGE = 1e-7;

  private LeastSquares() {}

  /**
   * Solves a x = b by Gaussian elimination.
   *
   * @param normal a, [n, n], symmetric and not negative.
   * @param right b, [n].
   * @return x; zeros if a is zero.
   */
  static double[] solve(double[][] normal, double[] right) {
    int n = right.length;
    double trace = 0;
    for (int i = 0; i < n; i++) {
      trace += normal[i][i];
    }
    if (!(trace > 0)) {
      return new double[n];
    }
    double[][] a = new double[n][];
    double[] x = right.clone();
    for (int i = 0; i < n; i++) {
      a[i] = normal[i].clone();
      a[i][i] += RIDGE * trace / n;
    }
    // Positive definite with the ridge, so that no pivot has to be searched for.
    for (int k = 0; k < n; k++) {
      for (int i = k + 1; i < n; i++) {
        double factor = a[i][k] / a[k][k];
        for (int j = k; j < n; j++) {
          a[i][j] -= factor * a[k][j];
        }
        x[i] -= factor * x[k];
      }
    }
    for (int k = n - 1; k >= 0; k--) {
      for (int j = k + 1; j < n; j++) {
        x[k] -= a[k][j] * x[j];
      }
      x[k] /= a[k][k];
    }
    return x;
  }
}
