package dev.subbit.tribuo.quantizer.fit;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.SplittableRandom;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import org.junit.jupiter.api.Test;

class LeastSquaresTest {

  @Test
  void solvesTwoEquations() {
    // 2x + y = 4 and x + 3y = 7.
    assertArrayEquals(
        new double[] {1, 2},
        LeastSquares.solve(new double[][] {{2, 1}, {1, 3}}, new double[] {4, 7}),
        1e-6);
  }

  @Test
  void nothingToFitIsFittedWithZeros() {
    assertArrayEquals(new double[2], LeastSquares.solve(new double[2][2], new double[] {1, -1}));
    assertArrayEquals(
        new double[1], LeastSquares.solve(new double[][] {{Double.NaN}}, new double[] {1}));
  }

  @Test
  void equalColumnsShareWhatEitherCouldDo() {
    // Both columns are the same: x + y = 3 is all that is known.
    double[] x = LeastSquares.solve(new double[][] {{4, 4}, {4, 4}}, new double[] {12, 12});
    assertEquals(1.5, x[0], 1e-4);
    assertEquals(1.5, x[1], 1e-4);
  }

  @Test
  void leavesItsArgumentsAsTheyAre() {
    double[][] normal = {{2, 1}, {1, 3}};
    double[] right = {4, 7};
    LeastSquares.solve(normal, right);
    assertArrayEquals(new double[] {2, 1}, normal[0]);
    assertArrayEquals(new double[] {1, 3}, normal[1]);
    assertArrayEquals(new double[] {4, 7}, right);
  }

  @Property(tries = 100)
  void noOtherSolutionHasASmallerError(
      @ForAll @IntRange(min = 1, max = 8) int n, @ForAll long seed) {
    SplittableRandom rng = new SplittableRandom(seed);
    int rows = 12;
    double[][] columns = new double[n][rows];
    double[] wanted = new double[rows];
    for (int r = 0; r < rows; r++) {
      wanted[r] = rng.nextDouble(-1, 1);
      for (double[] column : columns) {
        column[r] = rng.nextDouble(-1, 1);
      }
    }
    double[][] normal = new double[n][n];
    double[] right = new double[n];
    for (int r = 0; r < rows; r++) {
      for (int i = 0; i < n; i++) {
        right[i] += columns[i][r] * wanted[r];
        for (int j = 0; j < n; j++) {
          normal[i][j] += columns[i][r] * columns[j][r];
        }
      }
    }
    double[] x = LeastSquares.solve(normal, right);
    double least = error(columns, x, wanted);
    for (int i = 0; i < n; i++) {
      for (double step : new double[] {-0.01, 0.01}) {
        double[] other = x.clone();
        other[i] += step;
        assertTrue(error(columns, other, wanted) > least, "moved along " + i);
      }
    }
  }

  private static double error(double[][] columns, double[] x, double[] wanted) {
    double error = 0;
    for (int r = 0; r < wanted.length; r++) {
      double difference = wanted[r];
      for (int i = 0; i < x.length; i++) {
        difference -= columns[i][r] * x[i];
      }
      error += difference * difference;
    }
    return error;
  }
}
