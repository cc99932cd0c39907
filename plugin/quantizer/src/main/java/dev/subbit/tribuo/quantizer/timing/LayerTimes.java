package dev.subbit.tribuo.quantizer.timing;

import ai.onnx.proto.OnnxMl.ModelProto;
import dev.subbit.tribuo.quantizer.fit.Codewords;
import dev.subbit.tribuo.quantizer.fit.StagedWeights;
import dev.subbit.tribuo.quantizer.graph.BodyValues;
import dev.subbit.tribuo.quantizer.graph.ConvForms;
import dev.subbit.tribuo.quantizer.graph.ConvLayer;
import dev.subbit.tribuo.quantizer.graph.ConvScan;
import dev.subbit.tribuo.quantizer.graph.Feed;
import dev.subbit.tribuo.quantizer.graph.FloatArray;
import dev.subbit.tribuo.quantizer.graph.GraphEdits;
import dev.subbit.tribuo.quantizer.graph.GraphSession;
import dev.subbit.tribuo.quantizer.graph.NativeStages;
import dev.subbit.tribuo.quantizer.graph.PartialModel;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Supplier;

/**
 * Times the layers of a quantized model, each alone: the float convolution beside the sub-bit one,
 * in turns, on the processor, with ONNX Runtime's default threads.
 */
public final class LayerTimes {

  /** Number of layers whose inputs are fetched in one run, which bounds the memory. */
  private static final int LAYERS_AT_ONCE = 8;

  private static final int LEAST_ROUNDS = 5;
  private static final int MOST_ROUNDS = 31;
  private static final long BUDGET_NANOS = 250_000_000;

  private LayerTimes() {}

  /**
   * Times layers.
   *
   * @param model the float model.
   * @param weights the sub-bit weights by name of the layer; other layers are left out.
   * @param feed an input, of which the layers see the first sample.
   * @param form how the sub-bit layers are written; all but {@link GraphEdits.Form#COMPACT} run on
   *     8-bit activations.
   * @return the times by name of the layer, in the order of the graph, without layers that the
   *     input does not reach.
   */
  public static Map<String, LayerTime> of(
      ModelProto model, Map<String, StagedWeights> weights, Feed feed, GraphEdits.Form form) {
    ModelProto floats = ConvForms.toFloat(model, weights::containsKey);
    boolean signs = weights.values().stream().allMatch(each -> each.weights().isSigns());
    List<ConvLayer> layers =
        ConvScan.of(
                floats,
                values -> GraphSession.sizes(floats, values),
                signs ? Codewords.SIGNS : Codewords.INT8)
            .layers()
            .stream()
            .filter(layer -> weights.containsKey(layer.name()))
            .toList();
    Map<ConvLayer, StagedWeights> byLayer = new LinkedHashMap<>();
    layers.forEach(layer -> byLayer.put(layer, weights.get(layer.name())));
    boolean integer = form != GraphEdits.Form.COMPACT;
    Set<String> nativeStages = integer ? Set.of() : NativeStages.of(floats, byLayer);
    ModelProto exposed = BodyValues.expose(floats, layers);
    Map<String, LayerTime> times = new LinkedHashMap<>();
    for (int first = 0; first < layers.size(); first += LAYERS_AT_ONCE) {
      List<ConvLayer> some = layers.subList(first, Math.min(layers.size(), first + LAYERS_AT_ONCE));
      List<String> inputs = some.stream().map(ConvLayer::observedInput).distinct().toList();
      Map<String, FloatArray> values;
      try (GraphSession session = new GraphSession(PartialModel.of(exposed, inputs))) {
        values = session.run(feed);
      }
      for (ConvLayer layer : some) {
        FloatArray x = values.get(PartialModel.outputName(layer.observedInput())).images();
        if (x.values().length > 0) {
          OneLayer models = new OneLayer(layer, byLayer.get(layer), firstSample(x));
          boolean integerLayer = integer && layer.place().isMain();
          times.put(
              layer.name(),
              time(
                  layer.name(),
                  models::floatConv,
                  () -> integerLayer ? models.integerConv(form) : models.subBitConv(nativeStages)));
        }
      }
    }
    return times;
  }

  private static FloatArray firstSample(FloatArray x) {
    long[] shape = x.shape().clone();
    int each = (int) (x.values().length / Math.max(1, shape[0]));
    shape[0] = 1;
    return new FloatArray(shape, Arrays.copyOf(x.values(), each));
  }

  private static LayerTime time(
      String layer, Supplier<TimedSession> floatConv, Supplier<TimedSession> subBitConv) {
    try (TimedSession before = floatConv.get();
        TimedSession after = subBitConv.get()) {
      before.run();
      after.run();
      double[] first = new double[MOST_ROUNDS];
      double[] second = new double[MOST_ROUNDS];
      long start = System.nanoTime();
      int rounds = 0;
      while (rounds < MOST_ROUNDS
          && (rounds < LEAST_ROUNDS || System.nanoTime() - start < BUDGET_NANOS)) {
        first[rounds] = before.run();
        second[rounds] = after.run();
        rounds++;
      }
      return new LayerTime(layer, median(first, rounds), median(second, rounds), after.backend());
    }
  }

  private static double median(double[] values, int count) {
    return new Timings(Arrays.copyOf(values, count)).median();
  }
}
