package dev.subbit.tribuo;

import dev.subbit.onnx.Codebook;
import dev.subbit.onnx.PackedConvWeights;
import dev.subbit.tribuo.codebook.KernelAssignment;
import dev.subbit.tribuo.codebook.KernelClustering;
import dev.subbit.tribuo.network.Layer;
import dev.subbit.tribuo.network.Network;
import dev.subbit.tribuo.network.TrainedNetwork;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SplittableRandom;

/** Sub-bit weights for a network that was trained with float ones. */
final class WeightQuantization {

  private final int tau;
  private final int rounds;
  private final SplittableRandom rng;

  /**
   * Prepares a quantization.
   *
   * @param tau bits of an index, 1 to 9.
   * @param rounds most rounds of clustering.
   * @param rng where the first codewords come from.
   */
  WeightQuantization(int tau, int rounds, SplittableRandom rng) {
    this.tau = tau;
    this.rounds = rounds;
    this.rng = rng;
  }

  /**
   * Packs every 3x3 convolution but those that read the image, which stay float as in training.
   *
   * @param trained a network with float weights.
   * @return the network with sub-bit weights.
   * @throws IllegalArgumentException if it has no such convolution.
   */
  TrainedNetwork quantize(TrainedNetwork trained) {
    Map<String, float[]> floats = new HashMap<>(trained.floats());
    Map<String, PackedConvWeights> packed = new HashMap<>(trained.packed());
    List<Network.Node> nodes = new ArrayList<>();
    Set<String> behindConv = new HashSet<>();
    for (Network.Node node : trained.network().nodes()) {
      boolean readsFeatures = node.inputs().stream().anyMatch(behindConv::contains);
      if (readsFeatures || node.layer() instanceof Layer.Conv) {
        behindConv.add(node.name());
      }
      if (readsFeatures && node.layer() instanceof Layer.Conv conv && conv.kernel() == 3) {
        packed.put(node.name(), pack(conv, floats.remove(node.name() + "/weight")));
        nodes.add(new Network.Node(node.name(), subBit(conv), node.inputs()));
      } else {
        nodes.add(node);
      }
    }
    Network network = trained.network();
    if (packed.isEmpty()) {
      throw new IllegalArgumentException(
          "Network '" + network.name() + "' has no 3x3 convolution behind its first to quantize");
    }
    return new TrainedNetwork(
        new Network(network.name(), network.input(), network.classes(), nodes),
        floats,
        packed,
        trained.ranges());
  }

  private static Layer.Conv subBit(Layer.Conv conv) {
    return new Layer.Conv(
        conv.in(),
        conv.out(),
        conv.kernel(),
        conv.stride(),
        Layer.Weights.SUB_BIT,
        conv.activations());
  }

  private PackedConvWeights pack(Layer.Conv conv, float[] weights) {
    int each = conv.in() * Codebook.TAPS;
    // Clustered at one size: else the channels with large weights would choose all codewords.
    float[] normalized = new float[weights.length];
    for (int o = 0; o < conv.out(); o++) {
      double sum = 0;
      for (int i = o * each; i < (o + 1) * each; i++) {
        sum += Math.abs(weights[i]);
      }
      for (int i = o * each; i < (o + 1) * each && sum > 0; i++) {
        normalized[i] = (float) (weights[i] * each / sum);
      }
    }
    Codebook codebook = KernelClustering.fit(tau, normalized, rounds, rng);
    int[] indices = KernelAssignment.nearest(codebook, normalized);
    return PackedConvWeights.pack(
        conv.in(), codebook, indices, bestScales(conv, weights, codebook, indices));
  }

  /** For each channel the scale s that minimises |w - s k|^2, which is w.k / k.k. */
  private static float[] bestScales(
      Layer.Conv conv, float[] weights, Codebook codebook, int[] indices) {
    int each = conv.in() * Codebook.TAPS;
    float[] scale = new float[conv.out()];
    for (int o = 0; o < conv.out(); o++) {
      double product = 0;
      for (int i = o * each; i < (o + 1) * each; i++) {
        product +=
            (double) weights[i] * codebook.tap(indices[i / Codebook.TAPS], i % Codebook.TAPS);
      }
      scale[o] = (float) (product / each);
    }
    return scale;
  }
}
