package dev.subbit.tribuo.export;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.subbit.tribuo.TestModels;
import dev.subbit.tribuo.TestModels.Mode;
import dev.subbit.tribuo.network.ImageShape;
import dev.subbit.tribuo.network.Layer;
import dev.subbit.tribuo.network.Layer.Activations;
import dev.subbit.tribuo.network.Layer.Weights;
import dev.subbit.tribuo.network.Network;
import dev.subbit.tribuo.network.Networks;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** Which operators a network becomes, and which networks become none. */
class IntegerPartsTest {

  private static Network named(String name, int side) {
    return Networks.build(
        name, new ImageShape(3, side, side), 10, Weights.SUB_BIT, Activations.BINARY);
  }

  private static List<String> described(Network network) {
    return IntegerParts.of(network).stream()
        .map(
            part ->
                part.getClass().getSimpleName()
                    + " "
                    + part.reads()
                    + part.residual().map(residual -> " + " + residual).orElse("")
                    + " -> "
                    + part.value())
        .toList();
  }

  @Test
  void aResidualNetworkIsAStemBlocksShortcutsAndAClassifier() {
    assertEquals(
        List.of(
            "Stem image -> stem.bn",
            "Block stem.bn + stem.bn -> stage1.block0.after1",
            "Block stage1.block0.after1 + stage1.block0.after1 -> stage1.block0.after2",
            "Shortcut stage1.block0.after2 -> stage2.block0.shortcut.bn",
            "Block stage1.block0.after2 + stage2.block0.shortcut.bn -> stage2.block0.after1",
            "Block stage2.block0.after1 + stage2.block0.after1 -> stage2.block0.after2",
            "Shortcut stage2.block0.after2 -> stage3.block0.shortcut.bn",
            "Block stage2.block0.after2 + stage3.block0.shortcut.bn -> stage3.block0.after1",
            "Block stage3.block0.after1 + stage3.block0.after1 -> stage3.block0.after2",
            "Classifier stage3.block0.after2 -> classifier"),
        described(named("resnet8", 32)));
  }

  @Test
  void aPlainNetworkPoolsItsSums() {
    assertEquals(
        List.of(
            "Stem image -> bn0",
            "Conv bn0 -> bn1",
            "Conv bn1 -> bn2",
            "Conv bn2 -> bn3",
            "Conv bn3 -> bn4",
            "Conv bn4 -> bn5",
            "Classifier bn5 -> classifier"),
        described(named("vgg-small", 32)));
  }

  @ParameterizedTest
  @CsvSource({"resnet20, 32", "resnet56, 32", "resnet18, 224", "resnet34, 32", "vgg-small, 32"})
  void everyNodeOfANamedNetworkIsPartOfOne(String name, int side) {
    Network network = named(name, side);
    long convs =
        network.nodes().stream().filter(node -> node.layer() instanceof Layer.Conv).count();
    assertEquals(convs + 1, IntegerParts.of(network).size());
  }

  @ParameterizedTest
  @EnumSource(names = {"FLOAT", "FLOAT_BINARY", "SUB_BIT"})
  void refusesOtherKindsOfNetworksAndNamesTheNode(Mode mode) {
    Network network = TestModels.network(mode, "resnet8", new ImageShape(1, 8, 8)).network();
    assertRefused(
        network, mode == Mode.FLOAT_BINARY ? "'stage1.block0.threshold1'" : "'stem.relu'");
  }

  @Test
  void refusesWhatItCannotCompute() {
    assertRefused(changed("relu", "stem", new Layer.Relu()), "'relu', a Relu");
    assertRefused(changed("average", "stem", new Layer.AveragePool()), "'average', a AveragePool");
    assertRefused(changed("norm", "conv", new Layer.BatchNorm(4)), "'again', a BatchNorm");
  }

  /** A network with one more layer behind another. */
  private static Network changed(String name, String behind, Layer layer) {
    List<Network.Node> nodes = new ArrayList<>();
    add(nodes, "image", new Layer.Input());
    String x =
        add(nodes, "stem", new Layer.Conv(1, 4, 3, 1, Weights.FLOAT, Activations.REAL), "image");
    x = behind.equals(x) ? add(nodes, name, layer, x) : x;
    x = add(nodes, "conv", new Layer.Conv(4, 4, 3, 1, Weights.SUB_BIT, Activations.BINARY), x);
    x = behind.equals(x) ? add(nodes, "again", layer, add(nodes, name, layer, x)) : x;
    x = add(nodes, "mean", new Layer.GlobalAveragePool(), x);
    add(nodes, "logits", new Layer.Dense(4, 2), x);
    return new Network("changed", new ImageShape(1, 6, 6), 2, nodes);
  }

  private static String add(List<Network.Node> nodes, String name, Layer layer, String... inputs) {
    nodes.add(new Network.Node(name, layer, List.of(inputs)));
    return name;
  }

  private static void assertRefused(Network network, String part) {
    String message =
        assertThrows(IllegalArgumentException.class, () -> IntegerParts.of(network)).getMessage();
    assertTrue(message.contains(part), message);
  }
}
