package dev.subbit.tribuo.training.internal.engine.tensorflow;

import dev.subbit.tribuo.network.Layer;
import dev.subbit.tribuo.network.Network;
import dev.subbit.tribuo.network.Readers;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Which nodes of a network {@link NativeOps} compute together: a batch normalisation with what
 * follows it, and a shift with the binary convolutions that compare it with 0.
 */
final class FusedUnits {

  /**
   * A batch normalisation and the nodes behind it that are read by one node only.
   *
   * @param norm the batch normalisation.
   * @param residual name of the node that is added to it.
   * @param before the shift behind that.
   * @param bend a ReLU or PReLU behind that.
   * @param after the shift behind that.
   * @param last name of the last of these nodes, the only one that others read.
   */
  record Unit(
      Network.Node norm,
      Optional<String> residual,
      Optional<Network.Node> before,
      Optional<Network.Node> bend,
      Optional<Network.Node> after,
      String last) {}

  private final Network network;
  private final Readers readers;

  /** Units by the names of all nodes in them. */
  private final Map<String, Unit> units = new HashMap<>();

  FusedUnits(Network network) {
    this.network = network;
    this.readers = network.readers();
    for (Network.Node node : network.nodes()) {
      if (node.layer() instanceof Layer.BatchNorm) {
        addUnit(node);
      }
    }
  }

  private void addUnit(Network.Node norm) {
    // Where two normalisations are added, the addition belongs to the first.
    Optional<Network.Node> add =
        readers.only(norm.name(), Layer.Add.class).filter(n -> !units.containsKey(n.name()));
    String sum = add.orElse(norm).name();
    Optional<Network.Node> before = shift(sum);
    String shifted = before.map(Network.Node::name).orElse(sum);
    Optional<Network.Node> bend =
        readers.only(shifted, Layer.PRelu.class).or(() -> readers.only(shifted, Layer.Relu.class));
    Optional<Network.Node> after = bend.flatMap(n -> shift(n.name()));
    Optional<String> residual = add.map(n -> n.otherInput(norm.name()));
    String last = after.or(() -> bend).map(Network.Node::name).orElse(shifted);
    Unit unit = new Unit(norm, residual, before, bend, after, last);
    units.put(norm.name(), unit);
    for (Optional<Network.Node> node : List.of(add, before, bend, after)) {
      node.ifPresent(n -> units.put(n.name(), unit));
    }
  }

  private Optional<Network.Node> shift(String node) {
    return readers.only(node, Layer.Shift.class).filter(shift -> !isThreshold(shift.name()));
  }

  /** Tests whether a node is a shift that only binary convolutions read. */
  boolean isThreshold(String node) {
    return network.node(node).layer() instanceof Layer.Shift
        && !readers.of(node).isEmpty()
        && readers.of(node).stream().allMatch(FusedUnits::isBinary);
  }

  static boolean isBinary(Network.Node node) {
    return node.layer() instanceof Layer.Conv conv
        && conv.activations() == Layer.Activations.BINARY;
  }

  /** The unit that a node is in. */
  Optional<Unit> of(String node) {
    return Optional.ofNullable(units.get(node));
  }

  /**
   * Tests whether every shift and PReLU is in a unit or a threshold, as in all networks that can be
   * built by name.
   */
  boolean coverAll() {
    return network.nodes().stream()
        .filter(node -> node.layer() instanceof Layer.Shift || node.layer() instanceof Layer.PRelu)
        .allMatch(node -> units.containsKey(node.name()) || isThreshold(node.name()));
  }
}
