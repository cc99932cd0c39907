package dev.subbit.tribuo.network;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Infers the shapes of a network's values. This is also the check that the layers of a network fit
 * together: what it accepts can be exported and run.
 */
public final class NetworkShapes {

  /** Most values that one node may give for one image: 256 MiB of floats. */
  static final long MAX_NODE_VALUES = 1L << 26;

  /** Most nodes of one network. */
  static final int MAX_NODES = 10_000;

  /** Most images of one run. */
  private static final int MAX_BATCH = 64;

  /** Most values of one run's largest tensor; large images go in smaller batches. */
  private static final long MAX_BATCH_VALUES = 1L << 22;

  private NetworkShapes() {}

  /**
   * The shape that every node gives for one image.
   *
   * @param network the network.
   * @return shapes by node name, in the order of the nodes.
   * @throws IllegalArgumentException if a layer cannot take what it reads, if a node gives more
   *     than 2^26 values per image, or if the last node does not give one value per class; the
   *     message names the node.
   */
  public static Map<String, NodeShape> of(Network network) {
    if (network.nodes().size() > MAX_NODES) {
      throw new IllegalArgumentException(
          "A network of " + network.nodes().size() + " nodes; at most " + MAX_NODES + " are read");
    }
    Map<String, NodeShape> shapes = new LinkedHashMap<>();
    for (Network.Node node : network.nodes()) {
      List<NodeShape> inputs = node.inputs().stream().map(shapes::get).toList();
      NodeShape shape = node.layer().accept(new ShapeInference(network, node, inputs));
      require(
          shape.size() <= MAX_NODE_VALUES,
          node,
          "would give " + shape + " values for one image, more than " + MAX_NODE_VALUES);
      shapes.put(node.name(), shape);
    }
    NodeShape last = shapes.get(network.output().name());
    require(
        network.classes() >= 1 && last.equals(NodeShape.vector(network.classes())),
        network.output(),
        "is the last node and gives "
            + last
            + ", not one value for each of "
            + network.classes()
            + " classes");
    return Collections.unmodifiableMap(shapes);
  }

  /**
   * The number of images that can go through a network at once without using much memory.
   *
   * @param network the network.
   * @return 1 to {@value #MAX_BATCH}, fewer for large images.
   */
  public static int batchSize(Network network) {
    long largest = of(network).values().stream().mapToLong(NodeShape::size).max().orElseThrow();
    return (int) Math.max(1, Math.min(MAX_BATCH, MAX_BATCH_VALUES / largest));
  }

  /** Throws an exception that names the node and says what is wrong with it. */
  static void require(boolean holds, Network.Node node, String what) {
    if (!holds) {
      throw new IllegalArgumentException("Node '" + node.name() + "' " + what);
    }
  }
}
