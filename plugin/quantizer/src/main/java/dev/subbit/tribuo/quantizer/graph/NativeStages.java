package dev.subbit.tribuo.quantizer.graph;

import ai.onnx.proto.OnnxMl.ModelProto;
import dev.subbit.onnx.CodedWeights;
import dev.subbit.tribuo.quantizer.fit.StagedWeights;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Says which convolutions of several stages the kernels of {@code StagedSubBitConv} are faster for
 * than a float convolution is with the sum of the stages.
 *
 * <p>Both are counted, not measured, so that the same model is written on every machine: for one
 * input channel and a vector of 16 pixels, the loads of maps (docs/OPERATORS.md, "Maps") beside the
 * multiply-adds of the float convolution, two of which a processor does per load. Measured times
 * favour the kernels more than these counts do; docs/QUANTIZING.md, "How many bits", has them.
 */
public final class NativeStages {

  /** Lanes of the widest vectors, in floats. */
  private static final int LANES = 16;

  /** With fewer input channels, writing the output takes a large part of the time of either. */
  private static final int LEAST_CHANNELS = 16;

  /** The most of the float convolution's count with which kernels were never slower (Zen 4). */
  private static final double MOST_COST = 1.16;

  private NativeStages() {}

  /**
   * Chooses among the convolutions of a model.
   *
   * @param model the model, as {@link GraphEdits#replace} takes it. Where it fixes the sizes of
   *     images, these count too; else images are taken for large ones.
   * @param layers its layers with their new weights.
   * @return names of the layers that kernels are faster for: of several stages of signs, in the
   *     main graph. Layers that share weights, which are stored in one form, are chosen together.
   */
  public static Set<String> of(ModelProto model, Map<ConvLayer, StagedWeights> layers) {
    Map<CodedWeights, List<ConvLayer>> sharing = new IdentityHashMap<>();
    layers.forEach(
        (layer, weights) ->
            sharing.computeIfAbsent(weights.weights(), one -> new ArrayList<>()).add(layer));
    sharing.entrySet().removeIf(one -> !mayBeFaster(one.getKey(), one.getValue()));
    List<String> inputs =
        sharing.values().stream().flatMap(List::stream).map(ConvLayer::input).distinct().toList();
    Map<String, long[]> sizes = GraphSession.sizes(model, inputs);
    Set<String> names = new HashSet<>();
    sharing.forEach(
        (weights, all) -> {
          if (cost(weights, all.get(0)) * waste(all, sizes) <= MOST_COST) {
            all.forEach(layer -> names.add(layer.name()));
          }
        });
    return names;
  }

  /** Whether kernels would be faster on large images. */
  private static boolean mayBeFaster(CodedWeights weights, List<ConvLayer> layers) {
    ConvLayer first = layers.get(0);
    return layers.stream().allMatch(layer -> layer.place().isMain())
        && weights.stages() > 1
        && weights.isSigns()
        && first.inChannels() >= LEAST_CHANNELS
        && cost(weights, first) <= MOST_COST;
  }

  /** The loads of the kernels over those that the float convolution has the time of. */
  private static double cost(CodedWeights weights, ConvLayer layer) {
    double outputs = (double) layer.outChannels() / layer.attributes().group();
    double codewords = Math.min(outputs, 1 << weights.tau());
    double rows = 48 + 3 * outputs;
    double halves = 96 + 2 * outputs;
    double responses = 32 + 4 * codewords + outputs;
    double loads = weights.stages() * Math.min(Math.min(rows, halves), responses);
    return loads / (9 * outputs / 2);
  }

  /**
   * Lanes over pixels. Rows lie one behind the other, two padded pixels between them, and the last
   * vector is not full.
   */
  private static double waste(List<ConvLayer> layers, Map<String, long[]> sizes) {
    double pixels = 0;
    double lanes = 0;
    for (ConvLayer layer : layers) {
      long[] size = sizes.get(layer.input());
      if (size == null || size[0] < 1 || size[1] < 1) {
        return 1;
      }
      long rows = layer.attributes().outputHeight(Math.toIntExact(size[0]));
      long columns = layer.attributes().outputWidth(Math.toIntExact(size[1]));
      long positions = (rows - 1) * (columns + 2) + columns;
      pixels += (double) rows * columns;
      lanes += (positions + LANES - 1) / LANES * LANES;
    }
    return lanes / pixels;
  }
}
