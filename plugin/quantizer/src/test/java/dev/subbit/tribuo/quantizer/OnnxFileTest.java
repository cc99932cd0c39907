package dev.subbit.tribuo.quantizer;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.onnx.proto.OnnxMl.ModelProto;
import ai.onnx.proto.OnnxMl.StringStringEntryProto;
import ai.onnx.proto.OnnxMl.TensorProto;
import ai.onnx.proto.OnnxMl.ValueInfoProto;
import dev.subbit.onnx.OnnxProtos;
import dev.subbit.onnx.SubBitModels;
import dev.subbit.tribuo.quantizer.graph.OnnxFile;
import dev.subbit.tribuo.quantizer.graph.OperatorSets;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Files as exporters write them, and what is refused. */
class OnnxFileTest {

  @TempDir private Path folder;

  private static ModelProto model() {
    GraphBuilder graph = new GraphBuilder(1, 0, 4, 8, 8);
    return graph.model(13, graph.conv("x", 6, 4));
  }

  /** Moves the data of the first tensor into a file beside the model, as exporters do. */
  private Path external(String location, long offset, long length) throws IOException {
    ModelProto.Builder model = model().toBuilder();
    TensorProto.Builder tensor = model.getGraphBuilder().getInitializerBuilder(0);
    byte[] data = new byte[16 + tensor.getRawData().size()];
    tensor.getRawData().copyTo(data, 16);
    Files.write(folder.resolve("weights.bin"), data);
    tensor
        .clearRawData()
        .setDataLocation(TensorProto.DataLocation.EXTERNAL)
        .addExternalData(entry("location", location))
        .addExternalData(entry("offset", "" + offset))
        .addExternalData(entry("length", "" + length));
    Path file = folder.resolve("model.onnx");
    Files.write(file, model.build().toByteArray());
    return file;
  }

  private static StringStringEntryProto entry(String key, String value) {
    return StringStringEntryProto.newBuilder().setKey(key).setValue(value).build();
  }

  private static void assertRefused(Path file, String part) {
    String message = assertThrows(IOException.class, () -> OnnxFile.read(file)).getMessage();
    assertTrue(message.contains(part), message);
  }

  @Test
  void externalDataIsBroughtIn() throws IOException {
    assertEquals(model(), OnnxFile.read(external("weights.bin", 16, 6 * 4 * 9 * 4)));
  }

  @Test
  void externalDataOutsideTheFolderOrTheFileIsRefused() throws IOException {
    assertRefused(external("../weights.bin", 16, 864), "only files in the model's folder");
    assertRefused(external("/etc/hostname", 0, 4), "only files in the model's folder");
    assertRefused(external("missing.bin", 16, 864), "missing");
    assertRefused(external("weights.bin", 17, 864), "damaged");
    assertRefused(external("weights.bin", -1, 864), "not a number of bytes");
  }

  @Test
  void linksOutOfTheFolderAreRefused() throws IOException {
    Path file = external("link.bin", 0, 4);
    Path outside = Files.createTempFile("outside", ".bin");
    Files.createSymbolicLink(folder.resolve("link.bin"), outside);
    assertRefused(file, "a link out of");
    Files.delete(outside);
  }

  @Test
  void whatIsNoModelIsRefused() throws IOException {
    Path file = folder.resolve("text.onnx");
    Files.writeString(file, "no model");
    assertRefused(file, "not an ONNX model");
    Files.write(file, new byte[0]);
    assertRefused(file, "no graph");
    assertRefused(folder.resolve("absent.onnx"), "There is no file");
  }

  @Test
  void modelsOfTwoGigabytesAreRefused() throws IOException {
    Path file = folder.resolve("huge.onnx");
    try (RandomAccessFile sparse = new RandomAccessFile(file.toFile(), "rw")) {
      sparse.setLength(OnnxFile.MAX_BYTES + 1);
    }
    assertRefused(file, "2 GB");
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
