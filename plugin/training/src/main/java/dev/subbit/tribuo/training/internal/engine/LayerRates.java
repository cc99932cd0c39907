package dev.subbit.tribuo.training.internal.engine;

import dev.subbit.tribuo.network.InitialParameters;
import java.util.Map;

/**
 * How fast each layer of a network is trained.
 *
 * @param factors by which the learning rate of a node's parameters is multiplied, by the node's
 *     name, 0 and more; 1 for nodes that are not named. At 0, a node is frozen: its parameters and
 *     its codebook stay as they are.
 */
public record LayerRates(Map<String, Float> factors) {

  /** All layers at the recipe's learning rate. */
  public static final LayerRates EQUAL = new LayerRates(Map.of());

  // Copies the factors and checks them.
  public LayerRates {
    factors = Map.copyOf(factors);
    factors.forEach(
        (node, factor) -> {
          if (!(factor >= 0)) {
            throw new IllegalArgumentException("'" + node + "' has the rate factor " + factor);
          }
        });
  }

  /**
   * The factor of a parameter.
   *
   * @param parameter its full name, {@code <node>/<parameter>}.
   * @return what its learning rate is multiplied by.
   */
  public float of(String parameter) {
    return factors.getOrDefault(InitialParameters.nodeOf(parameter), 1f);
  }

  /**
   * Whether a node stays as it is.
   *
   * @param node its name.
   * @return true if its factor is 0.
   */
  public boolean isFrozen(String node) {
    return factors.getOrDefault(node, 1f) == 0;
  }
}
