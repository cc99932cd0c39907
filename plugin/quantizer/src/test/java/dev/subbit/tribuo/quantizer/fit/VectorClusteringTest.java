package dev.subbit.tribuo.quantizer.fit;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class VectorClusteringTest {

  private static double error(float[] words, int width, float[] vectors) {
    int[] nearest = VectorClustering.nearest(words, width, vectors);
    double sum = 0;
    for (int i = 0; i < vectors.length; i++) {
      double difference = vectors[i] - words[nearest[i / width] * width + i % width];
      sum += difference * difference;
    }
    return sum;
  }

  @Test
  void separateClustersAreFound() {
    SplittableRandom rng = new SplittableRandom(1);
    float[] centres = {0, 10, 10, 0, -10, 3, 5, -20};
    float[] vectors = new float[400];
    for (int i = 0; i < vectors.length; i++) {
      vectors[i] = centres[i / 2 % 4 * 2 + i % 2] + (float) rng.nextDouble(-0.1, 0.1);
    }
    float[] words = VectorClustering.fit(2, 2, vectors, rng);
    assertEquals(4, Arrays.stream(VectorClustering.nearest(words, 2, centres)).distinct().count());
    assertTrue(error(words, 2, vectors) < 400 * 0.01);
  }

  @Test
  void moreCodewordsThanVectorsStandForAllOfThem() {
    float[] vectors = {1, 2, 3, 4, 5, 6};
    float[] words = VectorClustering.fit(3, 3, vectors, new SplittableRandom(2));
    assertEquals(24, words.length);
    assertEquals(0, error(words, 3, vectors), 1e-9);
  }

  @Test
  void manyVectorsAreFittedToADrawnShareOfThem() {
    SplittableRandom rng = new SplittableRandom(3);
    float[] vectors = new float[8 * 20_000];
    for (int i = 0; i < vectors.length; i++) {
      vectors[i] = (float) rng.nextDouble(-1, 1);
    }
    float[] words = VectorClustering.fit(5, 8, vectors, new SplittableRandom(4));
    // A codebook of the mean alone would leave a third of each value.
    assertTrue(error(words, 8, vectors) < 0.25 * vectors.length);
    assertArrayEquals(words, VectorClustering.fit(5, 8, vectors, new SplittableRandom(4)));
  }

  @Test
  void numbersMustBeFinite() {
    float[] vectors = {1, Float.NaN};
    assertThrows(
        IllegalArgumentException.class,
        () -> VectorClustering.fit(1, 2, vectors, new SplittableRandom(1)));
  }
}
