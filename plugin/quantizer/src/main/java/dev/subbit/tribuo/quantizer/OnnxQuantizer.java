package dev.subbit.tribuo.quantizer;

import ai.onnx.proto.OnnxMl.ModelProto;
import dev.subbit.onnx.BitPlanes;
import dev.subbit.onnx.Codebook;
import dev.subbit.tribuo.quantizer.fit.ConvFit;
import dev.subbit.tribuo.quantizer.fit.PatchSampler;
import dev.subbit.tribuo.quantizer.fit.StagedWeights;
import dev.subbit.tribuo.quantizer.graph.ConvLayer;
import dev.subbit.tribuo.quantizer.graph.ConvScan;
import dev.subbit.tribuo.quantizer.graph.Feed;
import dev.subbit.tribuo.quantizer.graph.FloatArray;
import dev.subbit.tribuo.quantizer.graph.GraphEdits;
import dev.subbit.tribuo.quantizer.graph.GraphSession;
import dev.subbit.tribuo.quantizer.graph.IntegerConv;
import dev.subbit.tribuo.quantizer.graph.IntegerEdits;
import dev.subbit.tribuo.quantizer.graph.LeftNode;
import dev.subbit.tribuo.quantizer.graph.PartialModel;
import dev.subbit.tribuo.settings.Clipping;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * Turns the 3x3 convolutions of any ONNX model into sub-bit ones, without training.
 *
 * <p>Layer by layer from the front: each layer is fitted so that, on the outputs of the quantized
 * layers before it, it comes as close as possible to the float model's values there. So a layer
 * also makes up for the errors before it. One layer's statistics are in memory at a time.
 *
 * <p>The result is determined by the arguments and the machine. Instances are safe for use by many
 * threads.
 */
public final class OnnxQuantizer {

  /** Sums of squares of smaller values are finite in float32. */
  private static final float LARGEST_VALUE = 1e17f;

  private static final int LEAST_PATCHES = 8192;
  private static final int MOST_PATCHES = 32768;
  private static final int PATCHES_A_COLUMN = 16;

  /** Number of batches that sensitivity is measured on. */
  private static final int SENSITIVITY_FEEDS = 4;

  private final QuantizationSettings settings;

  /**
   * Makes a quantizer.
   *
   * @param settings the form that models are given.
   */
  public OnnxQuantizer(QuantizationSettings settings) {
    this.settings = settings;
  }

  /**
   * Quantizes an ONNX model.
   *
   * @param model the model, its data inside and its operator set new enough.
   * @param feeds calibration inputs, at least one; gone through twice for every layer.
   * @param progress receives the progress.
   * @return the quantized model and the results for its layers; the unchanged model if no layer can
   *     be converted.
   * @throws IllegalArgumentException if the model cannot be run on the inputs, gives numbers there
   *     that are not finite, or cannot be brought within the largest drop.
   */
  public QuantizationResult quantize(
      ModelProto model, Iterable<Feed> feeds, QuantizationProgress progress) {
    ConvScan scan = ConvScan.of(model, values -> GraphSession.sizes(model, values));
    List<LeftNode> left = new ArrayList<>(scan.left());
    List<ConvLayer> layers = chosen(scan.layers(), left);
    if (!settings.choosesStages() || layers.isEmpty()) {
      int[] stages = new int[layers.size()];
      Arrays.fill(stages, settings.fit().stages());
      return quantize(model, layers, stages, null, left, feeds, progress);
    }
    double[][] noise = sensitivity(model, layers, feeds, progress);
    long[] weights = layers.stream().mapToLong(ConvLayer::weightCount).toArray();
    List<int[]> path = StageBudget.path(weights, noise);
    if (settings.bits() != 0) {
      int[] stages =
          StageBudget.within(path, weights, settings.fit().tau(), settings.bits() + 0.005);
      return quantize(model, layers, stages, noise, left, feeds, progress);
    }
    return leastWithinDrop(model, layers, path, noise, left, feeds, progress);
  }

