package dev.subbit.tribuo.quantizer.graph;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.onnx.proto.OnnxMl.GraphProto;
import ai.onnx.proto.OnnxMl.ModelProto;
import ai.onnx.proto.OnnxMl.TensorProto;
import dev.subbit.onnx.graph.TinyGraph;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Data beside an ONNX file, wherever a model may name it. */
class ExternalDataTest {

  private static final byte[] DATA = {1, 2, 3, 4, 5, 6, 7, 8};

  @TempDir private Path folder;

  @BeforeEach
  void write() throws IOException {
    Files.write(folder.resolve("data.bin"), DATA);
  }

  private static TensorProto external(String... entries) {
    TensorProto.Builder tensor =
        TensorProto.newBuilder()
            .setName("t")
            .setDataType(TensorProto.DataType.UINT8.getNumber())
            .addDims(1)
            .setDataLocation(TensorProto.DataLocation.EXTERNAL);
    for (int i = 0; i < entries.length; i += 2) {
      tensor.addExternalDataBuilder().setKey(entries[i]).setValue(entries[i + 1]);
    }
    return tensor.build();
  }

  private ModelProto read(TinyGraph graph) throws IOException {
    return OnnxFile.read(Files.write(folder.resolve("m.onnx"), graph.model().toByteArray()));
  }

  private static TinyGraph relu() {
    return new TinyGraph().input("x", 1).node("Relu", List.of("x"), "y");
  }

  private static void assertInside(byte[] expected, TensorProto tensor) {
    assertArrayEquals(expected, tensor.getRawData().toByteArray());
    assertFalse(tensor.hasDataLocation());
    assertEquals(0, tensor.getExternalDataCount());
  }

  @Test
  void withoutOffsetAndLengthItIsTheWholeFile() throws IOException {
    ModelProto model = read(relu().tensor(external("location", "data.bin")));
    assertInside(DATA, model.getGraph().getInitializer(0));
  }

  @Test
  void anOffsetAloneReachesToTheEnd() throws IOException {
    ModelProto model = read(relu().tensor(external("location", "data.bin", "offset", "5")));
    assertInside(new byte[] {6, 7, 8}, model.getGraph().getInitializer(0));
    model = read(relu().tensor(external("location", "data.bin", "offset", "8")));
    assertInside(new byte[0], model.getGraph().getInitializer(0));
  }

  @Test
  void constantsAndSubgraphsMayNameItToo() throws IOException {
    TensorProto part = external("location", "data.bin", "offset", "2", "length", "3");
    TinyGraph branch =
        new TinyGraph().tensor(part).node("Constant", List.of(), "inner", TinyGraph.value(part));
    ModelProto model =
        read(
            relu()
                .node("Constant", List.of(), "c", TinyGraph.value(part))
                .node("If", List.of("x"), "z", TinyGraph.subgraph("then_branch", branch.build())));
    byte[] expected = {3, 4, 5};
    assertInside(expected, model.getGraph().getNode(1).getAttribute(0).getT());
    GraphProto inner = model.getGraph().getNode(2).getAttribute(0).getG();
    assertInside(expected, inner.getInitializer(0));
    assertInside(expected, inner.getNode(0).getAttribute(0).getT());
  }

  @Test
  void placesThatNoFileHasAreRefused() {
    for (String[] entries :
        new String[][] {
          {"location", "data.bin", "offset", "9"},
          {"location", "data.bin", "offset", "9223372036854775807", "length", "2"},
          {"location", "data.bin", "length", "99999999999999999999"},
          {"location", "data.bin", "offset", "two"},
          {"location", "."},
          {"offset", "0"},
        }) {
      IOException refusal =
          assertThrows(IOException.class, () -> read(relu().tensor(external(entries))));
      assertTrue(refusal.getMessage().contains("m.onnx: tensor 't'"), refusal.getMessage());
    }
  }
}
