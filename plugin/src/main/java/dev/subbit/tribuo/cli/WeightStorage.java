package dev.subbit.tribuo.cli;

import dev.subbit.onnx.Codebook;
import dev.subbit.onnx.PackedConvWeights;
import dev.subbit.tribuo.network.TrainedNetwork;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;

/**
 * The same network with its sub-bit weights stored in other ways: it computes the same function, so
 * that sizes of files can be compared.
 */
final class WeightStorage {

  private WeightStorage() {}

  /**
   * Every sub-bit weight as a 32-bit float, and float activations.
   *
   * @param trained the network.
   * @return the network with no sub-bit layer and no quantized range.
   */
  static TrainedNetwork inFloats(TrainedNetwork trained) {
    Map<String, float[]> floats = new HashMap<>(trained.floats());
    trained.packed().forEach((node, packed) -> floats.put(node + "/weight", packed.toDense()));
    return new TrainedNetwork(trained.network().withFloatWeights(), floats, Map.of(), Map.of());
  }

  /**
   * Every sub-bit weight as one bit: tau = 9 with the full codebook, a plain binary network.
   *
   * @param trained the network.
   * @return the network with one bit a weight.
   */
  static TrainedNetwork inOneBit(TrainedNetwork trained) {
    Map<String, PackedConvWeights> packed = new HashMap<>();
    trained.packed().forEach((node, weights) -> packed.put(node, inOneBit(weights)));
    return new TrainedNetwork(trained.network(), trained.floats(), packed, trained.ranges());
  }

  private static PackedConvWeights inOneBit(PackedConvWeights weights) {
    // In the full codebook the index of a kernel is its codeword.
    int[] codewords = Arrays.stream(weights.indices()).map(weights.codebook()::codeword).toArray();
    return PackedConvWeights.pack(
        weights.inChannels(), Codebook.full(), codewords, weights.scale());
  }
}