  /** Finds the fewest bits with which the outputs agree well enough, by bisection of the path. */
  private QuantizationResult leastWithinDrop(
      ModelProto model,
      List<ConvLayer> layers,
      List<int[]> path,
      double[][] noise,
      List<LeftNode> left,
      Iterable<Feed> feeds,
      QuantizationProgress progress) {
    int first = 0;
    int last = path.size() - 1;
    QuantizationResult best = quantize(model, layers, path.get(last), noise, left, feeds, progress);
    double most = drop(best);
    if (Double.isNaN(most)) {
      throw new IllegalArgumentException(
          "No output of the model has rows of several values, so that no drop can be measured;"
              + " bound the bits instead");
    }
    if (most > settings.maxDrop()) {
      throw new IllegalArgumentException(
          String.format(
              Locale.ROOT,
              "With %d stages in every layer %.2f %% of the rows still have their largest value"
                  + " elsewhere; allow more stages, a larger drop or a larger tau",
              settings.fit().stages(),
              100 * most));
    }
    while (first < last) {
      int middle = (first + last) / 2;
      QuantizationResult trial =
          quantize(model, layers, path.get(middle), noise, left, feeds, progress);
      if (drop(trial) <= settings.maxDrop()) {
        best = trial;
        last = middle;
      } else {
        first = middle + 1;
      }
    }
    return best;
  }

  private static double drop(QuantizationResult result) {
    return result.outputs().stream()
        .mapToDouble(output -> 1 - output.getSameLargest())
        .filter(Double::isFinite)
        .max()
        .orElse(Double.NaN);
  }

  private QuantizationResult quantize(
      ModelProto model,
      List<ConvLayer> layers,
      int[] stages,
      double[][] noise,
      List<LeftNode> left,
      Iterable<Feed> feeds,
      QuantizationProgress progress) {
    Map<ConvLayer, StagedWeights> done = new LinkedHashMap<>();
    KeptValues given = new KeptValues();
    KeptValues wanted = new KeptValues();
    List<LayerResult> results = new ArrayList<>();
    for (int i = 0; i < layers.size(); i++) {
      ConvLayer layer = layers.get(i);
      progress.at(i, layers.size() + 1, layer.name());
      PatchSampler sampler =
          look(layer, GraphEdits.replace(model, done), given, model, wanted, feeds);
      StagedWeights weights =
          ConvFit.fit(layer.weights(), sampler.moments(), settings.fit().withStages(stages[i]));
      done.put(layer, weights);
      results.add(LayerResult.of(layer, weights, noise == null ? new double[0] : noise[i]));
    }
    progress.at(layers.size(), layers.size() + 1, "agreement");
    ModelProto quantized = GraphEdits.replace(model, done);
    List<OutputAgreement> outputs = compare(model, quantized, feeds);
    List<OutputAgreement> floatActivations = List.of();
    if (settings.activations().isPresent()) {
      quantized = integer(quantized, feeds, settings.activations().get());
      floatActivations = outputs;
      outputs = compare(model, quantized, feeds);
    }
    progress.at(layers.size() + 1, layers.size() + 1, "");
    Map<String, StagedWeights> weights = new HashMap<>();
    done.forEach((layer, found) -> weights.put(layer.name(), found));
    return new QuantizationResult(quantized, results, weights, left, outputs, floatActivations);
  }

  /** Gives the sub-bit convolutions 8-bit activations. */
  private static ModelProto integer(ModelProto model, Iterable<Feed> feeds, Clipping clipping) {
    List<IntegerConv> convs = IntegerConv.of(model);
    List<String> values = IntegerEdits.valuesWithoutRange(convs);
    return IntegerEdits.replace(model, convs, ActivationRanges.of(model, values, feeds, clipping));
  }

  /**
   * Measures for each layer the noise on the outputs if it alone is quantized, with 1, 2, ...
   * stages.
   */
  private double[][] sensitivity(
      ModelProto model,
      List<ConvLayer> layers,
      Iterable<Feed> feeds,
      QuantizationProgress progress) {
    double[][] noise = new double[layers.size()][settings.fit().stages()];
    List<Feed> few = new ArrayList<>();
    for (Feed feed : feeds) {
      if (few.size() < SENSITIVITY_FEEDS) {
        few.add(feed);
      }
    }
    KeptValues given = new KeptValues();
    KeptValues wanted = new KeptValues();
    for (int i = 0; i < layers.size(); i++) {
      ConvLayer layer = layers.get(i);
      progress.at(i, layers.size(), "sensitivity of " + layer.name());
      PatchSampler sampler = look(layer, model, given, model, wanted, few);
      for (int stages = 1; stages <= noise[i].length; stages++) {
        StagedWeights weights =
            ConvFit.fit(layer.weights(), sampler.moments(), settings.fit().withStages(stages));
        List<OutputAgreement> outputs =
            compare(model, GraphEdits.replace(model, Map.of(layer, weights)), few);
        for (OutputAgreement output : outputs) {
          double signalToNoise = output.getSignalToNoise();
          if (!Double.isNaN(signalToNoise)) {
            noise[i][stages - 1] += Math.pow(10, -signalToNoise / 10);
          }
        }
      }
    }
    return noise;
  }

