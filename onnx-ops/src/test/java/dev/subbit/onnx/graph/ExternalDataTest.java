package dev.subbit.onnx.graph;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.onnx.proto.OnnxMl.AttributeProto;
import ai.onnx.proto.OnnxMl.GraphProto;
import ai.onnx.proto.OnnxMl.ModelProto;
import ai.onnx.proto.OnnxMl.SparseTensorProto;
import ai.onnx.proto.OnnxMl.TensorProto;
import com.google.protobuf.ByteString;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Predicate;
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

  private static TensorProto external(long size, String... entries) {
    TensorProto.Builder tensor =
        TensorProto.newBuilder()
            .setName("t")
            .setDataType(TensorProto.DataType.UINT8.getNumber())
            .addDims(size)
            .setDataLocation(TensorProto.DataLocation.EXTERNAL);
    for (int i = 0; i < entries.length; i += 2) {
      tensor.addExternalDataBuilder().setKey(entries[i]).setValue(entries[i + 1]);
    }
    return tensor.build();
  }

  private ModelProto read(TinyGraph graph) throws IOException {
    return read(graph.model());
  }

  private ModelProto read(ModelProto model) throws IOException {
    return OnnxFile.read(Files.write(folder.resolve("m.onnx"), model.toByteArray()));
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
    ModelProto model = read(relu().tensor(external(8, "location", "data.bin")));
    assertInside(DATA, model.getGraph().getInitializer(0));
  }

  @Test
  void anOffsetAloneReachesAsFarAsTheShape() throws IOException {
    ModelProto model = read(relu().tensor(external(2, "location", "data.bin", "offset", "5")));
    assertInside(new byte[] {6, 7}, model.getGraph().getInitializer(0));
    model = read(relu().tensor(external(0, "location", "data.bin", "offset", "8")));
    assertInside(new byte[0], model.getGraph().getInitializer(0));
  }

  @Test
  void theTypeOfTheElementsCounts() throws IOException {
    TensorProto.Builder tensor =
        external(2, "location", "data.bin", "offset", "1").toBuilder().addDims(3);
    tensor.setDataType(TensorProto.DataType.INT4.getNumber());
    ModelProto model = read(relu().tensor(tensor.build()));
    assertInside(new byte[] {2, 3, 4}, model.getGraph().getInitializer(0));
    tensor.setDataType(TensorProto.DataType.UNDEFINED.getNumber());
    model = read(relu().tensor(tensor.build()));
    assertInside(Arrays.copyOfRange(DATA, 1, 8), model.getGraph().getInitializer(0));
    tensor.setDataType(TensorProto.DataType.INT64.getNumber());
    assertRefused("lies at 1 to 49 of data.bin, which has 8 bytes", relu().tensor(tensor.build()));
  }

  @Test
  void constantsAndSubgraphsMayNameItToo() throws IOException {
    TensorProto part = external(3, "location", "data.bin", "offset", "2", "length", "3");
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

  /** Every other place of the format where a tensor may be. */
  @Test
  void functionsListsAndSparseTensorsMayNameItToo() throws IOException {
    TensorProto part = external(3, "location", "data.bin", "offset", "1");
    SparseTensorProto sparse =
        SparseTensorProto.newBuilder().setValues(part).setIndices(part).addDims(9).build();
    AttributeProto lists =
        AttributeProto.newBuilder()
            .setName("lists")
            .addTensors(part)
            .addTensors(part)
            .addSparseTensors(sparse)
            .addGraphs(new TinyGraph().tensor(part).build())
            .build();
    AttributeProto one = AttributeProto.newBuilder().setName("one").setSparseTensor(sparse).build();
    TinyGraph graph = relu().node("Other", List.of("x"), "z", lists, one);
    graph.builder().addSparseInitializer(sparse);
    ModelProto.Builder model = graph.model().toBuilder();
    model
        .addFunctionsBuilder()
        .setName("F")
        .addNode(TinyGraph.nodeOf("Constant", List.of(), "c", TinyGraph.value(part)))
        .addAttributeProto(TinyGraph.value(part));
    model.addTrainingInfoBuilder().getAlgorithmBuilder().addInitializer(part);

    ModelProto read = read(model.build());
    TensorProto inside =
        part.toBuilder()
            .clearExternalData()
            .clearDataLocation()
            .setRawData(ByteString.copyFrom(DATA, 1, 3))
            .build();
    assertEquals(12, count(read, tensor -> tensor.equals(inside)));
    assertEquals(0, count(read, ExternalData::isOutside));
    assertEquals(model.build(), outsideAgain(read, part));
  }

  private static int count(ModelProto model, Predicate<TensorProto> which) throws IOException {
    AtomicInteger count = new AtomicInteger();
    ModelTensors.map(
        model,
        (tensor, place) -> {
          count.addAndGet(which.test(tensor) ? 1 : 0);
          return tensor;
        });
    return count.get();
  }

  private static ModelProto outsideAgain(ModelProto model, TensorProto tensor) throws IOException {
    return ModelTensors.map(model, (inside, place) -> tensor);
  }

  @Test
  void aRefusalNamesThePlaceInTheModel() {
    TensorProto lost = external(3, "location", "lost.bin");
    ModelProto.Builder model = relu().model().toBuilder();
    model
        .addFunctionsBuilder()
        .setName("Shift")
        .addNode(TinyGraph.nodeOf("Constant", List.of(), "c", TinyGraph.value(lost)));
    IOException refusal = assertThrows(IOException.class, () -> read(model.build()));
    assertTrue(
        refusal
            .getMessage()
            .contains(
                "m.onnx: tensor 't' of attribute 'value' of node 'c' of function 'Shift' keeps its"
                    + " data in "),
        refusal.getMessage());
    assertTrue(refusal.getMessage().contains("lost.bin, which is missing"), refusal.getMessage());
    assertEquals(
        "tensor 't' of attribute 'value' of node 'c' of function 'Shift' keeps its data in"
            + " 'lost.bin'",
        ModelTensors.firstOutside(model.build()).orElseThrow());
  }

  @Test
  void theSizeOfAModelIncludesItsData() throws IOException {
    TinyGraph graph = relu().tensor(external(3, "location", "data.bin"));
    Path file = Files.write(folder.resolve("m.onnx"), graph.model().toByteArray());
    assertEquals(Files.size(file) + 3, new OnnxFile(file).bytes());
  }

  @Test
  void shapesThatNoTensorHasAreRefused() {
    for (long[] shape : new long[][] {{-1}, {1L << 40, 1L << 40}, {1L << 32, 1L << 32}}) {
      TensorProto.Builder tensor = external(1, "location", "data.bin").toBuilder().clearDims();
      for (long dimension : shape) {
        tensor.addDims(dimension);
      }
      assertRefused("which no tensor has", relu().tensor(tensor.build()));
    }
    assertRefused(
        "has 3 bytes in data.bin, its shape needs 4",
        relu().tensor(external(4, "location", "data.bin", "length", "3")));
  }

  @Test
  void placesThatNoFileHasAreRefused() {
    for (String[] entries :
        new String[][] {
          {"location", "data.bin", "offset", "8"},
          {"location", "data.bin", "offset", "9223372036854775807", "length", "1"},
          {"location", "data.bin", "length", "99999999999999999999"},
          {"location", "data.bin", "offset", "two"},
          {"location", "."},
          {"location", "a\0b"},
          {"offset", "0"},
        }) {
      assertRefused("m.onnx: tensor 't'", relu().tensor(external(1, entries)));
    }
  }

  private void assertRefused(String part, TinyGraph graph) {
    IOException refusal = assertThrows(IOException.class, () -> read(graph));
    assertTrue(refusal.getMessage().contains(part), refusal.getMessage());
  }
}
