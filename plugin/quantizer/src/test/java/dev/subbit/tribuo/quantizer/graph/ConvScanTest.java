package dev.subbit.tribuo.quantizer.graph;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.onnx.proto.OnnxMl.AttributeProto;
import ai.onnx.proto.OnnxMl.ModelProto;
import ai.onnx.proto.OnnxMl.NodeProto;
import dev.subbit.onnx.OnnxProtos;
import dev.subbit.onnx.graph.TinyGraph;
import dev.subbit.tribuo.quantizer.fit.Codewords;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** What is found, number by number, and how each reason to stay is put. */
class ConvScanTest {

  private final TinyGraph graph =
      new TinyGraph()
          .input("x", 0, 1, 8, 8)
          .filled("w", 0.5f, 2, 1, 3, 3)
          .floats("b", new float[] {1, 2}, 2)
          .floats("gamma", new float[] {2, 3}, 2)
          .floats("beta", new float[] {5, 7}, 2)
          .floats("mean", new float[] {1, -1}, 2)
          .floats("variance", new float[] {3, 15}, 2);

  private ConvScan scan() {
    return ConvScan.of(graph.model(), values -> Map.of(), Codewords.SIGNS);
  }

  private void assertLeft(String reason) {
    ConvScan scan = scan();
    assertEquals(List.of(), scan.layers());
    assertEquals(1, scan.left().size());
    assertEquals(reason, scan.left().get(0).reason());
  }

  private TinyGraph norm(String x, String y) {
    return graph.node(
        "BatchNormalization",
        List.of(x, "gamma", "beta", "mean", "variance"),
        y,
        OnnxProtos.attribute("epsilon", 1f));
  }

  @Test
  void aLayerHoldsWhatItsNodeSays() {
    graph
        .node("Relu", List.of("x"), "r")
        .node("Conv", List.of("r", "w", "b"), "y", OnnxProtos.attribute("pads", 1, 1, 1, 1));
    ConvLayer layer = scan().layers().get(0);
    assertEquals("y", layer.name());
    assertEquals(1, layer.node());
    assertEquals(List.of(), layer.folded());
    assertEquals("w", layer.weight());
    assertEquals("r", layer.input());
    assertEquals("y", layer.output());
    assertEquals(2, layer.outChannels());
    assertEquals(1, layer.inChannels());
    assertEquals(18, layer.weightCount());
    assertArrayEquals(new float[] {1, 2}, layer.bias());
    assertEquals(1, layer.attributes().padLeft());
  }

  @Test
  void aBatchNormalisationScalesTheWeightsAndMovesTheBias() {
    graph.node("Conv", List.of("x", "w", "b"), "c");
    norm("c", "y").output("y");
    ConvLayer layer = scan().layers().get(0);
    // Factors 1 and 0.75, summands 4 and 7.75.
    assertEquals(0.5f, layer.weights()[8]);
    assertEquals(0.375f, layer.weights()[9]);
    assertArrayEquals(new float[] {5, 9.25f}, layer.bias());
    assertEquals(List.of(1), layer.folded());
    assertEquals("y", layer.output());
  }

  @Test
  void aConvolutionThatIsAnOutputKeepsItsBatchNormalisation() {
    graph.node("Conv", List.of("x", "w"), "c").output("c");
    norm("c", "y").output("y");
    assertEquals("c", scan().layers().get(0).output());
  }

  @Test
  void aConvolutionReadOnlyInsideAnotherNodeIsALayerAllTheSame() {
    AttributeProto body =
        TinyGraph.subgraph(
            "body", new TinyGraph().node("Relu", List.of("c"), "inner").output("inner").build());
    graph
        .node("Conv", List.of("x", "w"), "c")
        .node(
            TinyGraph.nodeOf("Repeat", List.of(), "y", body).toBuilder()
                .setDomain("custom")
                .build())
        .output("y");
    assertEquals("c", scan().layers().get(0).output());
  }

