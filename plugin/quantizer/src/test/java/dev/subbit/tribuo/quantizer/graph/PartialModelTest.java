package dev.subbit.tribuo.quantizer.graph;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import ai.onnx.proto.OnnxMl.GraphProto;
import ai.onnx.proto.OnnxMl.ModelProto;
import ai.onnx.proto.OnnxMl.NodeProto;
import ai.onnx.proto.OnnxMl.ValueInfoProto;
import dev.subbit.onnx.OnnxProtos;
import dev.subbit.onnx.graph.TinyGraph;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;

class PartialModelTest {

  /** x goes through a, b and c; d is another branch from a. */
  private static TinyGraph chain() {
    return new TinyGraph()
        .input("x", 2)
        .input("y", 2)
        .filled("wb", 2, 1)
        .filled("wd", 3, 1)
        .node("Neg", List.of("x"), "a")
        .node("Mul", List.of("a", "wb"), "b")
        .node("Add", List.of("b", "y"), "c")
        .node("Mul", List.of("a", "wd"), "d")
        .output("c")
        .output("d");
  }

  private static List<String> inputs(GraphProto graph) {
    return graph.getInputList().stream().map(ValueInfoProto::getName).toList();
  }

  private static float[] run(ModelProto model, String value, Map<String, float[]> feed) {
    Map<String, Feed.Tensor> tensors = new HashMap<>();
    feed.forEach(
        (name, values) ->
            tensors.put(name, Feed.Tensor.of(new FloatArray(new long[] {values.length}, values))));
    try (GraphSession session = new GraphSession(model)) {
      return session.run(new Feed(tensors)).get(PartialModel.outputName(value)).values();
    }
  }

  @Test
  void holdsWhatTheValuesNeedAndCastsThemToFloats() {
    GraphProto part = PartialModel.of(chain().model(), List.of("b")).getGraph();
    assertEquals(List.of("Neg", "Mul", "Cast"), TinyGraph.opTypes(part));
    assertEquals(List.of("wb"), TinyGraph.initializers(part));
    assertEquals(List.of("x", "y"), inputs(part), "all inputs stay");
    assertEquals(1, part.getOutputCount());
    assertEquals(PartialModel.outputName("b"), part.getOutput(0).getName());
  }

  @Test
  void givesTheValuesThatTheWholeModelHas() {
    ModelProto part = PartialModel.of(chain().model(), List.of("d", "x"));
    Map<String, float[]> feed = Map.of("x", new float[] {1, 2}, "y", new float[2]);
    assertArrayEquals(new float[] {-3, -6}, run(part, "d", feed));
    assertArrayEquals(new float[] {1, 2}, run(part, "x", feed), "an input");
  }

  @Test
  void theWayBackEndsAtValuesThatAreKnown() {
    ModelProto part = PartialModel.of(chain().model(), List.of("c", "d"), Set.of("b", "a", "c"));
    assertEquals(List.of("Mul", "Cast", "Cast"), TinyGraph.opTypes(part.getGraph()));
    assertEquals(List.of("a", "c"), inputs(part.getGraph()), "b is not needed any more");
    Map<String, float[]> feed = Map.of("a", new float[] {5}, "c", new float[] {7});
    assertArrayEquals(new float[] {15}, run(part, "d", feed));
    assertArrayEquals(new float[] {7}, run(part, "c", feed));
  }

  @Test
  void inputsThatNothingReadsAnyMoreAreGone() {
    GraphProto part = PartialModel.of(chain().model(), List.of("c"), Set.of("b", "d")).getGraph();
    assertEquals(List.of("y", "b"), inputs(part));
  }

  @Test
  void aNodeOfSeveralOutputsIsNotCutAtOneOfThem() {
    TinyGraph graph =
        new TinyGraph()
            .input("x", 2)
            .node(
                NodeProto.newBuilder()
                    .setOpType("Split")
                    .addInput("x")
                    .addOutput("left")
                    .addOutput("right")
                    .addAttribute(OnnxProtos.attribute("axis", 0L))
                    .build())
            .node("Sub", List.of("left", "right"), "y")
            .output("y");
    ModelProto part = PartialModel.of(graph.model(), List.of("y"), Set.of("left"));
    assertEquals(List.of("x"), inputs(part.getGraph()));
    assertArrayEquals(new float[] {3}, run(part, "y", Map.of("x", new float[] {5, 2})));
  }

  @Test
  void whatSubgraphsReadIsNeededToo() {
    TinyGraph branch = new TinyGraph().node("Neg", List.of("a"), "inner").output("inner");
    TinyGraph graph =
        new TinyGraph()
            .input("x", 1)
            .filled("w", 1, 1)
            .node("Abs", List.of("x"), "a")
            .node("Cast", List.of("w"), "yes", OnnxProtos.attribute("to", 9L))
            .node(
                "If",
                List.of("yes"),
                "y",
                TinyGraph.subgraph("then_branch", branch.build()),
                TinyGraph.subgraph("else_branch", branch.build()))
            .output("y");
    ModelProto part = PartialModel.of(graph.model(), List.of("y"));
    assertArrayEquals(new float[] {-4}, run(part, "y", Map.of("x", new float[] {-4})));
  }
}
