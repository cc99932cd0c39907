package dev.subbit.tribuo.quantizer.graph;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.onnx.proto.OnnxMl.ModelProto;
import ai.onnx.proto.OnnxMl.ValueInfoProto;
import dev.subbit.onnx.OnnxProtos;
import dev.subbit.onnx.graph.TinyGraph;
import java.io.IOException;
import java.util.List;
import org.junit.jupiter.api.Test;

class OperatorSetsTest {

  private static ModelProto.Builder model(TinyGraph graph, long opset) {
    ModelProto.Builder model = graph.model().toBuilder();
    model.getOpsetImportBuilder(0).setVersion(opset);
    return model;
  }

  private static TinyGraph dropout() {
    return new TinyGraph()
        .input("x", 2)
        .node("Dropout", List.of("x"), "y", OnnxProtos.attribute("ratio", 0.3f))
        .output("y");
  }

  @Test
  void readyModelsAreReturnedAsTheyAre() throws IOException {
    ModelProto model = model(dropout(), 12).build();
    assertEquals(model, OperatorSets.upgrade("m.onnx", model));
  }

  @Test
  void onlyTheStandardSetIsRaised() throws IOException {
    ModelProto.Builder eleven = model(dropout(), 11);
    eleven.getOpsetImportBuilder(0).setDomain("ai.onnx");
    eleven.addOpsetImportBuilder().setDomain("custom").setVersion(3);
    ModelProto upgraded = OperatorSets.upgrade("m.onnx", eleven.build());
    assertEquals("ai.onnx", upgraded.getOpsetImport(0).getDomain());
    assertEquals(12, upgraded.getOpsetImport(0).getVersion());
    assertEquals(eleven.getOpsetImport(1), upgraded.getOpsetImport(1));
  }

  @Test
  void dropoutLosesItsRatioInSubgraphsToo() throws IOException {
    TinyGraph graph =
        new TinyGraph()
            .input("c", 1)
            .node("If", List.of("c"), "z", TinyGraph.subgraph("then_branch", dropout().build()))
            .node("Elu", List.of("c"), "e", OnnxProtos.attribute("alpha", 0.5f));
    ModelProto upgraded = OperatorSets.upgrade("m.onnx", model(graph, 11).build());
    assertEquals(
        0, upgraded.getGraph().getNode(0).getAttribute(0).getG().getNode(0).getAttributeCount());
    assertEquals(1, upgraded.getGraph().getNode(1).getAttributeCount(), "others keep theirs");
  }

  @Test
  void aDefaultIsAConstantInFilesOfVersion3Alone() throws IOException {
    TinyGraph graph = dropout().filled("w", 1, 2).input("w", 2);
    for (int version : new int[] {3, 4}) {
      ModelProto upgraded =
          OperatorSets.upgrade("m.onnx", model(graph, 13).setIrVersion(version).build());
      assertEquals(
          version == 3 ? List.of("x") : List.of("x", "w"),
          upgraded.getGraph().getInputList().stream().map(ValueInfoProto::getName).toList());
    }
  }

  @Test
  void olderSetsAreRefusedWithTheWayOut() {
    String message =
        assertThrows(
                IOException.class,
                () -> OperatorSets.upgrade("m.onnx", model(dropout(), 6).build()))
            .getMessage();
    assertTrue(message.startsWith("m.onnx is in ONNX operator set 6"), message);
    assertTrue(message.contains("onnx.version_converter"), message);
  }
}
