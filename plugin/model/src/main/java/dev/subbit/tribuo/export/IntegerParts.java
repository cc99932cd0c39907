package dev.subbit.tribuo.export;

import dev.subbit.tribuo.network.ConvChain;
import dev.subbit.tribuo.network.Layer;
import dev.subbit.tribuo.network.Network;
import dev.subbit.tribuo.network.Readers;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * Finds the {@link IntegerPart}s of a network: one float convolution that reads the pixels,
 * convolutions of signs with or without ReActNet's block around them, 1x1 convolutions in
 * shortcuts, and one classifier. Every node of the network has to be part of one.
 */
final class IntegerParts {

  private final Network network;
  private final Readers readers;
  private final Map<String, ConvChain> chains;
  private final BinaryLayers binaryLayers;
  private final List<IntegerPart> parts = new ArrayList<>();

  /** Nodes whose values a part gives, and from which later parts may read. */
  private final Set<String> values = new HashSet<>();

  /** Nodes of the parts so far. */
  private final Set<String> taken = new HashSet<>();

  private IntegerParts(Network network) {
    this.network = network;
    this.readers = network.readers();
    this.chains = ConvChain.of(network);
    this.binaryLayers = new BinaryLayers(network, chains, Set.of());
  }

  /**
   * Finds the parts.
   *
   * @param network the network.
   * @return its parts, each after those that it reads; the first is a {@link IntegerPart.Stem}, the
   *     last a {@link IntegerPart.Classifier}.
   * @throws IllegalArgumentException if a layer cannot run in integers; the message names its node.
   */
  static List<IntegerPart> of(Network network) {
    IntegerParts found = new IntegerParts(network);
    for (Network.Node node : network.nodes()) {
      if (!found.taken.contains(node.name()) && !found.belongsToConv(node)) {
        found.add(found.partFrom(node));
      }
    }
    if (!(found.parts.get(found.parts.size() - 1) instanceof IntegerPart.Classifier)) {
      throw unsupported(network.output(), "a classifier must be the last layer");
    }
    return List.copyOf(found.parts);
  }

  /** Whether a node belongs to a convolution of signs whose part begins at another node. */
  private boolean belongsToConv(Network.Node node) {
    return binaryLayers.isThreshold(node.name()) || binaryLayers.isInsideBlock(node.name());
  }

  private IntegerPart partFrom(Network.Node node) {
    Optional<BinaryLayers.Block> block = binaryLayers.blockOf(node.name());
    if (block.isPresent()) {
      taken.add(node.name());
      return new IntegerPart.Block(
          binaryLayers.thresholdOf(block.get().chain().conv()), block.get());
    }
    if (node.layer() instanceof Layer.Input) {
      return stem(node);
    }
    if (binaryLayers.isConv(node.name())) {
      return conv(node);
    }
    if (node.layer() instanceof Layer.AveragePool || isConvOfMaps(node, 1)) {
      return shortcut(node);
    }
    if (node.layer() instanceof Layer.GlobalAveragePool || node.layer() instanceof Layer.Flatten) {
      return classifier(node);
    }
    throw unsupported(node, "this kind of layer has no integer form at this place");
  }

  private IntegerPart stem(Network.Node image) {
    taken.add(image.name());
    Optional<Network.Node> normalize = takeOnlyReader(image, Layer.Normalize.class);
    Network.Node last = normalize.orElse(image);
    Network.Node conv =
        takeOnlyReader(last, Layer.Conv.class)
            .orElseThrow(() -> unsupported(last, "its only reader must be the first convolution"));
    if (!isFloat((Layer.Conv) conv.layer())) {
      throw unsupported(conv, "the first convolution must have float weights and read values");
    }
    ConvChain chain = takeNorm(conv);
    return new IntegerPart.Stem(
        image, normalize, chain, takeOnlyReader(chain.normalized(), Layer.MaxPool.class));
  }

  private IntegerPart conv(Network.Node conv) {
    taken.add(conv.name());
    Optional<Network.Node> pool = takeOnlyReader(conv, Layer.MaxPool.class);
    Optional<Network.Node> norm = takeOnlyReader(pool.orElse(conv), Layer.BatchNorm.class);
    return new IntegerPart.Conv(binaryLayers.thresholdOf(conv), conv, pool, norm);
  }

  private IntegerPart shortcut(Network.Node first) {
    taken.add(first.name());
    Optional<Network.Node> pool =
        Optional.of(first).filter(node -> node.layer() instanceof Layer.AveragePool);
    Network.Node conv =
        pool.isEmpty()
            ? first
            : takeOnlyReader(first, Layer.Conv.class)
                .filter(node -> isConvOfMaps(node, 1))
                .orElseThrow(() -> unsupported(first, "its only reader must be a 1x1 convolution"));
    if (((Layer.Conv) conv.layer()).stride() != 1) {
      throw unsupported(conv, "a 1x1 convolution must have stride 1");
    }
    return new IntegerPart.Shortcut(pool, takeNorm(conv));
  }

  private IntegerPart classifier(Network.Node positions) {
    taken.add(positions.name());
    Network.Node dense =
        takeOnlyReader(positions, Layer.Dense.class)
            .filter(node -> node.equals(network.output()))
            .orElseThrow(
                () ->
                    unsupported(
                        positions,
                        "its only reader must be the network's last layer, the" + " classifier"));
    return new IntegerPart.Classifier(positions, dense);
  }

  private ConvChain takeNorm(Network.Node conv) {
    ConvChain chain = chains.get(conv.name());
    chain.norm().ifPresent(norm -> taken.add(norm.name()));
    return chain;
  }

  private Optional<Network.Node> takeOnlyReader(Network.Node node, Class<? extends Layer> kind) {
    Optional<Network.Node> reader = readers.only(node.name(), kind);
    reader.ifPresent(found -> taken.add(found.name()));
    return reader;
  }

  /** Whether a node is a float convolution with a kernel of one size. */
  private static boolean isConvOfMaps(Network.Node node, int kernel) {
    return node.layer() instanceof Layer.Conv conv && conv.kernel() == kernel && isFloat(conv);
  }

  private static boolean isFloat(Layer.Conv conv) {
    return conv.weights() == Layer.Weights.FLOAT && conv.activations() == Layer.Activations.REAL;
  }

  private void add(IntegerPart part) {
    if (!(part instanceof IntegerPart.Stem)) {
      requireValue(part, part.reads());
    }
    part.residual().ifPresent(residual -> requireValue(part, residual));
    if (!(part instanceof IntegerPart.Classifier) && readers.of(part.value()).isEmpty()) {
      throw unsupported(network.node(part.value()), "nothing reads its values");
    }
    parts.add(part);
    values.add(part.value());
  }

  private void requireValue(IntegerPart part, String read) {
    if (!values.contains(read)) {
      throw unsupported(
          part.named(),
          "it reads the values of '" + read + "', which are not those of an integer layer");
    }
  }

  private static IllegalArgumentException unsupported(Network.Node node, String why) {
    return new IllegalArgumentException(
        "The network cannot run in integers because of node '"
            + node.name()
            + "', a "
            + node.layer().getClass().getSimpleName()
            + ": "
            + why);
  }
}