  private List<ConvLayer> chosen(List<ConvLayer> layers, List<LeftNode> left) {
    List<ConvLayer> chosen = new ArrayList<>();
    for (ConvLayer layer : layers) {
      if (settings.keepFloat().stream().anyMatch(p -> p.matcher(layer.name()).find())) {
        left.add(new LeftNode(layer.name(), "Conv", "it was asked to stay float"));
      } else if (layer.inChannels() == 1 && bytes(layer) >= floatBytes(layer)) {
        left.add(
            new LeftNode(
                layer.name(),
                "Conv",
                String.format(
                    Locale.ROOT,
                    "it is depthwise: each of its %d kernels would have scales of its own, and %,d"
                        + " bytes would become %,d",
                    layer.outChannels(),
                    floatBytes(layer),
                    bytes(layer))));
      } else {
        chosen.add(layer);
      }
    }
    return chosen;
  }

  private long bytes(ConvLayer layer) {
    int tau = settings.fit().tau();
    long index = (long) tau * BitPlanes.planeBytes(layer.outChannels() * layer.inChannels());
    long scale = (long) Float.BYTES * layer.outChannels();
    int stages = settings.choosesStages() ? 1 : settings.fit().stages();
    return stages * (index + ((long) Codebook.TAPS << tau) + scale) + scale;
  }

  private static long floatBytes(ConvLayer layer) {
    return (long) Float.BYTES * (layer.weightCount() + layer.outChannels());
  }

  /**
   * Runs the layers quantized so far and the float model, and records the inputs and the wanted
   * outputs of one layer.
   */
  private PatchSampler look(
      ConvLayer layer,
      ModelProto quantized,
      KeptValues given,
      ModelProto exact,
      KeptValues wanted,
      Iterable<Feed> feeds) {
    int columns = layer.inChannels() * Codebook.TAPS;
    int patches = Math.max(LEAST_PATCHES, Math.min(MOST_PATCHES, PATCHES_A_COLUMN * columns));
    int feedCount = 0;
    for (Feed ignored : feeds) {
      feedCount++;
    }
    PatchSampler sampler =
        new PatchSampler(
            layer.outChannels(), layer.inChannels(), layer.attributes(), settings.fit().seed());
    List<String> before = List.of(layer.input());
    List<String> around = List.of(layer.input(), layer.output());
    try (KeptValues.Run first = given.open(quantized, before, layer.input());
        KeptValues.Run second = wanted.open(exact, around, layer.input())) {
      for (Feed feed : feeds) {
        FloatArray x = first.run(feed).get(PartialModel.outputName(layer.input()));
        FloatArray y = second.run(feed).get(PartialModel.outputName(layer.output()));
        requireFinite(layer, x);
        requireFinite(layer, y);
        sampler.add(
            x.values(),
            Math.toIntExact(x.shape()[2]),
            Math.toIntExact(x.shape()[3]),
            y.values(),
            (patches + feedCount - 1) / feedCount);
      }
    }
    return sampler;
  }

  private static void requireFinite(ConvLayer layer, FloatArray array) {
    for (float value : array.values()) {
      if (!(Math.abs(value) < LARGEST_VALUE)) {
        throw new IllegalArgumentException(
            "At layer '"
                + layer.name()
                + "' the model has the value "
                + value
                + " on a calibration input; a model whose values overflow cannot be quantized, nor"
                + " one whose squares do. Scale the calibration inputs as the model expects them");
      }
    }
  }

  private static List<OutputAgreement> compare(
      ModelProto model, ModelProto quantized, Iterable<Feed> feeds) {
    Map<String, OutputAgreement> agreements = new LinkedHashMap<>();
    try (GraphSession wanted = new GraphSession(model);
        GraphSession given = new GraphSession(quantized)) {
      for (Feed feed : feeds) {
        Map<String, FloatArray> before = wanted.run(feed);
        given
            .run(feed)
            .forEach(
                (name, array) ->
                    agreements
                        .computeIfAbsent(name, OutputAgreement::new)
                        .add(before.get(name), array));
      }
    }
    return List.copyOf(agreements.values());
  }
}
