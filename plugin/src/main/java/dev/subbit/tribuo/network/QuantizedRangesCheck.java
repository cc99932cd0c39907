package dev.subbit.tribuo.network;

import java.util.HashSet;
import java.util.Map;
import java.util.Set;

/** Checks the rules that {@link TrainedNetwork} states for its quantized ranges. */
final class QuantizedRangesCheck {

  private QuantizedRangesCheck() {}

  /**
   * Checks the ranges of a network whose layers fit together.
   *
   * @param trained the network.
   * @throws IllegalArgumentException if a range is missing, left over or breaks a rule.
   */
  static void check(TrainedNetwork trained) {
    if (trained.ranges().isEmpty()) {
      return;
    }
    Map<String, ConvChain> chains = ConvChain.of(trained.network());
    Set<String> unused = new HashSet<>(trained.ranges().keySet());
    for (Network.Node node : trained.network().nodes()) {
      if (node.layer() instanceof Layer.Conv conv && conv.weights() == Layer.Weights.SUB_BIT) {
        if (conv.activations() == Layer.Activations.BINARY) {
          throw new IllegalArgumentException(
              "Node '" + node.name() + "' binarises its input and cannot have a quantized range");
        }
        ConvChain chain = chains.get(node.name());
        String input = node.inputs().get(0);
        String output = chain.last().name();
        requireRange(trained, node, input);
        requireRange(trained, node, output);
        if (chain.relu().isPresent() && trained.ranges().get(output).zeroPoint() != 0) {
          throw new IllegalArgumentException(
              "The quantized range of the ReLU '" + output + "' must have zero point 0");
        }
        unused.remove(input);
        unused.remove(output);
      }
    }
    if (!unused.isEmpty()) {
      throw new IllegalArgumentException(
          "Quantized ranges at nodes that no sub-bit convolution reads or writes: " + unused);
    }
  }

  private static void requireRange(TrainedNetwork trained, Network.Node conv, String node) {
    if (!trained.ranges().containsKey(node)) {
      throw new IllegalArgumentException(
          "Node '"
              + node
              + "' needs a quantized range, since the convolution '"
              + conv.name()
              + "' has its input or output there");
    }
  }
}
