package dev.subbit.tribuo.network;

import dev.subbit.onnx.SubBitNodes;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;

/**
 * The end of a residual block whose values a network can hold in 8 bits throughout: a sub-bit
 * convolution of real activations with its batch normalisation, the addition of a shortcut, and a
 * ReLU, which 8-bit arithmetic gets from clamping. Each but the last is read by the next and by
 * nothing else. The convolution has at most {@value SubBitNodes#MAX_BLOCK_CHANNELS} input channels.
 *
 * @param chain the convolution and its batch normalisation.
 * @param shortcut name of the node that is added.
 * @param add the addition.
 * @param relu the ReLU that reads it, if that is its only reader.
 */
public record ResidualBlock(
    ConvChain chain, String shortcut, Network.Node add, Optional<Network.Node> relu) {

  /**
   * Finds the block ends of a network. If both summands of an addition could be the convolution of
   * one, the later one is taken.
   *
   * @param network the network.
   * @return the block ends, by the convolution's name.
   */
  public static Map<String, ResidualBlock> of(Network network) {
    Map<String, ConvChain> chains = ConvChain.of(network);
    Readers readers = network.readers();
    Map<String, ResidualBlock> byAddition = new HashMap<>();
    for (Network.Node node : network.nodes()) {
      if (node.layer() instanceof Layer.Conv conv
          && conv.weights() == Layer.Weights.SUB_BIT
          && conv.activations() == Layer.Activations.REAL
          && conv.in() <= SubBitNodes.MAX_BLOCK_CHANNELS
          && chains.get(node.name()).norm().isPresent()) {
        endOf(chains.get(node.name()), readers)
            .ifPresent(block -> byAddition.put(block.add().name(), block));
      }
    }
    Map<String, ResidualBlock> blocks = new HashMap<>();
    byAddition.values().forEach(block -> blocks.put(block.chain().conv().name(), block));
    return blocks;
  }

  /**
   * The block ends that a network holds in 8 bits: those whose batch normalisation has no quantized
   * range. Networks that were quantized by versions without such block ends have a range at each
   * batch normalisation.
   *
   * @param trained the network.
   * @return the block ends, by the convolution's name; none if the network has no ranges.
   */
  public static Map<String, ResidualBlock> inIntegers(TrainedNetwork trained) {
    if (trained.ranges().isEmpty()) {
      return Map.of();
    }
    Map<String, ResidualBlock> blocks = of(trained.network());
    blocks.values().removeIf(b -> trained.ranges().containsKey(b.chain().last().name()));
    return blocks;
  }

  private static Optional<ResidualBlock> endOf(ConvChain chain, Readers readers) {
    String last = chain.last().name();
    return readers
        .only(last, Layer.Add.class)
        .map(
            add ->
                new ResidualBlock(
                    chain, add.otherInput(last), add, readers.only(add.name(), Layer.Relu.class)));
  }

  /**
   * The last node: where the block's values are.
   *
   * @return the ReLU, else the addition.
   */
  public Network.Node last() {
    return relu.orElse(add);
  }
}
