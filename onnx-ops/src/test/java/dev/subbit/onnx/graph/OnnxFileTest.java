package dev.subbit.onnx.graph;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.onnx.proto.OnnxMl.ModelProto;
import ai.onnx.proto.OnnxMl.StringStringEntryProto;
import ai.onnx.proto.OnnxMl.TensorProto;
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
    return new TinyGraph()
        .input("x", 1, 4, 8, 8)
        .filled("w", 0.5f, 6, 4, 3, 3)
        .node("Conv", List.of("x", "w"), "y")
        .output("y")
        .model();
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
}
