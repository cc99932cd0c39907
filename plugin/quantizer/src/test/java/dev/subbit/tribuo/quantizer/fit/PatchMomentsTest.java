package dev.subbit.tribuo.quantizer.fit;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.Arrays;
import java.util.SplittableRandom;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import org.junit.jupiter.api.Test;

class PatchMomentsTest {

  private static float[] random(int count, double middle, SplittableRandom rng) {
    float[] values = new float[count];
    for (int i = 0; i < count; i++) {
      values[i] = (float) (middle + rng.nextDouble(-1, 1));
    }
    return values;
  }

  /** Mean of a column of a row-major matrix. */
  private static double mean(float[] values, int columns, int column) {
    double sum = 0;
    for (int at = column; at < values.length; at += columns) {
      sum += values[at];
    }
    return sum * columns / values.length;
  }

  /** The textbook's covariance of a column of a and one of b. */
  private static double covariance(
      float[] a, int columnsA, int columnA, float[] b, int columnsB, int columnB) {
    int rows = a.length / columnsA;
    double meanA = mean(a, columnsA, columnA);
    double meanB = mean(b, columnsB, columnB);
    double sum = 0;
    for (int row = 0; row < rows; row++) {
      sum += (a[row * columnsA + columnA] - meanA) * (b[row * columnsB + columnB] - meanB);
    }
    return sum / rows;
  }

  @Test
  void ofTwoPatchesTheMomentsAreThoseOfTwoNumbers() {
    PatchMoments moments = new PatchMoments(1, 1);
    // The first tap goes from 1 to 3, the last from 5 to 1, all others stay 0; outputs 10 and 20.
    float[] patches = new float[18];
    patches[0] = 1;
    patches[9] = 3;
    patches[8] = 5;
    patches[17] = 1;
    moments.add(patches, new float[] {10, 20}, 2);
    assertEquals(2, moments.count());
    assertEquals(2, moments.patchMean(0));
    assertEquals(3, moments.patchMean(8));
    assertEquals(15, moments.outputMean(0));
    assertEquals(25, moments.outputVariance(0));
    float[] covariance = moments.covariance();
    assertEquals(1, covariance[0]);
    assertEquals(-2, covariance[8], "first and last");
    assertEquals(-2, covariance[8 * 9], "last and first");
    assertEquals(4, covariance[80]);
    assertEquals(0, covariance[40]);
    assertArrayEquals(new float[] {5, 0, 0, 0, 0, 0, 0, 0, -10}, moments.crossCovariance());
  }

  @Property(tries = 20)
  void manyBatchesAreAsGoodAsOne(
      @ForAll @IntRange(min = 1, max = 3) int channels,
      @ForAll @IntRange(min = 1, max = 4) int outputs,
      @ForAll long seed) {
    SplittableRandom rng = new SplittableRandom(seed);
    int columns = 9 * channels;
    int[] batches = {3, 0, 40, 1};
    float[] patches = random(44 * columns, 3, rng);
    float[] wanted = random(44 * outputs, -2, rng);
    PatchMoments moments = new PatchMoments(channels, outputs);
    int first = 0;
    for (int rows : batches) {
      moments.add(
          Arrays.copyOfRange(patches, first * columns, (first + rows) * columns),
          Arrays.copyOfRange(wanted, first * outputs, (first + rows) * outputs),
          rows);
      first += rows;
    }
    assertEquals(44, moments.count());
    float[] covariance = moments.covariance();
    float[] cross = moments.crossCovariance();
    for (int i = 0; i < columns; i++) {
      assertEquals(mean(patches, columns, i), moments.patchMean(i), 1e-5);
      for (int j = 0; j < columns; j++) {
        assertEquals(
            covariance(patches, columns, i, patches, columns, j),
            covariance[i * columns + j],
            1e-5);
      }
      for (int o = 0; o < outputs; o++) {
        assertEquals(
            covariance(wanted, outputs, o, patches, columns, i), cross[o * columns + i], 1e-5);
      }
    }
    for (int o = 0; o < outputs; o++) {
      assertEquals(mean(wanted, outputs, o), moments.outputMean(o), 1e-5);
      assertEquals(
          covariance(wanted, outputs, o, wanted, outputs, o), moments.outputVariance(o), 1e-5);
    }
  }

  @Test
  void aMeanFarFromZeroCostsNoPrecision() {
    SplittableRandom rng = new SplittableRandom(1);
    float[] patches = random(200 * 9, 10_000, rng);
    float[] wanted = random(200, -10_000, rng);
    PatchMoments moments = new PatchMoments(1, 1);
    moments.add(patches.clone(), wanted.clone(), 200);
    // Sums of squares near 1e8 would leave a float no digit of a variance of 1/3.
    assertEquals(covariance(patches, 9, 2, patches, 9, 5), moments.covariance()[2 * 9 + 5], 1e-5);
    assertEquals(covariance(patches, 9, 4, patches, 9, 4), moments.covariance()[4 * 9 + 4], 1e-5);
    assertEquals(covariance(wanted, 1, 0, patches, 9, 4), moments.crossCovariance()[4], 1e-5);
    assertEquals(covariance(wanted, 1, 0, wanted, 1, 0), moments.outputVariance(0), 1e-5);
  }

  @Test
  void layersMayBeWiderThanWhatIsMultipliedAtOnce() {
    // 512 columns go together; 60 channels are 540.
    SplittableRandom rng = new SplittableRandom(1);
    float[] patches = random(20 * 540, 0, rng);
    float[] wanted = random(20 * 2, 0, rng);
    PatchMoments moments = new PatchMoments(60, 2);
    moments.add(patches.clone(), wanted.clone(), 20);
    float[] covariance = moments.covariance();
    float[] cross = moments.crossCovariance();
    for (int[] pair : new int[][] {{0, 511}, {0, 512}, {511, 539}, {512, 539}, {539, 3}}) {
      assertEquals(
          covariance(patches, 540, pair[0], patches, 540, pair[1]),
          covariance[pair[0] * 540 + pair[1]],
          1e-5);
      assertEquals(covariance(wanted, 2, 1, patches, 540, pair[1]), cross[540 + pair[1]], 1e-5);
    }
  }

  @Test
  void anOutputThatNeverChangesHasNoVariance() {
    PatchMoments moments = new PatchMoments(1, 1);
    float[] wanted = new float[100];
    Arrays.fill(wanted, 0.1f);
    moments.add(new float[900], wanted, 100);
    assertEquals(0, moments.outputVariance(0), 1e-12);
    assertEquals(0.1f, moments.outputMean(0), 1e-7);
  }
}
