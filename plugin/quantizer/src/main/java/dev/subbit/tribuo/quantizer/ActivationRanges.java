package dev.subbit.tribuo.quantizer;

import ai.onnx.proto.OnnxMl.ModelProto;
import dev.subbit.tribuo.network.TrainedNetwork.QuantizedRange;
import dev.subbit.tribuo.quantizer.graph.Feed;
import dev.subbit.tribuo.quantizer.graph.FloatArray;
import dev.subbit.tribuo.quantizer.graph.GraphSession;
import dev.subbit.tribuo.quantizer.graph.PartialModel;
import dev.subbit.tribuo.quantizer.range.RangeChoice;
import dev.subbit.tribuo.settings.Clipping;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.BiConsumer;

/** Chooses 8-bit ranges for values of a graph by running it on the calibration inputs. */
final class ActivationRanges {

  /** Number of values that are observed in one run, which bounds the memory. */
  private static final int VALUES_AT_ONCE = 16;

  private ActivationRanges() {}

  /**
   * Measures the ranges of some values.
   *
   * @param model the model.
   * @param values names of float32 values of it.
   * @param feeds the calibration inputs; gone through once or twice for every few values.
   * @param clipping how a range is chosen.
   * @return a range for each value.
   * @throws IllegalArgumentException if a value is not finite.
   */
  static Map<String, QuantizedRange> of(
      ModelProto model, List<String> values, Iterable<Feed> feeds, Clipping clipping) {
    Map<String, QuantizedRange> ranges = new HashMap<>();
    for (int first = 0; first < values.size(); first += VALUES_AT_ONCE) {
      List<String> some = values.subList(first, Math.min(values.size(), first + VALUES_AT_ONCE));
      try (GraphSession session = new GraphSession(PartialModel.of(model, some))) {
        ranges.putAll(
            RangeChoice.ranges(clipping, some, observer -> show(session, feeds, some, observer)));
      }
    }
    return ranges;
  }

  private static void show(
      GraphSession session,
      Iterable<Feed> feeds,
      List<String> values,
      BiConsumer<String, float[]> observer) {
    for (Feed feed : feeds) {
      Map<String, FloatArray> found = session.run(feed);
      for (String value : values) {
        float[] seen = found.get(PartialModel.outputName(value)).values();
        requireFinite(value, seen);
        observer.accept(value, seen);
      }
    }
  }

  private static void requireFinite(String value, float[] seen) {
    for (float each : seen) {
      if (!Float.isFinite(each)) {
        throw new IllegalArgumentException(
            "Value '"
                + value
                + "' is "
                + each
                + " on a calibration input; a model whose values overflow cannot be quantized");
      }
    }
  }
}
