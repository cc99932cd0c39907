package dev.subbit.tribuo.cli;

import dev.subbit.onnx.Codebook;
import dev.subbit.onnx.PackedConvWeights;
import dev.subbit.tribuo.network.Layer;
import dev.subbit.tribuo.network.Network;
import dev.subbit.tribuo.network.TrainedNetwork;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

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
    Network network = trained.network();
    List<Network.Node> nodes =
        network.nodes().stream().map(WeightStorage::withFloatWeights).collect(Collectors.toList());
    Map<String, float[]> floats = new HashMap<>(trained.floats());
    trained.packed().forEach((node, packed) -> floats.put(node + "/weight", packed.toDense()));
    return new TrainedNetwork(
        new Network(network.name(), network.input(), network.classes(), nodes),
        floats,
        Map.of(),
        Map.of());
  }

  private static Network.Node withFloatWeights(Network.Node node) {
    if (!(node.layer() instanceof Layer.Conv conv) || conv.weights() == Layer.Weights.FLOAT) {
      return node;
    }
    return new Network.Node(
        node.name(),
        new Layer.Conv(
            conv.in(),
            conv.out(),
            conv.kernel(),
            conv.stride(),
            Layer.Weights.FLOAT,
            conv.activations()),
        node.inputs());
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
