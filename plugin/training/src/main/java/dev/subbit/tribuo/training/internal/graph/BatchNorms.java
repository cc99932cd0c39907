package dev.subbit.tribuo.training.internal.graph;

import ai.onnx.proto.OnnxMl.ModelProto;
import dev.subbit.onnx.CodedWeights;
import dev.subbit.tribuo.quantizer.fit.StagedWeights;
import dev.subbit.tribuo.quantizer.graph.ConvLayer;
import dev.subbit.tribuo.quantizer.graph.Feed;
import dev.subbit.tribuo.quantizer.graph.FloatArray;
import dev.subbit.tribuo.quantizer.graph.GraphEdits;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** The layers that batch normalisation was folded into. */
final class BatchNorms {

  private BatchNorms() {}

  /**
   * Measures the outputs of these layers where training starts.
   *
   * @param model the float model.
   * @param fitted its sub-bit layers.
   * @param feeds the inputs.
   * @return statistics of the layers that alone have their weights, and behind which there is a
   *     batch normalisation in the model.
   */
  static Map<ConvLayer, LayerMoments> moments(
      ModelProto model, Map<ConvLayer, StagedWeights> fitted, List<Feed> feeds) {
    List<ConvLayer> layers = new ArrayList<>();
    List<CodedWeights> coded = new ArrayList<>();
    fitted.values().forEach(weights -> coded.add(weights.weights()));
    fitted.forEach(
        (layer, weights) -> {
          if (isNormalised(model, layer) && Collections.frequency(coded, weights.weights()) == 1) {
            layers.add(layer);
          }
        });
    Map<ConvLayer, LayerMoments> moments = new LinkedHashMap<>();
    if (layers.isEmpty()) {
      return moments;
    }
    List<String> outputs = layers.stream().map(ConvLayer::output).toList();
    Map<String, double[][]> sums = new LinkedHashMap<>();
    try (TeacherValues values =
        new TeacherValues(GraphEdits.replace(model, fitted, GraphEdits.Form.DECODED), outputs)) {
      for (Feed feed : feeds) {
        values
            .of(feed)
            .forEach(
                (name, value) ->
                    add(
                        sums.computeIfAbsent(name, any -> new double[3][(int) value.shape()[1]]),
                        value));
      }
    }
    layers.forEach(layer -> moments.put(layer, moments(sums.get(layer.output()))));
    return moments;
  }

  private static boolean isNormalised(ModelProto model, ConvLayer layer) {
    return layer.folded().stream()
        .anyMatch(node -> model.getGraph().getNode(node).getOpType().equals("BatchNormalization"));
  }

  /** Adds number, sum and sum of squares. */
  private static void add(double[][] sums, FloatArray value) {
    int channels = sums[0].length;
    int pixels = value.values().length / channels / (int) value.shape()[0];
    for (int i = 0; i < value.values().length; i++) {
      int channel = i / pixels % channels;
      double number = value.values()[i];
      sums[0][channel]++;
      sums[1][channel] += number;
      sums[2][channel] += number * number;
    }
  }

  private static LayerMoments moments(double[][] sums) {
    float[] mean = new float[sums[0].length];
    float[] variance = new float[mean.length];
    for (int c = 0; c < mean.length; c++) {
      double middle = sums[1][c] / sums[0][c];
      mean[c] = (float) middle;
      variance[c] = (float) Math.max(0, sums[2][c] / sums[0][c] - middle * middle);
    }
    return new LayerMoments(mean, variance);
  }
}
