package dev.subbit.tribuo.training.internal.graph;

import dev.subbit.tribuo.quantizer.graph.FloatArray;
import java.util.Arrays;

/** The mean squared difference of values from those of a teacher, and the latter's variance. */
final class OutputError {

  private double[] sums = new double[0];
  private double[] squares = new double[0];
  private double error;
  private long samples;

  /** Adds values that count their samples along the first axis. */
  void add(FloatArray teacher, FloatArray found) {
    int count = (int) teacher.shape()[0];
    int each = teacher.values().length / count;
    if (sums.length != each) {
      sums = Arrays.copyOf(sums, each);
      squares = Arrays.copyOf(squares, each);
    }
    for (int i = 0; i < teacher.values().length; i++) {
      double wanted = teacher.values()[i];
      double difference = found.values()[i] - wanted;
      sums[i % each] += wanted;
      squares[i % each] += wanted * wanted;
      error += difference * difference;
    }
    samples += count;
  }

  /** The variance between samples, the mean over all numbers of a sample. */
  double variance() {
    double variance = 0;
    for (int i = 0; i < sums.length; i++) {
      double mean = sums[i] / samples;
      variance += squares[i] / samples - mean * mean;
    }
    return Math.max(0, variance / Math.max(1, sums.length));
  }

  /** The mean squared difference. */
  double meanSquare() {
    return error / (samples * (double) Math.max(1, sums.length));
  }
}
