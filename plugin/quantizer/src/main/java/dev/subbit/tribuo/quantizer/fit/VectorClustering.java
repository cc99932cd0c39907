package dev.subbit.tribuo.quantizer.fit;

import java.util.Arrays;
import java.util.SplittableRandom;
import java.util.stream.IntStream;

/**
 * Clusters vectors of numbers: k-means, begun with vectors that lie far from each other.
 *
 * <p>Source of the start: Arthur and Vassilvitskii, "k-means++" (2007).
 */
final class VectorClustering {

  /** The most vectors that are looked at; of more, as many are drawn. */
  private static final int MOST_VECTORS = 1 << 13;

  private static final int ROUNDS = 12;

  private VectorClustering() {}

  /**
   * Finds codewords for vectors.
   *
   * @param tau the number of codewords is 2^tau.
   * @param width values of a vector.
   * @param vectors finite, [any number but 0, width].
   * @param rng draws the vectors that are looked at, and the start.
   * @return the codewords, [2^tau, width].
   * @throws IllegalArgumentException if a value is not finite.
   */
  static float[] fit(int tau, int width, float[] vectors, SplittableRandom rng) {
    for (float value : vectors) {
      if (!Float.isFinite(value)) {
        throw new IllegalArgumentException("A weight of the vectors is " + value);
      }
    }
    float[] sample = sample(width, vectors, rng);
    float[] words = start(1 << tau, width, sample, rng);
    for (int round = 0; round < ROUNDS; round++) {
      int[] nearest = nearest(words, width, sample);
      double[] sums = new double[words.length];
      int[] counts = new int[1 << tau];
      for (int i = 0; i < sample.length; i++) {
        sums[nearest[i / width] * width + i % width] += sample[i];
      }
      Arrays.stream(nearest).forEach(word -> counts[word]++);
      for (int i = 0; i < words.length; i++) {
        // A word that no vector is near to stays where it is.
        words[i] = counts[i / width] > 0 ? (float) (sums[i] / counts[i / width]) : words[i];
      }
    }
    return words;
  }

  private static float[] sample(int width, float[] vectors, SplittableRandom rng) {
    int count = vectors.length / width;
    if (count <= MOST_VECTORS) {
      return vectors;
    }
    float[] sample = new float[MOST_VECTORS * width];
    for (int i = 0; i < MOST_VECTORS; i++) {
      // One is drawn from each of as many equal stretches.
      int first = (int) ((long) count * i / MOST_VECTORS);
      int drawn = rng.nextInt(first, (int) ((long) count * (i + 1) / MOST_VECTORS));
      System.arraycopy(vectors, drawn * width, sample, i * width, width);
    }
    return sample;
  }

  /** Vectors drawn one by one, the likelier the farther they are from those drawn before. */
  private static float[] start(int words, int width, float[] sample, SplittableRandom rng) {
    int count = sample.length / width;
    float[] start = new float[words * width];
    double[] distance = new double[count];
    int drawn = rng.nextInt(count);
    for (int word = 0; word < words; word++) {
      System.arraycopy(sample, drawn * width, start, word * width, width);
      double sum = 0;
      for (int i = 0; i < count; i++) {
        double own = distance(start, word * width, sample, i * width, width);
        distance[i] = word == 0 ? own : Math.min(own, distance[i]);
        sum += distance[i];
      }
      double place = rng.nextDouble() * sum;
      drawn = 0;
      while (drawn < count - 1 && place >= distance[drawn]) {
        place -= distance[drawn++];
      }
    }
    return start;
  }

  /**
   * Finds the nearest codeword of every vector.
   *
   * @param words the codewords, [any number, width].
   * @param width values of a vector.
   * @param vectors the vectors, [any number, width].
   * @return the number of a codeword for each vector.
   */
  static int[] nearest(float[] words, int width, float[] vectors) {
    int[] nearest = new int[vectors.length / width];
    IntStream.range(0, nearest.length)
        .parallel()
        .forEach(
            i -> {
              double best = Double.POSITIVE_INFINITY;
              for (int word = 0; word < words.length / width; word++) {
                double own = distance(words, word * width, vectors, i * width, width);
                if (own < best) {
                  best = own;
                  nearest[i] = word;
                }
              }
            });
    return nearest;
  }

  private static double distance(float[] a, int fromA, float[] b, int fromB, int width) {
    double sum = 0;
    for (int t = 0; t < width; t++) {
      double difference = (double) a[fromA + t] - b[fromB + t];
      sum += difference * difference;
    }
    return sum;
  }
}
