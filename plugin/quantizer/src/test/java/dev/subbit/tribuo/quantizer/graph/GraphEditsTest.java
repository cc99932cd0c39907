package dev.subbit.tribuo.quantizer.graph;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.onnx.proto.OnnxMl.FunctionProto;
import ai.onnx.proto.OnnxMl.GraphProto;
import ai.onnx.proto.OnnxMl.ModelProto;
import ai.onnx.proto.OnnxMl.NodeProto;
import ai.onnx.proto.OnnxMl.TensorProto;
import dev.subbit.onnx.OnnxProtos;
import dev.subbit.onnx.SubBitOperator;
import dev.subbit.onnx.graph.TinyGraph;
import dev.subbit.tribuo.quantizer.fit.Codewords;
import dev.subbit.tribuo.quantizer.fit.StagedWeights;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;

class GraphEditsTest {

  private final TinyGraph graph =
      new TinyGraph().input("x", 1, 1, 3, 3).filled("w", 0.3f, 1, 1, 3, 3);

  private List<ConvLayer> layers() {
    return ConvScan.of(graph.model(), values -> Map.of(), Codewords.SIGNS).layers();
  }

  /** The model with all of its layers replaced by stages of these scales. */
  private ModelProto replaced(float... scales) {
    return replaced(GraphEdits.Form.COMPACT, scales);
  }

  private ModelProto replaced(GraphEdits.Form form, float... scales) {
    Map<ConvLayer, StagedWeights> weights = new HashMap<>();
    layers().forEach(layer -> weights.put(layer, SubBitLayers.staged(1, 1, 10, scales)));
    return GraphEdits.replace(graph.model(), weights, form);
  }

  private static float run(ModelProto model, String output) {
    float[] ones = {1, 1, 1, 1, 1, 1, 1, 1, 1};
    Feed feed =
        new Feed(Map.of("x", Feed.Tensor.of(new FloatArray(new long[] {1, 1, 3, 3}, ones))));
    try (GraphSession session = new GraphSession(model)) {
      return session.run(feed).get(output).values()[0];
    }
  }

  @Test
  void oneStageTakesTheLayersPlaceAndNames() {
    graph
        .node("Abs", List.of("x"), "a")
        .node("Conv", List.of("a", "w"), "c")
        .node("Neg", List.of("c"), "y")
        .output("y");
    GraphProto edited = replaced(0.5f).getGraph();
    assertEquals(List.of("Abs", "SubBitConv", "Neg"), TinyGraph.opTypes(edited));
    assertEquals("c", edited.getNode(1).getName());
    assertEquals("c", edited.getNode(1).getOutput(0));
    assertEquals("a", edited.getNode(1).getInput(0));
    assertEquals(
        List.of("c/index", "c/codebook", "c/scale", "c/bias"), TinyGraph.initializers(edited));
    assertEquals(graph.build().getNode(0), edited.getNode(0));
    assertEquals(graph.build().getNode(2), edited.getNode(2));
    assertEquals(-14.5f, run(replaced(0.5f), "y"), 1e-5f, "-(9 * 0.5 + 10)");
  }

  @Test
  void severalStagesAreOneConvolution() {
    graph.node("Conv", List.of("x", "w"), "y").output("y");
    ModelProto model = replaced(0.5f, 0.25f, 0.125f);
    assertEquals(List.of("SubBitWeights", "Conv"), TinyGraph.opTypes(model.getGraph()));
    assertEquals("y", model.getGraph().getNode(1).getName());
    assertEquals("y", model.getGraph().getNode(1).getOutput(0));
    assertEquals("SubBitWeights", model.getFunctions(0).getName());
    assertEquals(9 * 0.875f + 10, run(model, "y"), 1e-5f);
  }

  /** Of 128 channels each, and a bias of 10. */
  private static final TinyGraph WIDE =
      new TinyGraph()
          .input("x", 1, 128, 28, 28)
          .filled("w", 0.3f, 128, 128, 3, 3)
          .node("Conv", List.of("x", "w"), "y")
          .output("y");

  private static ModelProto wide(StagedWeights weights, GraphEdits.Form form) {
    Map<ConvLayer, StagedWeights> layers = new HashMap<>();
    ConvScan.of(WIDE.model(), values -> Map.of(), Codewords.SIGNS)
        .layers()
        .forEach(layer -> layers.put(layer, weights));
    return GraphEdits.replace(WIDE.model(), layers, form);
  }

