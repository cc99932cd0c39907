package dev.subbit.tribuo.quantizer.graph;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.onnx.proto.OnnxMl.NodeProto;
import dev.subbit.onnx.OnnxProtos;
import dev.subbit.onnx.graph.TinyGraph;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class GraphIndexTest {

  private final TinyGraph graph = new TinyGraph().input("x", 1).filled("w", 3, 2);

  private GraphIndex index() {
    return new GraphIndex(graph.build());
  }

  @Test
  void aValueHasOneReaderOrNone() {
    graph
        .node("Relu", List.of("x"), "once")
        .node("Mul", List.of("once", "once"), "twice")
        .node("Abs", List.of("twice"), "a")
        .node("Neg", List.of("twice"), "n");
    assertEquals(Optional.of(1), index().onlyReader("once"), "one node that reads it twice");
    assertEquals(Optional.empty(), index().onlyReader("twice"));
    assertEquals(Optional.empty(), index().onlyReader("a"));
  }

  @Test
  void outputsOfTheGraphAreReadFromOutside() {
    graph.node("Relu", List.of("x"), "y").node("Abs", List.of("y"), "z").output("y").output("z");
    assertEquals(Optional.empty(), index().onlyReader("y"));
    assertEquals(Optional.empty(), index().onlyReader("z"));
  }

  @Test
  void subgraphsReadFromOutsideToo() {
    TinyGraph inner = new TinyGraph().node("Abs", List.of("y"), "i").output("i");
    TinyGraph outer =
        new TinyGraph()
            .node("If", List.of("c"), "o", TinyGraph.subgraph("then_branch", inner.build()));
    graph
        .node("Relu", List.of("x"), "y")
        .node("Abs", List.of("y"), "z")
        .node("If", List.of("c"), "r", TinyGraph.subgraph("else_branch", outer.build()));
    assertEquals(Optional.empty(), index().onlyReader("y"));
    assertEquals(Optional.of(2), index().onlyReader("c"));
  }

  @Test
  void constantsComeThroughAnyNumberOfIdentities() {
    graph
        .node("Constant", List.of(), "c", TinyGraph.value(OnnxProtos.tensor("t", new float[] {5})))
        .node("Identity", List.of("w"), "w1")
        .node("Identity", List.of("w1"), "w2")
        .node("Identity", List.of("c"), "c1")
        .node("Abs", List.of("w"), "computed");
    assertEquals("w", index().constant("w2").orElseThrow().getName());
    assertEquals("t", index().constant("c1").orElseThrow().getName());
    assertEquals(Optional.empty(), index().constant("computed"));
    assertEquals(Optional.empty(), index().constant("x"));
    assertEquals(Optional.empty(), index().constant("absent"));
  }

  @Test
  void whatAUserMayReplaceIsNotConstant() {
    graph.input("w", 2).node("Identity", List.of("w"), "w1");
    assertTrue(index().isOverridable("w"));
    assertFalse(index().isOverridable("x"));
    assertEquals(Optional.empty(), index().constant("w1"));
  }

  @Test
  void identitiesInACircleEnd() {
    graph.node("Identity", List.of("b"), "a").node("Identity", List.of("a"), "b");
    assertEquals(Optional.empty(), index().constant("a"));
  }

  @Test
  void nodesOfOtherDomainsHoldNothing() {
    NodeProto foreign =
        TinyGraph.nodeOf("Identity", List.of("w"), "v").toBuilder().setDomain("custom").build();
    graph.node(foreign);
    assertEquals(Optional.empty(), index().constant("v"));
    assertFalse(GraphIndex.isStandard(foreign, "Identity"));
    NodeProto named = foreign.toBuilder().setDomain("ai.onnx").build();
    assertTrue(GraphIndex.isStandard(named, "Identity"));
    assertFalse(GraphIndex.isStandard(named, "Abs"));
  }
}
