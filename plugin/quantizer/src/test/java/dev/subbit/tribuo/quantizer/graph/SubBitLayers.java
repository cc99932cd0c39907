package dev.subbit.tribuo.quantizer.graph;

import dev.subbit.onnx.Codebook;
import dev.subbit.onnx.PackedConvWeights;
import dev.subbit.tribuo.quantizer.fit.StagedWeights;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** Sub-bit weights whose kernels are all of ones, times a scale. */
final class SubBitLayers {

  private SubBitLayers() {}

  static PackedConvWeights ones(int outputs, int channels, float scale) {
    float[] scales = new float[outputs];
    Arrays.fill(scales, scale);
    return PackedConvWeights.pack(
        channels, new Codebook(1, new int[] {511, 0}), new int[outputs * channels], scales);
  }

  /** One stage per scale. */
  static StagedWeights staged(int outputs, int channels, float bias, float... scales) {
    List<PackedConvWeights> stages = new ArrayList<>();
    for (float scale : scales) {
      stages.add(ones(outputs, channels, scale));
    }
    float[] biases = new float[outputs];
    Arrays.fill(biases, bias);
    return new StagedWeights(stages, biases, new float[outputs], new float[outputs], 0);
  }
}