  @Test
  void severalStagesAreOneOperatorWhereItsKernelsAreFaster() {
    ModelProto model =
        wide(SubBitLayers.staged(128, 128, 10, 0.5f, 0.25f), GraphEdits.Form.COMPACT);
    assertEquals(List.of("StagedSubBitConv"), TinyGraph.opTypes(model.getGraph()));
    assertEquals("y", model.getGraph().getNode(0).getName());
    assertEquals("y", model.getGraph().getNode(0).getOutput(0));
    assertEquals(
        List.of("y/index", "y/codebook", "y/scale", "y/bias"),
        TinyGraph.initializers(model.getGraph()));
    assertEquals(
        List.of("SubBitWeights", "StagedSubBitConv"),
        model.getFunctionsList().stream().map(FunctionProto::getName).toList());
    Feed feed =
        new Feed(
            Map.of(
                "x",
                Feed.Tensor.of(
                    new FloatArray(new long[] {1, 128, 28, 28}, new float[128 * 28 * 28]))));
    try (GraphSession session = new GraphSession(model)) {
      assertEquals(10, session.run(feed).get("y").values()[0]);
    }
    assertEquals(
        List.of("SubBitConv", "SubBitConv", "Add"),
        TinyGraph.opTypes(
            wide(SubBitLayers.staged(128, 128, 10, 0.5f, 0.25f), GraphEdits.Form.STAGES)
                .getGraph()));
  }

  @Test
  void wideLayersThatShareWeightsReadTheSame() {
    ModelProto twice =
        new TinyGraph()
            .input("x", 1, 128, 28, 28)
            .filled("w", 0.3f, 128, 128, 3, 3)
            .node("Conv", List.of("x", "w"), "a")
            .node("Conv", List.of("x", "w"), "b")
            .output("a")
            .output("b")
            .model();
    StagedWeights shared = SubBitLayers.staged(128, 128, 10, 0.5f, 0.25f);
    Map<ConvLayer, StagedWeights> weights = new HashMap<>();
    ConvScan.of(twice, values -> Map.of(), Codewords.SIGNS)
        .layers()
        .forEach(layer -> weights.put(layer, shared));
    GraphProto edited = GraphEdits.replace(twice, weights, GraphEdits.Form.COMPACT).getGraph();
    assertEquals(List.of("StagedSubBitConv", "StagedSubBitConv"), TinyGraph.opTypes(edited));
    assertEquals(
        edited.getNode(0).getInputList().subList(0, 4),
        edited.getNode(1).getInputList().subList(0, 4));
    assertNotEquals(edited.getNode(0).getInput(4), edited.getNode(1).getInput(4));
    assertEquals(5, edited.getInitializerCount(), "three of the weights and two biases");
  }

  @Test
  void stagesOfTheirOwnAreAddedUpAndTheBiasCountsOnce() {
    graph.node("Conv", List.of("x", "w"), "y").output("y");
    ModelProto model = replaced(GraphEdits.Form.STAGES, 0.5f, 0.25f, 0.125f);
    assertEquals(
        List.of("SubBitConv", "SubBitConv", "Add", "SubBitConv", "Add"),
        TinyGraph.opTypes(model.getGraph()));
    assertEquals("y/stage1", model.getGraph().getNode(0).getName());
    assertEquals("y", model.getGraph().getNode(4).getOutput(0));
    assertEquals(9 * 0.875f + 10, run(model, "y"), 1e-5f);
  }

  @Test
  void decodedWeightsNeedNoFunction() {
    graph.node("Conv", List.of("x", "w"), "y").output("y");
    for (float[] scales : new float[][] {{0.5f}, {0.5f, 0.25f}}) {
      ModelProto model = replaced(GraphEdits.Form.DECODED, scales);
      assertEquals(List.of("Conv"), TinyGraph.opTypes(model.getGraph()));
      assertEquals(List.of(), model.getFunctionsList());
      assertEquals(run(replaced(scales), "y"), run(model, "y"), 1e-5f);
    }
  }

  @Test
  void layersThatShareWeightsReadTheSame() {
    graph
        .node("Conv", List.of("x", "w"), "a")
        .node("Conv", List.of("x", "w"), "b")
        .output("a")
        .output("b");
    StagedWeights shared = SubBitLayers.staged(1, 1, 10, 0.5f, 0.25f);
    Map<ConvLayer, StagedWeights> weights = new HashMap<>();
    layers().forEach(layer -> weights.put(layer, shared));
    for (GraphEdits.Form form : GraphEdits.Form.values()) {
      ModelProto model = GraphEdits.replace(graph.model(), weights, form);
      assertNamesAreUnique(model.getGraph());
      assertEquals(9 * 0.75f + 10, run(model, "a"), 1e-5f);
      assertEquals(9 * 0.75f + 10, run(model, "b"), 1e-5f);
      assertEquals(
          1,
          model.getGraph().getInitializerList().stream()
              .map(TensorProto::getName)
              .filter(name -> name.matches(".*(/weights|/stage1/index|/weights/index)"))
              .count());
    }
  }

