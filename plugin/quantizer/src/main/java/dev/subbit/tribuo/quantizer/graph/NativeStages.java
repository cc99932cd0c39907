package dev.subbit.tribuo.quantizer.graph;

import ai.onnx.proto.OnnxMl.ModelProto;
import dev.subbit.onnx.CodedWeights;
import dev.subbit.onnx.StagedConvCost;
import dev.subbit.tribuo.quantizer.fit.StagedWeights;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Says which convolutions of several stages are written as {@code StagedSubBitConv}, since its
 * kernels are faster than a float convolution by the count of {@link StagedConvCost}.
 */
public final class NativeStages {

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
    sharing.entrySet().removeIf(one -> !isInMainGraph(one.getValue()) || !isLess(one, List.of()));
    List<String> inputs =
        sharing.values().stream().flatMap(List::stream).map(ConvLayer::input).distinct().toList();
    Map<String, long[]> sizes = GraphSession.sizes(model, inputs);
    Set<String> names = new HashSet<>();
    for (Map.Entry<CodedWeights, List<ConvLayer>> one : sharing.entrySet()) {
      if (isLess(one, outputs(one.getValue(), sizes))) {
        one.getValue().forEach(layer -> names.add(layer.name()));
      }
    }
    return names;
  }

  private static boolean isInMainGraph(List<ConvLayer> layers) {
    return layers.stream().allMatch(layer -> layer.place().isMain());
  }

  private static boolean isLess(
      Map.Entry<CodedWeights, List<ConvLayer>> sharing, List<StagedConvCost.Output> outputs) {
    int group = sharing.getValue().get(0).attributes().group();
    return StagedConvCost.isLess(sharing.getKey(), group, outputs);
  }

  /** What layers give; empty if one has no fixed size. */
  private static List<StagedConvCost.Output> outputs(
      List<ConvLayer> layers, Map<String, long[]> sizes) {
    List<StagedConvCost.Output> outputs = new ArrayList<>();
    for (ConvLayer layer : layers) {
      long[] size = sizes.get(layer.input());
      if (size == null || size[0] < 1 || size[1] < 1) {
        return List.of();
      }
      outputs.add(
          new StagedConvCost.Output(
              layer.attributes().outputHeight(Math.toIntExact(size[0])),
              layer.attributes().outputWidth(Math.toIntExact(size[1]))));
    }
    return outputs;
  }
}
