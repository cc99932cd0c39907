package dev.subbit.tribuo.network;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.subbit.tribuo.network.Layer.Activations;
import dev.subbit.tribuo.network.Layer.Weights;
import dev.subbit.tribuo.network.TrainedNetwork.QuantizedRange;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

class ResidualBlockTest {

  private static final ImageShape SHAPE = new ImageShape(3, 16, 16);

  private final List<Network.Node> nodes = new ArrayList<>();

  private void add(String name, Layer layer, String... inputs) {
    nodes.add(new Network.Node(name, layer, List.of(inputs)));
  }

  private void addStem() {
    add("input", new Layer.Input());
    add("stem", new Layer.Conv(3, 4, 3, 1, Weights.FLOAT, Activations.REAL), "input");
  }

  private void addConv(String name, String input) {
    add(name, new Layer.Conv(4, 4, 3, 1, Weights.SUB_BIT, Activations.REAL), input);
  }

  private Map<String, ResidualBlock> blocks() {
    return ResidualBlock.of(new Network("test", SHAPE, 4, nodes));
  }

  @Test
  void isTheSecondConvolutionOfEveryBlockOfAResidualNetwork() {
    Map<String, ResidualBlock> blocks =
        ResidualBlock.of(Networks.build("resnet8", SHAPE, 10, Weights.SUB_BIT, Activations.REAL));
    assertEquals(
        Set.of("stage1.block0.conv2", "stage2.block0.conv2", "stage3.block0.conv2"),
        blocks.keySet());
    assertEquals("stem.relu", blocks.get("stage1.block0.conv2").shortcut());
    ResidualBlock halving = blocks.get("stage2.block0.conv2");
    assertEquals("stage2.block0.shortcut.bn", halving.shortcut());
    assertEquals("stage2.block0.bn2", halving.chain().last().name());
    assertEquals("stage2.block0.add", halving.add().name());
    assertEquals("stage2.block0.relu2", halving.last().name());
  }

  @Test
  void needsSubBitWeightsAndRealActivations() {
    for (Weights weights : Weights.values()) {
      for (Activations activations : Activations.values()) {
        if (weights == Weights.FLOAT || activations == Activations.BINARY) {
          Network network = Networks.build("resnet8", SHAPE, 10, weights, activations);
          assertEquals(Map.of(), ResidualBlock.of(network));
        }
      }
    }
  }

  @Test
  void endsAtTheAdditionWhereNoReluFollowsAlone() {
    addStem();
    addConv("conv", "stem");
    add("bn", new Layer.BatchNorm(4), "conv");
    add("add", new Layer.Add(), "stem", "bn");
    add("relu", new Layer.Relu(), "add");
    add("again", new Layer.Add(), "relu", "add");
    assertEquals(Optional.empty(), blocks().get("conv").relu());
    assertEquals("add", blocks().get("conv").last().name());
    assertEquals("stem", blocks().get("conv").shortcut());
  }

  @Test
  void takesTheLaterOfTwoSummandsThatCouldBeOne() {
    addStem();
    addConv("first", "stem");
    add("first.bn", new Layer.BatchNorm(4), "first");
    addConv("second", "stem");
    add("second.bn", new Layer.BatchNorm(4), "second");
    add("add", new Layer.Add(), "second.bn", "first.bn");
    assertEquals(Set.of("second"), blocks().keySet());
    assertEquals("first.bn", blocks().get("second").shortcut());
  }

  /** Sums of stages are normalised once they are added up. */
  @Test
  void needsABatchNormalisationThatOnlyTheAdditionReads() {
    addStem();
    addConv("stage1", "stem");
    addConv("stage2", "stem");
    add("sum", new Layer.Add(), "stage1", "stage2");
    add("bn", new Layer.BatchNorm(4), "sum");
    addConv("conv", "bn");
    add("conv.bn", new Layer.BatchNorm(4), "conv");
    add("add", new Layer.Add(), "conv.bn", "bn");
    add("again", new Layer.Add(), "conv.bn", "add");
    assertEquals(Map.of(), blocks());
  }

  @Test
  void runsInIntegersWhereItsBatchNormalisationHasNoRange() {
    addStem();
    addConv("conv", "stem");
    add("bn", new Layer.BatchNorm(4), "conv");
    add("add", new Layer.Add(), "bn", "stem");
    Network network = new Network("test", SHAPE, 4, nodes);
    assertEquals(Set.of(), inIntegers(network));
    assertEquals(Set.of("conv"), inIntegers(network, "stem", "add"));
    assertEquals(Set.of(), inIntegers(network, "stem", "bn"));
    assertTrue(ResidualBlock.of(network).containsKey("conv"));
  }

  private static Set<String> inIntegers(Network network, String... ranges) {
    Map<String, QuantizedRange> byNode =
        List.of(ranges).stream()
            .collect(Collectors.toMap(node -> node, node -> new QuantizedRange(1, 0)));
    return ResidualBlock.inIntegers(new TrainedNetwork(network, Map.of(), Map.of(), byNode))
        .keySet();
  }
}
