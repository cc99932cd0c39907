package dev.subbit.tribuo.quantizer.range;

import dev.subbit.tribuo.network.TrainedNetwork.QuantizedRange;

/** How the 8-bit range of an activation is chosen from its values on the calibration data. */
public enum Clipping {
  /** From the smallest to the largest value. */
  MIN_MAX,
  /** The range whose rounded values differ least from the values, in squares; cuts outliers. */
  LEAST_ERROR;

  /**
   * Whether values have to be counted, besides their extremes.
   *
   * @return true if so.
   */
  public boolean counts() {
    return this == LEAST_ERROR;
  }

  /**
   * Chooses a range.
   *
   * @param histogram of the values; counted where {@link #counts} says so.
   * @return the range.
   */
  public QuantizedRange rangeOf(ValueHistogram histogram) {
    return counts() ? histogram.leastErrorRange() : histogram.fullRange();
  }
}
