package dev.subbit.tribuo.network;

import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * A network: nodes in topological order, the last one the logits [N, classes]. Immutable.
 *
 * @param name the name it was built under, such as {@code resnet20}.
 * @param input the shape of its images.
 * @param classes number of classes.
 * @param nodes the nodes, each after the nodes it reads.
 */
public record Network(String name, ImageShape input, int classes, List<Node> nodes) {

  /**
   * A layer and where it reads from.
   *
   * @param name unique within the network; slash-free, such as {@code stage2.block0.conv1}.
   * @param layer what it computes.
   * @param inputs names of the nodes it reads: none for Input, two for Add, one for everything
   *     else.
   */
  public record Node(String name, Layer layer, List<String> inputs) {
    // Copies the list, so that the node stays as it was made.
    public Node {
      inputs = List.copyOf(inputs);
    }

    /**
     * The other input of a node that reads two.
     *
     * @param input one of them.
     * @return the other one; the same if the node reads it twice.
     */
    public String otherInput(String input) {
      return inputs.get(inputs.get(0).equals(input) ? 1 : 0);
    }
  }

  // Checks that names are unique and that every node reads only nodes before it.
  public Network {
    nodes = List.copyOf(nodes);
    if (nodes.isEmpty() || !(nodes.get(0).layer() instanceof Layer.Input)) {
      throw new IllegalArgumentException("The first node of a network is its input");
    }
    Set<String> seen = new HashSet<>();
    for (Node node : nodes) {
      int expected = node.layer().accept(new InputCount());
      if (node.inputs().size() != expected || !seen.containsAll(node.inputs())) {
        throw new IllegalArgumentException(
            "Node '"
                + node.name()
                + "' reads "
                + node.inputs()
                + ", which does not fit or comes later");
      }
      if (node.name().isEmpty() || node.name().contains("/") || !seen.add(node.name())) {
        throw new IllegalArgumentException(
            "Node name '" + node.name() + "' is empty, holds a slash or is used twice");
      }
    }
  }

  /**
   * A node by name.
   *
   * @param name its name.
   * @return the node.
   * @throws IllegalArgumentException if there is none.
   */
  public Node node(String name) {
    return nodes.stream()
        .filter(node -> node.name().equals(name))
        .findFirst()
        .orElseThrow(
            () ->
                new IllegalArgumentException(
                    "Network '" + this.name + "' has no node '" + name + "'"));
  }

  /**
   * The nodes that read each node.
   *
   * @return the readers, by node.
   */
  public Readers readers() {
    return new Readers(this);
  }

  /**
   * The node that computes the logits.
   *
   * @return the last node.
   */
  public Node output() {
    return nodes.get(nodes.size() - 1);
  }

  /**
   * The same network with float weights in all of its convolutions.
   *
   * @return a network with the same nodes, under the same names.
   */
  public Network withFloatWeights() {
    return new Network(
        name, input, classes, nodes.stream().map(Network::withFloatWeights).toList());
  }

  private static Node withFloatWeights(Node node) {
    if (!(node.layer() instanceof Layer.Conv conv)) {
      return node;
    }
    Layer.Conv inFloat =
        new Layer.Conv(
            conv.in(),
            conv.out(),
            conv.kernel(),
            conv.stride(),
            Layer.Weights.FLOAT,
            conv.activations());
    return new Node(node.name(), inFloat, node.inputs());
  }
}
