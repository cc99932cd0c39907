package dev.subbit.tribuo.export;

import dev.subbit.tribuo.network.ConvChain;
import dev.subbit.tribuo.network.Layer;
import dev.subbit.tribuo.network.Network;
import dev.subbit.tribuo.network.Readers;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * The layers of a network that run on packed signs: its convolutions of sub-bit weights and binary
 * activations, the thresholds in front of them, and what follows one as in a ReActNet block.
 */
final class BinaryLayers {

  /**
   * The values and the threshold that give a convolution its signs.
   *
   * @param value the node whose values, plus the shift, have these signs.
   * @param shift the threshold between value and convolution, if there is one.
   */
  record Threshold(String value, Optional<Network.Node> shift) {}

  /**
   * A convolution with all that a {@code BinarySubBitBlock} does behind it. Each node but the last
   * is read by the next and by nothing else.
   *
   * @param chain the convolution and its batch normalisation.
   * @param residual the node that is added.
   * @param add the addition.
   * @param shiftIn the shift in front of the PReLU.
   * @param prelu the PReLU.
   * @param shiftOut the shift behind it, which gives the block's values.
   */
  record Block(
      ConvChain chain,
      String residual,
      Network.Node add,
      Network.Node shiftIn,
      Network.Node prelu,
      Network.Node shiftOut) {}

  private final Network network;
  private final Readers readers;
  private final Set<String> kept;
  private final Set<String> convs = new HashSet<>();
  private final Map<String, Block> blocks = new HashMap<>();
  private final Set<String> insideBlocks = new HashSet<>();
  private final Set<String> thresholds = new HashSet<>();
  private final Map<String, Threshold> signs = new HashMap<>();

  /**
   * Finds the binary layers.
   *
   * @param network the network.
   * @param chains the chains of its convolutions.
   * @param kept nodes whose float values the caller asks for.
   */
  BinaryLayers(Network network, Map<String, ConvChain> chains, Set<String> kept) {
    this.network = network;
    this.readers = network.readers();
    this.kept = kept;
    for (Network.Node node : network.nodes()) {
      if (node.layer() instanceof Layer.Conv conv
          && conv.weights() == Layer.Weights.SUB_BIT
          && conv.activations() == Layer.Activations.BINARY) {
        convs.add(node.name());
        blockBehind(chains.get(node.name())).ifPresent(this::add);
      }
    }
    for (Network.Node node : network.nodes()) {
      if (node.layer() instanceof Layer.Shift
          && !blocks.containsKey(node.name())
          && readByConvsOnly(node.name())) {
        thresholds.add(node.name());
      }
    }
    for (Network.Node node : network.nodes()) {
      if (convs.contains(node.name())) {
        Threshold threshold = thresholdOf(node);
        signs.putIfAbsent(threshold.value(), threshold);
      }
    }
  }

  private void add(Block block) {
    blocks.put(block.shiftOut().name(), block);
    insideBlocks.add(block.chain().conv().name());
    block.chain().norm().ifPresent(norm -> insideBlocks.add(norm.name()));
    List.of(block.add(), block.shiftIn(), block.prelu())
        .forEach(node -> insideBlocks.add(node.name()));
  }

  private Optional<Block> blockBehind(ConvChain chain) {
    Network.Node last = chain.normalized();
    Optional<Network.Node> add = onlyReader(last, Layer.Add.class);
    Optional<Network.Node> shiftIn = add.flatMap(node -> onlyReader(node, Layer.Shift.class));
    Optional<Network.Node> prelu = shiftIn.flatMap(node -> onlyReader(node, Layer.PRelu.class));
    Optional<Network.Node> shiftOut = prelu.flatMap(node -> onlyReader(node, Layer.Shift.class));
    if (shiftOut.isEmpty() || kept.contains(chain.conv().name())) {
      return Optional.empty();
    }
    String residual = add.get().otherInput(last.name());
    return Optional.of(
        new Block(chain, residual, add.get(), shiftIn.get(), prelu.get(), shiftOut.get()));
  }

  private Optional<Network.Node> onlyReader(Network.Node node, Class<? extends Layer> kind) {
    return kept.contains(node.name()) ? Optional.empty() : readers.only(node.name(), kind);
  }

  private boolean readByConvsOnly(String node) {
    List<Network.Node> all = readers.of(node);
    return !all.isEmpty()
        && !kept.contains(node)
        && all.stream().allMatch(reader -> convs.contains(reader.name()));
  }

  /** Whether a node is a convolution that runs on packed signs. */
  boolean isConv(String node) {
    return convs.contains(node);
  }

  /** Whether a node is part of a block, but not its last node. */
  boolean isInsideBlock(String node) {
    return insideBlocks.contains(node);
  }

  /** The block whose values are those of a node. */
  Optional<Block> blockOf(String node) {
    return Optional.ofNullable(blocks.get(node));
  }

  /** Whether a node is a threshold of which only the signs are read. */
  boolean isThreshold(String node) {
    return thresholds.contains(node);
  }

  /** Where a convolution takes its signs. */
  Threshold thresholdOf(Network.Node conv) {
    String input = conv.inputs().get(0);
    if (!thresholds.contains(input)) {
      return new Threshold(input, Optional.empty());
    }
    Network.Node shift = network.node(input);
    return new Threshold(shift.inputs().get(0), Optional.of(shift));
  }

  /** The threshold under which a node's signs are read first, if any are. */
  Optional<Threshold> signsOf(String node) {
    return Optional.ofNullable(signs.get(node));
  }

  /** Whether anything reads a node's values, and not only its signs under {@link #signsOf}. */
  boolean hasValues(String node) {
    return kept.contains(node)
        || readers.of(node).stream().anyMatch(reader -> !readsSigns(node, reader));
  }

  private boolean readsSigns(String node, Network.Node reader) {
    Optional<Network.Node> shift =
        thresholds.contains(reader.name()) ? Optional.of(reader) : Optional.empty();
    return (shift.isPresent() || convs.contains(reader.name()))
        && new Threshold(node, shift).equals(signs.get(node));
  }
}