  @Test
  void namesAreMadeUnique() {
    NodeProto one = TinyGraph.nodeOf("Conv", List.of("x", "w"), "a");
    NodeProto two =
        TinyGraph.nodeOf("Conv", List.of("x", "w"), "b2").toBuilder().setName("a").build();
    NodeProto unnamed =
        TinyGraph.nodeOf("Conv", List.of("x", "w"), "c").toBuilder().clearName().build();
    graph.node(one).node(two).node(unnamed);
    assertEquals(List.of("a", "a_2", "c"), scan().layers().stream().map(ConvLayer::name).toList());
  }

  @Test
  void sizesAreAskedForOnceAndOnlyWherePaddingNeedsThem() {
    graph
        .node("Relu", List.of("x"), "r")
        .node("Conv", List.of("x", "w"), "a")
        .node(
            "Conv",
            List.of("r", "w"),
            "b2",
            OnnxProtos.attribute("auto_pad", "SAME_UPPER"),
            OnnxProtos.attribute("strides", 2, 2));
    List<List<String>> asked = new ArrayList<>();
    ConvScan scan =
        ConvScan.of(
            graph.model(),
            values -> {
              asked.add(values);
              return Map.of("r", new long[] {8, 7});
            },
            Codewords.SIGNS);
    assertEquals(List.of(List.of("r")), asked);
    assertEquals(0, scan.layers().get(1).attributes().padTop());
    assertEquals(1, scan.layers().get(1).attributes().padLeft());
  }

  @Test
  void weightsOfOtherSizesStay() {
    graph.filled("flat", 1, 2, 1, 3).node("Conv", List.of("x", "flat"), "y");
    assertLeft("it is not a two-dimensional convolution: its weights have 3 dimensions");
  }

  @Test
  void weightsThatDoNotFitTheirShapeAreNotCalledOfAnotherType() {
    graph
        .tensor(OnnxProtos.tensor("short", new float[17], 2, 1, 3, 3))
        .node("Conv", List.of("x", "short"), "y");
    assertLeft("the data of its weights does not fit their shape");
  }

  @Test
  void weightsThatAreMissingAreNamed() {
    graph.node("Conv", List.of("x", "nowhere"), "y");
    assertLeft("its weights 'nowhere' are not in the model");
  }

  @Test
  void groupsThatDoNotDivideTheChannelsStay() {
    graph.node("Conv", List.of("x", "w"), "y", OnnxProtos.attribute("group", 3L));
    assertLeft("2 x 1 kernels do not split into 3 groups");
  }

  @Test
  void biasesThatDoNotFitStay() {
    graph.filled("three", 1, 3).node("Conv", List.of("x", "w", "three"), "y");
    assertLeft("its bias has 3 values, not 2");
  }

  @Test
  void computedBiasesStay() {
    graph.node("Flatten", List.of("x"), "flat").node("Conv", List.of("x", "w", "flat"), "y");
    assertLeft("its bias is not a constant float32 tensor");
  }

  @Test
  void numbersThatAreNotFiniteStay() {
    graph.filled("nan", Float.NaN, 2, 1, 3, 3).node("Conv", List.of("x", "nan"), "y");
    assertLeft("a weight or bias of it is NaN");
  }

  @Test
  void relativesOfConvAreListed() {
    graph.node("ConvTranspose", List.of("x", "w"), "y");
    assertLeft("it is no Conv, the only operator converted");
  }

  @Test
  void aConvOfAnotherDomainIsNobodysBusiness() {
    graph.node(
        TinyGraph.nodeOf("Conv", List.of("x", "w"), "y").toBuilder().setDomain("custom").build());
    assertEquals(new ConvScan(List.of(), List.of()), scan());
  }

  @Test
  void convolutionsInFunctionsAreListedWithTheFunction() {
    graph.node("Relu", List.of("x"), "y");
    ModelProto.Builder model = graph.model().toBuilder();
    model
        .addFunctionsBuilder()
        .setName("Block")
        .setDomain("custom")
        .addNode(TinyGraph.nodeOf("Conv", List.of("x", "w"), "inner"));
    ConvScan scan = ConvScan.of(model.build(), values -> Map.of(), Codewords.SIGNS);
    assertEquals(
        List.of(new LeftNode("inner", "Conv", "it is inside function 'Block'")), scan.left());
    assertTrue(scan.layers().isEmpty());
  }
}
