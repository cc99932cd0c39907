package dev.subbit.onnx.graph;

import static org.junit.jupiter.api.Assertions.assertEquals;

import ai.onnx.proto.OnnxMl.AttributeProto;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

class GraphNamesTest {

  @Test
  void areThoseOfInputsTensorsNodesAndValuesAtEveryDepth() {
    TinyGraph inner =
        new TinyGraph().filled("deep", 1, 1).node("Abs", List.of("deep"), "inner").output("inner");
    TinyGraph graph =
        new TinyGraph()
            .input("x", 1)
            .filled("w", 1, 1)
            .node(
                TinyGraph.nodeOf(
                        "If", List.of("x"), "y", TinyGraph.subgraph("then_branch", inner.build()))
                    .toBuilder()
                    .setName("choice")
                    .build());
    assertEquals(Set.of("x", "w", "choice", "y", "deep", "inner"), GraphNames.of(graph.build()));
  }

  @Test
  void aTakenNameGetsTheFirstNumberThatIsFree() {
    assertEquals("a", GraphNames.free("a", Set.of("b")::contains));
    assertEquals("a_2", GraphNames.free("a", Set.of("a")::contains));
    assertEquals("a_4", GraphNames.free("a", Set.of("a", "a_2", "a_3")::contains));
  }

  @Test
  void listsOfSubgraphsAreLookedThroughToo() {
    TinyGraph inner = new TinyGraph().node("Abs", List.of("x"), "inner");
    AttributeProto list =
        AttributeProto.newBuilder()
            .setName("bodies")
            .setType(AttributeProto.AttributeType.GRAPHS)
            .addGraphs(inner.build())
            .build();
    assertEquals(
        Set.of("x", "y", "inner"),
        GraphNames.of(new TinyGraph().node("Choose", List.of("x"), "y", list).build()));
  }
}
