package dev.subbit.tribuo.network;

import java.util.HashMap;
import java.util.Map;
import java.util.Optional;

/**
 * A convolution with the layers behind it that are run together with it: the batch normalisation
 * that is folded into its weights, and the ReLU that 8-bit arithmetic gets from clamping. Each
 * follows directly and is the only reader of what it follows.
 *
 * @param conv the convolution.
 * @param norm the batch normalisation that reads it, if that is its only reader.
 * @param relu the ReLU that reads these, if that is their only reader.
 */
public record ConvChain(
    Network.Node conv, Optional<Network.Node> norm, Optional<Network.Node> relu) {

  /**
   * The chains of a network.
   *
   * @param network the network.
   * @return one chain for each convolution, by the convolution's name.
   */
  public static Map<String, ConvChain> of(Network network) {
    Readers readers = network.readers();
    Map<String, ConvChain> chains = new HashMap<>();
    for (Network.Node node : network.nodes()) {
      if (node.layer() instanceof Layer.Conv) {
        Optional<Network.Node> norm = readers.only(node.name(), Layer.BatchNorm.class);
        Optional<Network.Node> relu = readers.only(norm.orElse(node).name(), Layer.Relu.class);
        chains.put(node.name(), new ConvChain(node, norm, relu));
      }
    }
    return chains;
  }

  /**
   * The node whose values the convolution gives once batch normalisation is folded into it.
   *
   * @return the batch normalisation, else the convolution.
   */
  public Network.Node normalized() {
    return norm.orElse(conv);
  }

  /**
   * The last node of the chain: where an 8-bit convolution puts its values.
   *
   * @return the ReLU, else the batch normalisation, else the convolution.
   */
  public Network.Node last() {
    return relu.orElse(normalized());
  }
}
