package dev.subbit.tribuo.training.internal.codebook;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.Arrays;
import java.util.SplittableRandom;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;

class MatchingTest {

  @Property(tries = 100)
  void noMatchingWeighsMore(
      @ForAll @IntRange(min = 1, max = 4) int columns,
      @ForAll @IntRange(min = 4, max = 6) int rows,
      @ForAll long seed) {
    double[] weights = new SplittableRandom(seed).doubles(rows * columns, -1, 1).toArray();
    int[] chosen = Matching.best(weights, columns);
    assertEquals(columns, Arrays.stream(chosen).distinct().count());
    double sum = 0;
    for (int column = 0; column < columns; column++) {
      sum += weights[chosen[column] * columns + column];
    }
    assertEquals(heaviest(weights, columns, 0, new boolean[rows]), sum, 1e-12);
  }

  /** Tries all matchings. */
  private static double heaviest(double[] weights, int columns, int column, boolean[] taken) {
    if (column == columns) {
      return 0;
    }
    double best = Double.NEGATIVE_INFINITY;
    for (int row = 0; row < taken.length; row++) {
      if (!taken[row]) {
        taken[row] = true;
        best =
            Math.max(
                best,
                weights[row * columns + column] + heaviest(weights, columns, column + 1, taken));
        taken[row] = false;
      }
    }
    return best;
  }
}
