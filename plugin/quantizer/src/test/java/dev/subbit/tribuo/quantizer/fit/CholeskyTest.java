package dev.subbit.tribuo.quantizer.fit;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.SplittableRandom;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import org.junit.jupiter.api.Test;

class CholeskyTest {

  /** B B^T + n, whose eigenvalues are n and more. */
  private static float[] positiveDefinite(int n, long seed) {
    SplittableRandom rng = new SplittableRandom(seed);
    float[] b = new float[n * n];
    for (int i = 0; i < b.length; i++) {
      b[i] = (float) rng.nextDouble(-1, 1);
    }
    float[] matrix = new float[n * n];
    for (int i = 0; i < n; i++) {
      for (int j = 0; j <= i; j++) {
        double sum = i == j ? n : 0;
        for (int k = 0; k < n; k++) {
          sum += (double) b[i * n + k] * b[j * n + k];
        }
        matrix[i * n + j] = (float) sum;
        matrix[j * n + i] = (float) sum;
      }
    }
    return matrix;
  }

  private static void assertFactors(float[] matrix, int n) {
    double[] l = Cholesky.factor(matrix, n);
    for (int i = 0; i < n; i++) {
      assertTrue(l[i * n + i] > 0, "the diagonal is positive");
      for (int j = 0; j < n; j++) {
        double sum = 0;
        for (int k = 0; k < n; k++) {
          sum += l[i * n + k] * l[j * n + k];
        }
        assertEquals(matrix[i * n + j], sum, 1e-10 * n, "at " + i + ", " + j);
        if (j > i) {
          assertEquals(0, l[i * n + j], "above the diagonal");
        }
      }
    }
  }

  @Test
  void factorsTheTextbooksMatrix() {
    float[] matrix = {4, 12, -16, 12, 37, -43, -16, -43, 98};
    assertArrayEquals(new double[] {2, 0, 0, 6, 1, 0, -8, 5, 3}, Cholesky.factor(matrix, 3), 1e-12);
  }

  @Test
  void theFactorOfANumberIsItsRoot() {
    assertArrayEquals(new double[] {3}, Cholesky.factor(new float[] {9}, 1));
  }

  @Property(tries = 40)
  void theFactorTimesItsTransposeIsTheMatrix(
      @ForAll @IntRange(min = 1, max = 60) int n, @ForAll long seed) {
    assertFactors(positiveDefinite(n, seed), n);
  }

  @Test
  void matricesMayBeWiderThanTheBlocksTheyAreFactoredIn() {
    // 48 columns go together: one block, one and a rest, two, and three with a rest below four.
    for (int n : new int[] {48, 49, 96, 147}) {
      assertFactors(positiveDefinite(n, n), n);
    }
  }

  @Test
  void onlyTheLowerHalfIsRead() {
    float[] matrix = {4, Float.NaN, 2, 2};
    assertArrayEquals(new double[] {2, 0, 1, 1}, Cholesky.factor(matrix, 2), 1e-12);
  }

  @Test
  void aMatrixThatIsNotPositiveDefiniteIsRefusedWithTheColumn() {
    // The second pivot of the first is 1 - 2^2, that of the second 1 - 1^2.
    for (float[] matrix : new float[][] {{1, 2, 2, 1}, {1, 1, 1, 1}, {1, 0, 0, Float.NaN}}) {
      String message =
          assertThrows(IllegalArgumentException.class, () -> Cholesky.factor(matrix, 2))
              .getMessage();
      assertTrue(message.endsWith("at 1"), message);
    }
    float[] late = positiveDefinite(60, 1);
    late[55 * 60 + 55] = -1;
    assertTrue(
        assertThrows(IllegalArgumentException.class, () -> Cholesky.factor(late, 60))
            .getMessage()
            .endsWith("at 55"));
  }
}
