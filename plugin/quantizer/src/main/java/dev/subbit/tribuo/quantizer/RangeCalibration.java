package dev.subbit.tribuo.quantizer;

import dev.subbit.tribuo.network.ConvChain;
import dev.subbit.tribuo.network.Layer;
import dev.subbit.tribuo.network.Network;
import dev.subbit.tribuo.network.ResidualBlock;
import dev.subbit.tribuo.network.TrainedNetwork;
import dev.subbit.tribuo.network.TrainedNetwork.QuantizedRange;
import dev.subbit.tribuo.quantizer.range.RangeChoice;
import dev.subbit.tribuo.settings.Clipping;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Chooses the 8-bit ranges of the activations around sub-bit convolutions, shortcuts included: one
 * run over the images for the extremes of each, a second for a histogram between them.
 */
final class RangeCalibration {

  private RangeCalibration() {}

  /**
   * Gives a network its quantized ranges.
   *
   * @param trained a network with sub-bit weights, real activations and no ranges.
   * @param images the images to measure on.
   * @param clipping how a range is chosen.
   * @return the same network with ranges.
   */
  static TrainedNetwork calibrate(
      TrainedNetwork trained, CalibrationImages images, Clipping clipping) {
    List<String> nodes = nodesWithRanges(trained);
    Map<String, QuantizedRange> ranges =
        RangeChoice.ranges(
            clipping, nodes, observer -> images.run(trained, nodes, observer::accept));
    shareRangesThroughMaxPooling(trained, ranges);
    return new TrainedNetwork(trained.network(), trained.floats(), trained.packed(), ranges);
  }

  /**
   * A max pooling behind an 8-bit convolution gets its range, and so takes its values as they are.
   */
  private static void shareRangesThroughMaxPooling(
      TrainedNetwork trained, Map<String, QuantizedRange> ranges) {
    Set<String> givenAsIntegers = givenAsIntegers(trained);
    for (Network.Node node : trained.network().nodes()) {
      if (node.layer() instanceof Layer.MaxPool && ranges.containsKey(node.name())) {
        String input = node.inputs().get(0);
        if (givenAsIntegers.contains(input)) {
          ranges.put(node.name(), ranges.get(input));
        }
      }
    }
  }

  /** The nodes whose values 8-bit convolutions compute. */
  private static Set<String> givenAsIntegers(TrainedNetwork trained) {
    Map<String, ConvChain> chains = ConvChain.of(trained.network());
    Map<String, ResidualBlock> blocks = ResidualBlock.of(trained.network());
    Set<String> nodes = new HashSet<>();
    for (String conv : trained.packed().keySet()) {
      ResidualBlock block = blocks.get(conv);
      nodes.add((block == null ? chains.get(conv).last() : block.last()).name());
    }
    return nodes;
  }

  /** In the order of the network, so that the first node that overflows is the one reported. */
  private static List<String> nodesWithRanges(TrainedNetwork trained) {
    Set<String> around = givenAsIntegers(trained);
    for (Network.Node node : trained.network().nodes()) {
      if (trained.packed().containsKey(node.name())) {
        around.addAll(node.inputs());
      }
    }
    ResidualBlock.of(trained.network()).values().forEach(block -> around.add(block.shortcut()));
    return trained.network().nodes().stream()
        .map(Network.Node::name)
        .filter(around::contains)
        .toList();
  }
}
