package dev.subbit.tribuo.quantizer.range;

import dev.subbit.tribuo.network.TrainedNetwork.QuantizedRange;

/**
 * Counts the values of one activation: first its extremes, then a histogram between them. The range
 * it suggests always holds zero, so that padding and ReLU are exact; where no value is negative,
 * its zero point is 0. Not safe for use by many threads.
 */
final class ValueHistogram {

  private static final int BINS = 2048;
  private static final int LEVELS = 255;

  /** Number of ranges that are tried: the full one times 1, 0.98, 0.96 and so on. */
  private static final int CANDIDATES = 45;

  private static final double CANDIDATE_STEP = 0.02;

  private float lowest;
  private float highest;
  private final long[] counts = new long[BINS];

  /**
   * Widens the extremes so that they include some values.
   *
   * @param values the values, finite.
   */
  void widen(float[] values) {
    for (float value : values) {
      lowest = Math.min(lowest, value);
      highest = Math.max(highest, value);
    }
  }

  /**
   * Counts values in the histogram.
   *
   * @param values the values; all have been seen by {@link #widen} before.
   */
  void count(float[] values) {
    double binsPerUnit = BINS / ((double) highest - lowest);
    for (float value : values) {
      int bin = (int) ((value - (double) lowest) * binsPerUnit);
      counts[Math.max(0, Math.min(BINS - 1, bin))]++;
    }
  }

  /**
   * The range from the lowest to the highest value.
   *
   * @return the range.
   */
  QuantizedRange fullRange() {
    return range(1);
  }

  /**
   * The range with the least sum of squared differences between value and rounded value.
   *
   * @return the range.
   */
  QuantizedRange leastErrorRange() {
    QuantizedRange best = fullRange();
    double leastError = error(best);
    for (int candidate = 1; candidate < CANDIDATES; candidate++) {
      QuantizedRange range = range(1 - candidate * CANDIDATE_STEP);
      double error = error(range);
      if (error < leastError) {
        best = range;
        leastError = error;
      }
    }
    return best;
  }

  private QuantizedRange range(double part) {
    double scale = ((double) highest - lowest) * part / LEVELS;
    if (!((float) scale > 0)) {
      // Nothing but zeros: any scale holds them.
      return new QuantizedRange(1, 0);
    }
    return new QuantizedRange((float) scale, (int) Math.rint(-lowest * part / scale));
  }

  private double error(QuantizedRange range) {
    double binWidth = ((double) highest - lowest) / BINS;
    double sum = 0;
    for (int bin = 0; bin < BINS; bin++) {
      double value = lowest + (bin + 0.5) * binWidth;
      double stored = Math.rint(value / range.scale()) + range.zeroPoint();
      double rounded = (Math.max(0, Math.min(LEVELS, stored)) - range.zeroPoint()) * range.scale();
      sum += counts[bin] * (value - rounded) * (value - rounded);
    }
    return sum;
  }
}
