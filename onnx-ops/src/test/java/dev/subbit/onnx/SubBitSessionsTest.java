package dev.subbit.onnx;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.onnx.proto.OnnxMl.ModelProto;
import ai.onnx.proto.OnnxMl.TensorProto;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import dev.subbit.onnx.graph.OnnxFile;
import dev.subbit.onnx.graph.TinyGraph;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SubBitSessionsTest {

  @TempDir Path folder;

  /** ONNX Runtime alone would read the file in the folder that the process runs in. */
  @Test
  void dataOutsideAModelInMemoryIsRefusedEvenIfTheFileIsThere() throws Exception {
    Path here = Files.createTempFile(Path.of(""), "summand", ".bin");
    try {
      Files.write(here, new byte[12]);
      Files.copy(here, folder.resolve(here));
      ModelProto model = addition(here.toString());
      OrtException refusal =
          assertThrows(OrtException.class, () -> SubBitSessions.create(model.toByteArray(), null));
      assertTrue(
          refusal.getMessage().contains("tensor 'w' keeps its data in '" + here + "'; a model in"),
          refusal.getMessage());

      Path file = Files.write(folder.resolve("m.onnx"), model.toByteArray());
      assertRuns(OnnxFile.read(file));
    } finally {
      Files.delete(here);
    }
  }

  private static void assertRuns(ModelProto model) throws OrtException, IOException {
    try (OrtSession.SessionOptions options = new OrtSession.SessionOptions();
        OrtSession session = SubBitSessions.create(model.toByteArray(), options)) {
      assertEquals(List.of("x"), List.copyOf(session.getInputNames()));
    }
  }

  private static ModelProto addition(String location) {
    TensorProto.Builder outside =
        TensorProto.newBuilder()
            .setName("w")
            .setDataType(TensorProto.DataType.FLOAT.getNumber())
            .addDims(3)
            .setDataLocation(TensorProto.DataLocation.EXTERNAL);
    outside.addExternalDataBuilder().setKey("location").setValue(location);
    return new TinyGraph()
        .input("x", 3)
        .tensor(outside.build())
        .node("Add", List.of("x", "w"), "y")
        .output("y")
        .model();
  }
}
