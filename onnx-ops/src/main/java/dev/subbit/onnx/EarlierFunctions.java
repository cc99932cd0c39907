package dev.subbit.onnx;

import ai.onnx.proto.OnnxMl.FunctionProto;
import ai.onnx.proto.OnnxMl.ModelProto;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.List;

/**
 * Functions that Subbit wrote into models before their bodies changed. They mean the same as
 * today's, so models with them still load; when a body changes again, the one it had joins this
 * file.
 */
final class EarlierFunctions {

  private static final String FILE = "earlier-functions.onnx";

  private static final List<FunctionProto> ALL = read();

  private EarlierFunctions() {}

  /** The functions, each for the operator set {@value SubBitOperator#STANDARD_OPSET}. */
  static List<FunctionProto> all() {
    return ALL;
  }

  private static List<FunctionProto> read() {
    try (InputStream file = EarlierFunctions.class.getResourceAsStream(FILE)) {
      if (file == null) {
        throw new IllegalStateException(
            "The class path lacks dev/subbit/onnx/" + FILE + ", which is in subbit-onnx-ops");
      }
      return ModelProto.parseFrom(file).getFunctionsList();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
