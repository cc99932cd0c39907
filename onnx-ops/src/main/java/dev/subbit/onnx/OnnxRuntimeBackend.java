package dev.subbit.onnx;

import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtSession;
import java.util.List;
import java.util.Map;

/**
 * The back end {@code onnxruntime}: plain ONNX Runtime on the CPU, which runs the function bodies
 * inside the model and does not use Subbit's native code. It takes no settings.
 */
public final class OnnxRuntimeBackend implements ExecutionBackend {

  /** Creates the back end; {@link java.util.ServiceLoader} calls this. */
  public OnnxRuntimeBackend() {}

  @Override
  public String name() {
    return "onnxruntime";
  }

  @Override
  public void configure(OrtSession.SessionOptions options, Map<String, String> settings) {
    requireNoSettings(name(), settings);
  }

  @Override
  public List<Device> devices() {
    return List.of(
        new Device(
            "cpu",
            "ONNX Runtime "
                + OrtEnvironment.getEnvironment().getVersion()
                + " on "
                + NativeLibrary.platform()
                + ", function bodies",
            true,
            ""));
  }

  static void requireNoSettings(String backend, Map<String, String> settings) {
    if (!settings.isEmpty()) {
      throw new IllegalArgumentException(
          "Back end '"
              + backend
              + "' takes no settings, found: "
              + String.join(", ", settings.keySet()));
    }
  }
}
