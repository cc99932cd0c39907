package dev.subbit.onnx;

import ai.onnx.proto.OnnxMl.ModelProto;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import com.code_intelligence.jazzer.junit.FuzzTest;
import com.code_intelligence.jazzer.mutation.annotation.NotNull;
import dev.subbit.onnx.graph.FunctionInlining;
import java.io.IOException;
import java.util.stream.Stream;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.provider.MethodSource;

/** Models of any content in the passes over graphs, and before ONNX Runtime gets them. */
@Timeout(60)
class GraphPassesFuzzTest {

  private static final ReaderContract PASS = ReaderContract.of(IllegalArgumentException.class);

  static Stream<ModelProto> models() {
    return FuzzModels.all();
  }

  static Stream<byte[]> files() {
    return models().map(ModelProto::toByteArray);
  }

  @MethodSource("models")
  @FuzzTest
  void functionsAreAdded(@NotNull ModelProto model) {
    int size = model.getSerializedSize();
    PASS.read(size, () -> SubBitModels.withFunctions(model.toBuilder()).build());
    PASS.read(size, () -> SubBitModels.withOperators(model.toBuilder()).build());
  }

  @MethodSource("models")
  @FuzzTest
  void functionsAreInlined(@NotNull ModelProto model) {
    ReaderContract.of(IOException.class)
        .read(
            model.getSerializedSize(),
            () -> FunctionInlining.inline("m.onnx", model, function -> true));
  }

  @MethodSource("models")
  @FuzzTest
  void modelsAreMadePortable(@NotNull ModelProto model) {
    PASS.read(model.getSerializedSize(), () -> PortableModels.inlined(model));
    PASS.read(model.getSerializedSize(), () -> PortableModels.plain(model));
  }

  /** On Subbit's own kernels, whose errors ONNX Runtime passes on. */
  @MethodSource("files")
  @FuzzTest
  void sessionsAreOpened(byte[] file) {
    ReaderContract.of(OrtException.class).read(file.length, () -> open(file));
  }

  private static String open(byte[] file) throws Exception {
    try (OrtSession.SessionOptions options = new OrtSession.SessionOptions()) {
      options.setIntraOpNumThreads(1);
      ExecutionBackend.named("native").configure(options, java.util.Map.of());
      try (OrtSession session = SubBitSessions.create(file, options)) {
        return session.getOutputNames().toString();
      }
    }
  }
}
