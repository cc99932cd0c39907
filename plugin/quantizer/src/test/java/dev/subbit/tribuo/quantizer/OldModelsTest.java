package dev.subbit.tribuo.quantizer;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.onnx.proto.OnnxMl.ModelProto;
import ai.onnx.proto.OnnxMl.TensorProto;
import ai.onnx.proto.OnnxMl.ValueInfoProto;
import dev.subbit.onnx.OnnxProtos;
import dev.subbit.onnx.SubBitModels;
import dev.subbit.tribuo.quantizer.graph.OperatorSets;
import java.io.IOException;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Models as exporters of earlier years wrote them, and what is refused. */
class OldModelsTest {

  private static ModelProto model() {
    GraphBuilder graph = new GraphBuilder(1, 0, 4, 8, 8);
    return graph.model(13, graph.conv("x", 6, 4));
  }

  @Test
  void dropoutLosesItsRatioOnTheWayToOperatorSet12() throws IOException {
    GraphBuilder graph = new GraphBuilder(1, 0, 4, 8, 8);
    String y =
        graph.node("Dropout", List.of(graph.conv("x", 6, 4)), OnnxProtos.attribute("ratio", 0.3f));
    ModelProto upgraded = OperatorSets.upgrade("a", graph.model(11, y));
    assertEquals(12, SubBitModels.standardOpset(upgraded));
    assertEquals(0, upgraded.getGraph().getNode(1).getAttributeCount());
    assertEquals(model(), OperatorSets.upgrade("b", model()), "13 stays as it is");
  }

  @Test
  void initializersThatAreInputsInOldFilesAreConstants() throws IOException {
    ModelProto.Builder old = model().toBuilder().setIrVersion(3);
    for (TensorProto tensor : model().getGraph().getInitializerList()) {
      old.getGraphBuilder()
          .addInput(
              GraphBuilder.value(
                  tensor.getName(),
                  tensor.getDimsList().stream().mapToLong(Long::longValue).toArray()));
    }
    ModelProto upgraded = OperatorSets.upgrade("old", old.build());
    assertEquals(
        List.of("x"),
        upgraded.getGraph().getInputList().stream().map(ValueInfoProto::getName).toList());
  }

  @Test
  void olderOperatorSetsAreRefused() {
    ModelProto.Builder old = model().toBuilder();
    old.getOpsetImportBuilder(0).setVersion(6);
    String message =
        assertThrows(IOException.class, () -> OperatorSets.upgrade("old.onnx", old.build()))
            .getMessage();
    assertTrue(message.contains("old.onnx is in ONNX operator set 6"), message);
  }
}
