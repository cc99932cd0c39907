package dev.subbit.onnx.graph;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.onnx.proto.OnnxMl.FunctionProto;
import ai.onnx.proto.OnnxMl.GraphProto;
import ai.onnx.proto.OnnxMl.ModelProto;
import ai.onnx.proto.OnnxMl.NodeProto;
import java.io.IOException;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** Which nodes and names are left of a model with functions. */
class FunctionInliningTest {

  private static NodeProto custom(String opType, String input, String output) {
    return TinyGraph.nodeOf(opType, List.of(input), output).toBuilder().setDomain("custom").build();
  }

  private static FunctionProto function(String name, String domain, NodeProto... nodes) {
    return FunctionProto.newBuilder()
        .setName(name)
        .setDomain(domain)
        .addInput("a")
        .addOutput("r")
        .addAllNode(List.of(nodes))
        .build();
  }

  private static GraphProto inlined(ModelProto.Builder model) throws IOException {
    return FunctionInlining.inline("m.onnx", model.build(), all -> true).getGraph();
  }

  @Test
  void everyCallHasNamesOfItsOwn() throws IOException {
    FunctionProto twice =
        function(
            "Twice",
            "custom",
            TinyGraph.nodeOf("Neg", List.of("a"), "h"),
            TinyGraph.nodeOf("Abs", List.of("h"), "r"));
    TinyGraph graph =
        new TinyGraph()
            .input("x", 1)
            .node(custom("Twice", "x", "y"))
            .node(custom("Twice", "y", "z"))
            .output("z");
    GraphProto inlined = inlined(graph.model().toBuilder().addFunctions(twice));
    assertEquals(List.of("Neg", "Abs", "Neg", "Abs"), TinyGraph.opTypes(inlined));
    assertEquals(
        List.of("Twice_1/h", "y", "Twice_2/h", "z"),
        inlined.getNodeList().stream().map(node -> node.getOutput(0)).toList());
  }

  @Test
  void prefixesThatTheModelUsesAreStayedClearOf() throws IOException {
    FunctionProto one =
        function(
            "F",
            "custom",
            TinyGraph.nodeOf("Neg", List.of("a"), "h"),
            TinyGraph.nodeOf("Abs", List.of("h"), "r"));
    TinyGraph graph =
        new TinyGraph()
            .input("x", 1)
            .node("Relu", List.of("x"), "F_1/h")
            .node(custom("F", "F_1/h", "y"))
            .output("y");
    assertEquals(
        "F_2/h", inlined(graph.model().toBuilder().addFunctions(one)).getNode(1).getOutput(0));
  }

  @Test
  void functionsAreCalledByDomainAndName() throws IOException {
    FunctionProto relu = function("Relu", "custom", TinyGraph.nodeOf("Abs", List.of("a"), "r"));
    TinyGraph graph =
        new TinyGraph()
            .input("x", 1)
            .node("Relu", List.of("x"), "y")
            .node(custom("Relu", "y", "z"))
            .output("z");
    assertEquals(
        List.of("Relu", "Abs"),
        TinyGraph.opTypes(inlined(graph.model().toBuilder().addFunctions(relu))));
  }

  @Test
  void callsInsideSubgraphsAreInlinedThere() throws IOException {
    FunctionProto f = function("F", "custom", TinyGraph.nodeOf("Abs", List.of("a"), "r"));
    GraphProto branch = new TinyGraph().node(custom("F", "x", "inner")).output("inner").build();
    TinyGraph graph =
        new TinyGraph()
            .input("x", 1)
            .node("If", List.of("x"), "y", TinyGraph.subgraph("then_branch", branch))
            .output("y");
    GraphProto inlined = inlined(graph.model().toBuilder().addFunctions(f));
    assertEquals(List.of("Abs"), TinyGraph.opTypes(inlined.getNode(0).getAttribute(0).getG()));
  }

  @Test
  void functionsThatAreNotWantedStayAndNewSetsAreImported() throws IOException {
    FunctionProto.Builder f =
        function("F", "custom", TinyGraph.nodeOf("Abs", List.of("a"), "r")).toBuilder();
    f.addOpsetImportBuilder().setDomain("other").setVersion(4);
    FunctionProto kept = function("Kept", "other");
    TinyGraph graph = new TinyGraph().input("x", 1).node(custom("F", "x", "y")).output("y");
    ModelProto inlined =
        FunctionInlining.inline(
            "m.onnx",
            graph.model().toBuilder().addFunctions(f).addFunctions(kept).build(),
            function -> function.getName().equals("F"));
    assertEquals(List.of(kept), inlined.getFunctionsList());
    assertEquals(f.getOpsetImport(0), inlined.getOpsetImport(1));
  }

  @Test
  void functionsWithinVeryManyOthersAreRefused() {
    ModelProto.Builder model =
        new TinyGraph().input("x", 1).node(custom("F0", "x", "y")).output("y").model().toBuilder();
    for (int i = 0; i < 5_000; i++) {
      model.addFunctions(function("F" + i, "custom", custom("F" + (i + 1), "a", "r")));
    }
    IOException e = assertThrows(IOException.class, () -> inlined(model));
    assertTrue(e.getMessage().startsWith("m.onnx: function 'F100' is called within 100"), "" + e);
  }

  @Test
  void everyOneOfManyCallsIsInlined() throws IOException {
    FunctionProto f = function("F", "custom", TinyGraph.nodeOf("Abs", List.of("a"), "r"));
    int calls = 50_000;
    TinyGraph graph = new TinyGraph().input("x", 1);
    for (int i = 0; i < calls; i++) {
      graph.node(custom("F", i == 0 ? "x" : "part/" + i, "part/" + (i + 1)));
    }
    GraphProto inlined = inlined(graph.output("part/" + calls).model().toBuilder().addFunctions(f));
    assertEquals(calls, inlined.getNodeCount());
    assertEquals(Set.of("Abs"), Set.copyOf(TinyGraph.opTypes(inlined)));
  }
}
