package dev.subbit.cli.inspect;

import ai.onnx.proto.OnnxMl.ModelProto;
import com.code_intelligence.jazzer.junit.FuzzTest;
import com.code_intelligence.jazzer.mutation.annotation.NotNull;
import dev.subbit.cli.terminal.UserError;
import dev.subbit.onnx.FuzzModels;
import dev.subbit.onnx.ReaderContract;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.Writer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.provider.MethodSource;

/** ONNX models of any content, looked at by {@code inspect}. */
@Timeout(60)
class InspectionFuzzTest {

  @TempDir static Path folder;

  static Stream<ModelProto> models() {
    return FuzzModels.all();
  }

  @MethodSource("models")
  @FuzzTest
  void modelsAreInspected(@NotNull ModelProto model) throws IOException {
    Path file = Files.write(folder.resolve("m.onnx"), model.toByteArray());
    PrintWriter nowhere = new PrintWriter(Writer.nullWriter());
    ReaderContract.of(UserError.class)
        .read(model.getSerializedSize(), () -> OnnxInspection.of(file, nowhere));
  }
}
