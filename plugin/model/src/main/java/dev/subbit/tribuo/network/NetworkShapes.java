package dev.subbit.tribuo.network;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * Shape inference over a network. It is also the check that the layers of a network fit together:
 * what it accepts can be exported and run.
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
   *     than 2^26 values an image, or if the last node does not give one value a class; the message
   *     names the node.
   */
  public static Map<String, NodeShape> of(Network network) {
    if (network.nodes().size() > MAX_NODES) {
      throw new IllegalArgumentException(
          "A network of " + network.nodes().size() + " nodes; at most " + MAX_NODES + " are read");
    }
    Map<String, NodeShape> shapes = new LinkedHashMap<>();
    for (Network.Node node : network.nodes()) {
      NodeShape shape = infer(network, node, shapes);
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
   * How many images may go through a network at once without much memory.
   *
   * @param network the network.
   * @return 1 to {@value #MAX_BATCH}, fewer for large images.
   */
  public static int batchSize(Network network) {
    long largest = of(network).values().stream().mapToLong(NodeShape::size).max().orElseThrow();
    return (int) Math.max(1, Math.min(MAX_BATCH, MAX_BATCH_VALUES / largest));
  }

  private static NodeShape infer(
      Network network, Network.Node node, Map<String, NodeShape> shapes) {
    Layer layer = node.layer();
    if (layer instanceof Layer.Input) {
      require(node == network.nodes().get(0), node, "is a second input");
      ImageShape image = network.input();
      return new NodeShape(image.channels(), image.height(), image.width());
    }
    NodeShape in = shapes.get(node.inputs().get(0));
    if (layer instanceof Layer.Dense dense) {
      require(dense.out() >= 1, node, "has " + dense.out() + " outputs");
      require(
          in.equals(NodeShape.vector(dense.in())),
          node,
          "reads " + in + " where a vector of " + dense.in() + " is needed");
      return NodeShape.vector(dense.out());
    }
    if (layer instanceof Layer.Add) {
      NodeShape other = shapes.get(node.inputs().get(1));
      require(in.equals(other), node, "adds " + in + " and " + other);
      return in;
    }
    if (layer instanceof Layer.Relu) {
      return in;
    }
    require(!in.isVector(), node, "needs feature maps and reads the vector " + in);
    if (layer instanceof Layer.Conv conv) {
      requireChannels(conv.in(), in, node);
      return new NodeShape(
          conv.out(), strided(in.height(), conv.stride()), strided(in.width(), conv.stride()));
    }
    if (layer instanceof Layer.AveragePool || layer instanceof Layer.MaxPool) {
      return new NodeShape(in.channels(), strided(in.height(), 2), strided(in.width(), 2));
    }
    if (layer instanceof Layer.GlobalAveragePool) {
      return NodeShape.vector(in.channels());
    }
    if (layer instanceof Layer.Flatten) {
      return NodeShape.vector(Math.toIntExact(in.size()));
    }
    if (layer instanceof Layer.Normalize normalize) {
      require(
          Float.isFinite(normalize.scale()) && Float.isFinite(normalize.offset()),
          node,
          "normalizes by " + normalize.scale() + " and " + normalize.offset());
    } else if (layer instanceof Layer.BatchNorm norm) {
      requireChannels(norm.channels(), in, node);
    } else if (layer instanceof Layer.Shift shift) {
      requireChannels(shift.channels(), in, node);
    } else if (layer instanceof Layer.PRelu prelu) {
      requireChannels(prelu.channels(), in, node);
    } else {
      throw new AssertionError("Layer without a shape rule: " + layer);
    }
    return in;
  }

  /** Output size of a padded convolution, and of pooling that keeps a last odd row. */
  private static int strided(int size, int stride) {
    return (size - 1) / stride + 1;
  }

  private static void requireChannels(int expected, NodeShape in, Network.Node node) {
    require(
        in.channels() == expected,
        node,
        "reads " + in + " where " + expected + " channels are needed");
  }

  private static void require(boolean holds, Network.Node node, String what) {
    if (!holds) {
      throw new IllegalArgumentException("Node '" + node.name() + "' " + what);
    }
  }
}
