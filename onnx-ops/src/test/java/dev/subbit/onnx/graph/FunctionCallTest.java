package dev.subbit.onnx.graph;

import static org.junit.jupiter.api.Assertions.assertEquals;

import ai.onnx.proto.OnnxMl.AttributeProto;
import ai.onnx.proto.OnnxMl.FunctionProto;
import ai.onnx.proto.OnnxMl.GraphProto;
import ai.onnx.proto.OnnxMl.NodeProto;
import dev.subbit.onnx.OnnxProtos;
import java.util.List;
import org.junit.jupiter.api.Test;

class FunctionCallTest {

  private final FunctionProto.Builder function =
      FunctionProto.newBuilder().setName("F").addInput("a").addInput("b").addOutput("r");

  private List<NodeProto> nodes(NodeProto caller) {
    return new FunctionCall(function.build(), caller, "F_1/").nodes();
  }

  private static NodeProto call(List<String> inputs, AttributeProto... attributes) {
    return TinyGraph.nodeOf("F", inputs, "y", attributes);
  }

  @Test
  void formalNamesBecomeTheCallersAndOwnNamesGetThePrefix() {
    function
        .addNode(TinyGraph.nodeOf("Mul", List.of("a", "b"), "h"))
        .addNode(TinyGraph.nodeOf("Relu", List.of("h"), "r"));
    List<NodeProto> nodes = nodes(call(List.of("x", "w")));
    assertEquals(List.of("x", "w"), nodes.get(0).getInputList());
    assertEquals("F_1/h", nodes.get(0).getOutput(0));
    assertEquals("F_1/h", nodes.get(0).getName());
    assertEquals(List.of("F_1/h"), nodes.get(1).getInputList());
    assertEquals("y", nodes.get(1).getOutput(0));
  }

  @Test
  void inputsThatTheCallerLeavesOutAreEmpty() {
    function.addNode(TinyGraph.nodeOf("Clip", List.of("a", "b", ""), "r"));
    assertEquals(List.of("x", "", ""), nodes(call(List.of("x"))).get(0).getInputList());
  }

  @Test
  void outputsThatTheCallerLeavesOutKeepTheirOwnNames() {
    function.addOutput("s").addNode(TinyGraph.nodeOf("Relu", List.of("a"), "r"));
    function.addNode(TinyGraph.nodeOf("Abs", List.of("a"), "s"));
    NodeProto caller = call(List.of("x")).toBuilder().setOutput(0, "").addOutput("z").build();
    List<NodeProto> nodes = nodes(caller);
    assertEquals("F_1/r", nodes.get(0).getOutput(0));
    assertEquals("z", nodes.get(1).getOutput(0));
  }

  @Test
  void anInputThatIsAnOutputIsCopied() {
    function.clearOutput().addOutput("a");
    List<NodeProto> nodes = nodes(call(List.of("x")));
    assertEquals(1, nodes.size());
    assertEquals("Identity", nodes.get(0).getOpType());
    assertEquals(List.of("x"), nodes.get(0).getInputList());
    assertEquals(List.of("y"), nodes.get(0).getOutputList());
  }

  @Test
  void anOutputOfTwoNamesIsComputedOnceAndCopied() {
    function.addOutput("r").addNode(TinyGraph.nodeOf("Relu", List.of("a"), "r"));
    List<NodeProto> nodes = nodes(call(List.of("x")).toBuilder().addOutput("z").build());
    assertEquals(List.of("y"), nodes.get(0).getOutputList());
    assertEquals("Identity", nodes.get(1).getOpType());
    assertEquals(List.of("y"), nodes.get(1).getInputList());
    assertEquals(List.of("z"), nodes.get(1).getOutputList());
  }

  @Test
  void attributesComeFromTheCallerElseFromTheDefaultElseNotAtAll() {
    function
        .addAttribute("free")
        .addAttributeProto(OnnxProtos.attribute("slope", 0.125f))
        .addNode(
            TinyGraph.nodeOf(
                "Op",
                List.of("a"),
                "r",
                TinyGraph.reference("alpha", "slope", AttributeProto.AttributeType.FLOAT),
                TinyGraph.reference("axis", "free", AttributeProto.AttributeType.INT),
                OnnxProtos.attribute("fixed", 7L)));
    assertEquals(
        List.of(OnnxProtos.attribute("alpha", 0.125f), OnnxProtos.attribute("fixed", 7L)),
        nodes(call(List.of("x"))).get(0).getAttributeList());
    assertEquals(
        List.of(
            OnnxProtos.attribute("alpha", 0.5f),
            OnnxProtos.attribute("axis", 2L),
            OnnxProtos.attribute("fixed", 7L)),
        nodes(
                call(
                    List.of("x"),
                    OnnxProtos.attribute("slope", 0.5f),
                    OnnxProtos.attribute("free", 2L)))
            .get(0)
            .getAttributeList());
  }

  @Test
  void subgraphsAreRenamedAlike() {
    GraphProto branch =
        new TinyGraph()
            .filled("w", 1, 1)
            .node("Add", List.of("a", "w"), "inner")
            .output("inner")
            .build();
    function.addNode(
        TinyGraph.nodeOf("If", List.of("b"), "r", TinyGraph.subgraph("then_branch", branch)));
    GraphProto renamed = nodes(call(List.of("x", "c"))).get(0).getAttribute(0).getG();
    assertEquals(List.of("F_1/w"), TinyGraph.initializers(renamed));
    assertEquals(List.of("x", "F_1/w"), renamed.getNode(0).getInputList());
    assertEquals("F_1/inner", renamed.getNode(0).getOutput(0));
    assertEquals("F_1/inner", renamed.getOutput(0).getName());
  }
}