  @Test
  void theModelBringsTheOperatorsFunctions() {
    graph.node("Conv", List.of("x", "w"), "y").output("y");
    ModelProto model = replaced(0.5f);
    assertEquals(SubBitOperator.DOMAIN, model.getOpsetImport(1).getDomain());
    assertEquals("SubBitConv", model.getFunctions(0).getName());
    assertEquals(17, model.getOpsetImport(0).getVersion());
  }

  @Test
  void aFoldedBatchNormalisationGoes() {
    for (String name : List.of("gamma", "beta", "mean", "variance")) {
      graph.filled(name, 1, 1);
    }
    graph
        .node("Conv", List.of("x", "w"), "c")
        .node("BatchNormalization", List.of("c", "gamma", "beta", "mean", "variance"), "y")
        .output("y");
    GraphProto edited = replaced(0.5f).getGraph();
    assertEquals(List.of("SubBitConv"), TinyGraph.opTypes(edited));
    assertEquals("y", edited.getNode(0).getOutput(0));
    assertEquals(4, edited.getInitializerCount(), "its parameters went too");
  }

  @Test
  void weightsThatAnotherLayerReadsStay() {
    graph
        .node("Conv", List.of("x", "w"), "a")
        .node("Conv", List.of("x", "w"), "b")
        .output("a")
        .output("b");
    ConvLayer first = layers().get(0);
    GraphProto edited =
        GraphEdits.replace(
                graph.model(),
                Map.of(first, SubBitLayers.staged(1, 1, 0, 1)),
                GraphEdits.Form.COMPACT)
            .getGraph();
    assertEquals(List.of("SubBitConv", "Conv"), TinyGraph.opTypes(edited));
    assertEquals("w", edited.getInitializer(0).getName());
  }

  @Test
  void namesThatTheModelHasAreStayedClearOf() {
    graph
        .filled("y/index", 1, 1)
        .filled("y/weights", 1, 1)
        .node("Neg", List.of("y/index"), "y/stage1")
        .node("Conv", List.of("x", "w"), "y")
        .output("y")
        .node("Neg", List.of("y/weights"), "z")
        .output("y/stage1")
        .output("z");
    assertNamesAreUnique(replaced(0.5f).getGraph());
    for (GraphEdits.Form form : GraphEdits.Form.values()) {
      ModelProto staged = replaced(form, 0.5f, 0.25f);
      assertNamesAreUnique(staged.getGraph());
      assertEquals(9 * 0.75f + 10, run(staged, "y"), 1e-5f);
    }
  }

  @Test
  void namesInsideSubgraphsAreStayedClearOfToo() {
    GraphProto branch =
        new TinyGraph().node("Neg", List.of("x"), "y/index").output("y/index").build();
    graph
        .tensor(OnnxProtos.tensor("yes", TensorProto.DataType.BOOL, new byte[] {1}))
        .node(
            "If",
            List.of("yes"),
            "z",
            TinyGraph.subgraph("then_branch", branch),
            TinyGraph.subgraph("else_branch", branch))
        .node("Conv", List.of("x", "w"), "y")
        .output("y")
        .output("z");
    ModelProto model = replaced(0.5f);
    assertEquals(14.5f, run(model, "y"), 1e-5f);
    assertEquals(-1, run(model, "z"));
    assertFalse(TinyGraph.initializers(model.getGraph()).contains("y/index"));
  }

  private static void assertNamesAreUnique(GraphProto graph) {
    Set<String> values = new HashSet<>(TinyGraph.initializers(graph));
    assertEquals(graph.getInitializerCount(), values.size(), values.toString());
    Set<String> nodes = new HashSet<>();
    for (NodeProto node : graph.getNodeList()) {
      assertTrue(nodes.add(node.getName()), node.getName());
      assertTrue(values.add(node.getOutput(0)), node.getOutput(0));
    }
  }

  @Test
  void nothingToReplaceChangesNothing() {
    graph.node("Conv", List.of("x", "w"), "y").output("y");
    ModelProto model = graph.model();
    assertSame(model, GraphEdits.replace(model, Map.of(), GraphEdits.Form.COMPACT));
  }
}
