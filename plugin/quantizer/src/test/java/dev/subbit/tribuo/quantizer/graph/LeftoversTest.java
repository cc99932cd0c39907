package dev.subbit.tribuo.quantizer.graph;

import static org.junit.jupiter.api.Assertions.assertEquals;

import ai.onnx.proto.OnnxMl.GraphProto;
import ai.onnx.proto.OnnxMl.TensorProto;
import ai.onnx.proto.OnnxMl.ValueInfoProto;
import dev.subbit.onnx.OnnxProtos;
import dev.subbit.onnx.graph.TinyGraph;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

class LeftoversTest {

  private final TinyGraph graph = new TinyGraph().input("x", 1).filled("w", 1, 1);

  /** What stays when one node is taken out of the graph. */
  private GraphProto without(String node) {
    GraphProto before = graph.build();
    GraphProto.Builder after = before.toBuilder().clearNode();
    before.getNodeList().stream()
        .filter(other -> !other.getName().equals(node))
        .forEach(after::addNode);
    Leftovers.remove(after, Leftovers.reads(before));
    return after.build();
  }

  @Test
  void readsAreThoseOfNodesSubgraphsAndOutputs() {
    TinyGraph inner = new TinyGraph().node("Abs", List.of("w"), "inner").output("inner");
    graph
        .node("If", List.of("x"), "y", TinyGraph.subgraph("then_branch", inner.build()))
        .output("y");
    assertEquals(Set.of("x", "w", "y"), Leftovers.reads(graph.build()));
  }

  @Test
  void aChainThatFedTheNodeGoesWithIt() {
    graph
        .node("Identity", List.of("w"), "w1")
        .node("DequantizeLinear", List.of("w1", "w"), "w2")
        .node("Conv", List.of("x", "w2"), "gone")
        .node("Relu", List.of("x"), "y")
        .output("y");
    GraphProto left = without("gone");
    assertEquals(List.of("Relu"), TinyGraph.opTypes(left));
    assertEquals(List.of(), TinyGraph.initializers(left));
  }

  @Test
  void whatIsReadElsewhereStays() {
    graph
        .node("Identity", List.of("w"), "w1")
        .node("Conv", List.of("x", "w1"), "gone")
        .node("Mul", List.of("x", "w1"), "y")
        .output("y");
    assertEquals(List.of("Identity", "Mul"), TinyGraph.opTypes(without("gone")));
  }

  @Test
  void whatNobodyReadBeforeStaysAndWhatOnlyTheNodeReadGoes() {
    graph
        .filled("spare", 1, 1)
        .node("Identity", List.of("w"), "unread")
        .node("Abs", List.of("w"), "computed")
        .node("Conv", List.of("x", "computed"), "gone")
        .node("Relu", List.of("x"), "y")
        .output("y");
    GraphProto left = without("gone");
    assertEquals(List.of("Identity", "Relu"), TinyGraph.opTypes(left));
    assertEquals(List.of("w", "spare"), TinyGraph.initializers(left));
  }

  @Test
  void aDefaultThatIsGoneIsNoInputAnyMore() {
    graph
        .input("w", 1)
        .node("Conv", List.of("x", "w"), "gone")
        .node("Relu", List.of("x"), "y")
        .output("y");
    assertEquals(
        List.of("x"),
        without("gone").getInputList().stream().map(ValueInfoProto::getName).toList());
  }

  @Test
  void shapesOfValuesThatAreGoneGoToo() {
    graph.node("Conv", List.of("x", "w"), "gone").node("Relu", List.of("x"), "y").output("y");
    for (String value : List.of("gone", "y")) {
      graph.builder().addValueInfo(OnnxProtos.value(value, TensorProto.DataType.FLOAT, 1));
    }
    assertEquals(
        List.of("y"),
        without("gone").getValueInfoList().stream().map(ValueInfoProto::getName).toList());
  }
}
