package dev.subbit.tribuo.network;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** An index from each node of a network to the nodes that read it. Immutable. */
public final class Readers {

  private final Map<String, List<Network.Node>> readers = new HashMap<>();

  Readers(Network network) {
    for (Network.Node node : network.nodes()) {
      for (String input : node.inputs()) {
        readers.computeIfAbsent(input, name -> new ArrayList<>()).add(node);
      }
    }
  }

  /**
   * The readers of a node.
   *
   * @param node its name.
   * @return the nodes that read it, in their order; one that reads it twice is there twice.
   */
  public List<Network.Node> of(String node) {
    return readers.getOrDefault(node, List.of());
  }

  /**
   * The only reader of a node, if it has just one and that is of a given kind.
   *
   * @param node its name.
   * @param kind a kind of layers.
   * @return the reader; empty if it is of another kind or not the only one.
   */
  public Optional<Network.Node> only(String node, Class<? extends Layer> kind) {
    List<Network.Node> all = of(node);
    return all.size() == 1 && kind.isInstance(all.get(0).layer())
        ? Optional.of(all.get(0))
        : Optional.empty();
  }
}
