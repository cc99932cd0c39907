package dev.subbit.tribuo.quantizer.range;

import dev.subbit.tribuo.network.TrainedNetwork.QuantizedRange;
import java.util.Collection;
import java.util.HashMap;
import java.util.Map;
import java.util.function.BiConsumer;

/** How the 8-bit range of an activation is chosen from its values on the calibration data. */
public enum Clipping {
  /** From the smallest to the largest value. */
  MIN_MAX,
  /**
   * The range with the least squared difference between values and rounded values, which cuts
   * outliers.
   */
  LEAST_ERROR;

  /** A pass over the calibration data. */
  @FunctionalInterface
  public interface Pass {

    /**
     * Goes through all of the data once.
     *
     * @param observer receives the values of each activation, by its name, in any number of pieces.
     */
    void run(BiConsumer<String, float[]> observer);
  }

  /**
   * Chooses ranges: one pass for the extremes of each activation and, where outliers may be cut, a
   * second for a histogram between them.
   *
   * @param activations their names.
   * @param pass gives finite values of these activations, the same each time.
   * @return a range for each.
   */
  public Map<String, QuantizedRange> ranges(Collection<String> activations, Pass pass) {
    Map<String, ValueHistogram> histograms = new HashMap<>();
    activations.forEach(name -> histograms.put(name, new ValueHistogram()));
    pass.run((name, values) -> histograms.get(name).widen(values));
    if (this == LEAST_ERROR) {
      pass.run((name, values) -> histograms.get(name).count(values));
    }
    Map<String, QuantizedRange> ranges = new HashMap<>();
    histograms.forEach(
        (name, histogram) ->
            ranges.put(
                name, this == LEAST_ERROR ? histogram.leastErrorRange() : histogram.fullRange()));
    return ranges;
  }
}
