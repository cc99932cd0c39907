package dev.subbit.tribuo.export;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import ai.onnx.proto.OnnxMl.ModelProto;
import dev.subbit.onnx.ExecutionBackend;
import dev.subbit.onnx.graph.TinyGraph;
import dev.subbit.tribuo.network.ImageShape;
import dev.subbit.tribuo.network.Layer;
import dev.subbit.tribuo.network.Layer.Activations;
import dev.subbit.tribuo.network.Layer.Weights;
import dev.subbit.tribuo.network.Network;
import dev.subbit.tribuo.network.RandomNetworks;
import dev.subbit.tribuo.network.ReferenceForward;
import dev.subbit.tribuo.network.TrainedNetwork;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The stages of a layer are exported as one convolution, and as the quantizer writes them. */
class StageSumTest {

  private final List<Network.Node> nodes = new ArrayList<>();

  private void node(String name, Layer layer, String... inputs) {
    nodes.add(new Network.Node(name, layer, List.of(inputs)));
  }

  /** Stages a, b and c of one layer. */
  private TrainedNetwork staged(int channels, int stride, boolean normalised) {
    Layer.Conv conv =
        new Layer.Conv(channels, channels, 3, stride, Weights.SUB_BIT, Activations.REAL);
    node("pixels", new Layer.Input());
    node("units", new Layer.Normalize(1 / 255f, 0), "pixels");
    node("stem", new Layer.Conv(2, channels, 3, 1, Weights.FLOAT, Activations.REAL), "units");
    node("a", conv, "stem");
    node("b", conv, "stem");
    node("ab", new Layer.Add(), "a", "b");
    node("c", conv, "stem");
    node("abc", new Layer.Add(), "ab", "c");
    if (normalised) {
      node("norm", new Layer.BatchNorm(channels), "abc");
    }
    node("relu", new Layer.Relu(), normalised ? "norm" : "abc");
    node("pool", new Layer.GlobalAveragePool(), "relu");
    node("logits", new Layer.Dense(channels, 3), "pool");
    return weighed(normalised ? 13 : 12);
  }

  private TrainedNetwork weighed(int seed) {
    return RandomNetworks.weigh(
        new Network("staged", new ImageShape(2, 12, 11), 3, nodes), 4, seed);
  }

  private static List<String> opTypes(TrainedNetwork network, String... wanted) {
    int pixels = network.network().input().size();
    ModelProto model =
        OnnxExporter.exportValues(network, NodeValues.everyPixel(pixels), List.of(wanted));
    return TinyGraph.opTypes(model.getGraph()).stream()
        .filter(type -> type.matches(".*Conv|SubBitWeights|Add|BatchNormalization"))
        .toList();
  }

  @ParameterizedTest
  @CsvSource({"16, 1, true", "16, 2, true", "16, 1, false", "256, 1, true"})
  void theSumIsWhatItsStagesGive(int channels, int stride, boolean normalised) throws Exception {
    TrainedNetwork network = staged(channels, stride, normalised);
    float[] image = RandomNetworks.image(network.network().input(), new Random(1));
    Map<String, float[]> expected = new ReferenceForward(network).run(image);
    for (ExecutionBackend backend : NodeValues.backends()) {
      for (String node : List.of("relu", "logits")) {
        assertArrayEquals(
            expected.get(node),
            NodeValues.of(network, List.of(node), image, backend).get(node),
            1e-4f,
            backend.name() + " at " + node);
      }
    }
  }

  @Test
  void narrowLayersAreOrdinaryConvolutionsOfASum() {
    assertEquals(
        List.of("Add", "Conv", "SubBitWeights", "Conv"), opTypes(staged(16, 1, true), "relu"));
  }

  @Test
  void wideLayersHaveKernelsOfTheirOwn() {
    assertEquals(List.of("Add", "Conv", "StagedSubBitConv"), opTypes(staged(256, 1, true), "relu"));
  }

  @Test
  void valuesInsideAreThereWhenTheyAreWanted() {
    assertEquals(
        List.of("Add", "Conv", "SubBitConv", "SubBitConv", "Add"),
        opTypes(staged(16, 1, true), "ab"));
  }

  @Test
  void whatElseReadsAStageKeepsItApart() {
    TrainedNetwork whole = staged(16, 1, true);
    nodes.removeIf(node -> List.of("pool", "logits").contains(node.name()));
    node("again", new Layer.Add(), "relu", "b");
    node("pool", new Layer.GlobalAveragePool(), "again");
    node("logits", new Layer.Dense(16, 3), "pool");
    assertEquals(Map.of(), StageSum.of(weighed(1), Set.of()));
    assertEquals(1, StageSum.of(whole, Set.of()).size());
  }

  @Test
  void convolutionsOfDifferentInputsAreNoStages() {
    Layer.Conv conv = new Layer.Conv(2, 2, 3, 1, Weights.SUB_BIT, Activations.REAL);
    node("pixels", new Layer.Input());
    node("units", new Layer.Normalize(1 / 255f, 0), "pixels");
    node("a", conv, "units");
    node("relu", new Layer.Relu(), "units");
    node("b", conv, "relu");
    node("ab", new Layer.Add(), "a", "b");
    node("pool", new Layer.GlobalAveragePool(), "ab");
    node("logits", new Layer.Dense(2, 3), "pool");
    assertEquals(Map.of(), StageSum.of(weighed(1), Set.of()));
  }
}
