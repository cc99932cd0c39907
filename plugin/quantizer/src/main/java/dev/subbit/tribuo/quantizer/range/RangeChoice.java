package dev.subbit.tribuo.quantizer.range;

import dev.subbit.tribuo.network.TrainedNetwork.QuantizedRange;
import dev.subbit.tribuo.settings.Clipping;
import java.util.Collection;
import java.util.HashMap;
import java.util.Map;
import java.util.function.BiConsumer;

/** Chooses the 8-bit ranges of activations from their values on the calibration data. */
public final class RangeChoice {

  private RangeChoice() {}

  /** Goes through the calibration data. */
  @FunctionalInterface
  public interface Pass {

    /**
     * Goes through all of it once.
     *
     * @param observer shown values of an activation, by its name, until all were shown.
     */
    void run(BiConsumer<String, float[]> observer);
  }

  /**
   * Chooses ranges: one pass for the extremes of each activation and, where outliers may be cut, a
   * second for a histogram between them.
   *
   * @param clipping how a range is chosen.
   * @param activations names of the activations.
   * @param pass shows finite values of these activations, the same each time.
   * @return a range for each.
   */
  public static Map<String, QuantizedRange> ranges(
      Clipping clipping, Collection<String> activations, Pass pass) {
    Map<String, ValueHistogram> histograms = new HashMap<>();
    activations.forEach(name -> histograms.put(name, new ValueHistogram()));
    pass.run((name, values) -> histograms.get(name).widen(values));
    boolean cuts = clipping == Clipping.LEAST_ERROR;
    if (cuts) {
      pass.run((name, values) -> histograms.get(name).count(values));
    }
    Map<String, QuantizedRange> ranges = new HashMap<>();
    histograms.forEach(
        (name, histogram) ->
            ranges.put(name, cuts ? histogram.leastErrorRange() : histogram.fullRange()));
    return ranges;
  }
}
