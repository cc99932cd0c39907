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
    Map<String, ResidualBlock> blocks = ResidualBlock.inIntegers(trained);
    Set<String> unused = new HashSet<>(trained.ranges().keySet());
    for (Network.Node node : trained.network().nodes()) {
      if (node.layer() instanceof Layer.Conv conv && conv.weights() == Layer.Weights.SUB_BIT) {
        if (conv.activations() == Layer.Activations.BINARY) {
          throw new IllegalArgumentException(
              "Node '" + node.name() + "' binarises its input and cannot have a quantized range");
        }
        String input = node.inputs().get(0);
        requireRange(trained, node, input);
        unused.remove(input);
        ResidualBlock block = blocks.get(node.name());
        if (block != null) {
          requireRange(trained, node, block.shortcut());
          unused.remove(block.shortcut());
        }
        Network.Node output = block == null ? chains.get(node.name()).last() : block.last();
        requireRange(trained, node, output.name());
        unused.remove(output.name());
        if (output.layer() instanceof Layer.Relu
            && trained.ranges().get(output.name()).zeroPoint() != 0) {
          throw new IllegalArgumentException(
              "The quantized range of the ReLU '" + output.name() + "' must have zero point 0");
        }
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
              + "' has its input, shortcut or output there");
    }
  }
}
