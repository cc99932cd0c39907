package dev.subbit.tribuo.training.internal.codebook;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.SplittableRandom;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import org.junit.jupiter.api.Test;

class SinkhornTest {

  private static double[] numbers(int count, SplittableRandom rng) {
    return rng.doubles(count, -1, 1).toArray();
  }

  @Property(tries = 50)
  void columnsSumToOneAndNoRowIsTakenTwice(
      @ForAll @IntRange(min = 1, max = 5) int columns, @ForAll long seed) {
    int rows = 7;
    double[] soft =
        new Sinkhorn(numbers(rows * columns, new SplittableRandom(seed)), columns, 0.5)
            .normalized();
    for (int column = 0; column < columns; column++) {
      double sum = 0;
      for (int row = 0; row < rows; row++) {
        sum += soft[row * columns + column];
      }
      assertEquals(1, sum, 1e-9);
    }
    for (int row = 0; row < rows; row++) {
      double sum = 0;
      for (int column = 0; column < columns; column++) {
        sum += soft[row * columns + column];
      }
      // Rows were scaled before the columns, which moves them a little.
      assertTrue(sum <= 1.05, "row " + row + " is taken " + sum + " times");
    }
  }

  @Property(tries = 20)
  void theGradientEqualsFiniteDifferences(
      @ForAll @IntRange(min = 1, max = 4) int columns, @ForAll long seed) {
    int rows = 6;
    SplittableRandom rng = new SplittableRandom(seed);
    double[] scores = numbers(rows * columns, rng);
    double[] weights = numbers(rows * columns, rng);
    double[] gradient = new Sinkhorn(scores, columns, 0.4).gradient(weights);
    for (int i = 0; i < scores.length; i++) {
      double score = scores[i];
      double step = 1e-5;
      scores[i] = score + step;
      double up = weighted(weights, scores, columns);
      scores[i] = score - step;
      double down = weighted(weights, scores, columns);
      scores[i] = score;
      assertEquals((up - down) / (2 * step), gradient[i], 1e-6);
    }
  }

  private static double weighted(double[] weights, double[] scores, int columns) {
    double[] soft = new Sinkhorn(scores, columns, 0.4).normalized();
    double sum = 0;
    for (int i = 0; i < soft.length; i++) {
      sum += weights[i] * soft[i];
    }
    return sum;
  }

  @Test
  void atALowTemperatureItIsTheMatching() {
    // One by one, the second column would lose its best row to the first.
    double[] scores = {0.9, 0.8, 0.7, 0.1, 0.1, 0.2};
    int[] rows = Matching.best(scores, 2);
    assertArrayEquals(new int[] {1, 0}, rows);
    double[] soft = new Sinkhorn(scores, 2, 0.02).normalized();
    assertArrayEquals(rows, Matching.best(soft, 2));
    assertTrue(soft[rows[0] * 2] > 0.8 && soft[rows[1] * 2 + 1] > 0.8, Arrays.toString(soft));
  }
}
