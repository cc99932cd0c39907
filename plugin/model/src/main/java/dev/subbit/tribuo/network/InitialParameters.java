package dev.subbit.tribuo.network;

import java.util.Map;
import java.util.SplittableRandom;
import java.util.TreeMap;

/**
 * The parameters that training starts from, by full name: convolutions drawn as He et al. ("Delving
 * Deep into Rectifiers", 2015) do, latent weights included; the classifier uniform in {@code +-1 /
 * sqrt(in)} with zero bias; batch normalisation as the identity; shifts 0; PReLU slopes 0.25.
 */
public final class InitialParameters {

  private InitialParameters() {}

  /**
   * Draws the parameters of a network.
   *
   * @param network the network.
   * @param rng the generator that they are drawn from.
   * @return the parameters, by full name.
   */
  public static Map<String, float[]> draw(Network network, SplittableRandom rng) {
    Map<String, float[]> parameters = new TreeMap<>();
    InitialLayerParameters layers = new InitialLayerParameters(rng);
    for (Network.Node node : network.nodes()) {
      String prefix = node.name() + "/";
      node.layer().accept(layers).forEach((name, values) -> parameters.put(prefix + name, values));
    }
    return parameters;
  }

  /**
   * The node that a parameter belongs to.
   *
   * @param parameter its full name, {@code <node>/<parameter>}.
   * @return the node's name.
   */
  public static String nodeOf(String parameter) {
    return parameter.substring(0, parameter.indexOf('/'));
  }
}
