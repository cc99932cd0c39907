package dev.subbit.tribuo.quantizer;

import dev.subbit.tribuo.quantizer.graph.FloatArray;

/**
 * Measures how far one output of the quantized model agrees with the float model's on the
 * calibration inputs. Not safe for use by many threads.
 */
public final class OutputAgreement {

  private final String output;
  private double signal;
  private double noise;
  private long values;
  private long rows;
  private long same;

  OutputAgreement(String output) {
    this.output = output;
  }

  void add(FloatArray wanted, FloatArray given) {
    float[] w = wanted.values();
    float[] g = given.values();
    if (w.length != g.length) {
      throw new IllegalStateException(
          "Output '" + output + "' has " + g.length + " values, the float model's " + w.length);
    }
    values += w.length;
    double mean = 0;
    for (float value : w) {
      mean += value;
    }
    mean /= Math.max(1, w.length);
    for (int i = 0; i < w.length; i++) {
      signal += (w[i] - mean) * (w[i] - mean);
      noise += ((double) w[i] - g[i]) * ((double) w[i] - g[i]);
    }
    int rank = wanted.shape().length;
    int width = rank == 0 ? 1 : (int) wanted.shape()[rank - 1];
    for (int first = 0; width > 1 && first + width <= w.length; first += width) {
      rows++;
      same += largest(w, first, width) == largest(g, first, width) ? 1 : 0;
    }
  }

  private static int largest(float[] values, int first, int width) {
    int best = 0;
    for (int i = 1; i < width; i++) {
      if (values[first + i] > values[first + best]) {
        best = i;
      }
    }
    return best;
  }

  /**
   * Name of the output.
   *
   * @return its name.
   */
  public String getOutput() {
    return output;
  }

  /**
   * The signal-to-noise ratio: variance of the float model's values over the mean squared
   * difference, in dB.
   *
   * @return the ratio; infinite where there is no difference, not a number where the output had no
   *     values to compare.
   */
  public double getSignalToNoise() {
    if (values == 0) {
      return Double.NaN;
    }
    return noise > 0 ? 10 * Math.log10(signal / noise) : Double.POSITIVE_INFINITY;
  }

  /**
   * Share of the rows along the last axis whose largest value is at the same place: for a
   * classifier, the share of inputs put into the same class.
   *
   * @return 0 to 1; not a number where rows have one value.
   */
  public double getSameLargest() {
    return rows == 0 ? Double.NaN : (double) same / rows;
  }
}
