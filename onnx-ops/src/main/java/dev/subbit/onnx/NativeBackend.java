package dev.subbit.onnx;

import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * The back end {@code native}: ONNX Runtime on the CPU with Subbit's own kernels for the sub-bit
 * operators. It takes no settings.
 */
public final class NativeBackend implements ExecutionBackend {

  /** Creates the back end; {@link java.util.ServiceLoader} calls this. */
  public NativeBackend() {}

  @Override
  public String name() {
    return "native";
  }

  @Override
  public void configure(OrtSession.SessionOptions options, Map<String, String> settings)
      throws OrtException {
    OnnxRuntimeBackend.requireNoSettings(name(), settings);
    OnnxRuntimeVersion.requireForNativeCode(name());
    SubBitOps.register(options);
  }

  @Override
  public List<Device> devices() {
    String description = "Subbit kernels on " + NativeLibrary.platform();
    Optional<String> tooOld = OnnxRuntimeVersion.tooOldForNativeCode();
    if (tooOld.isPresent()) {
      return List.of(new Device("cpu", description, false, tooOld.get()));
    }
    try {
      SubBitOps.load();
      return List.of(new Device("cpu", description + " (" + SubBitOps.library() + ")", true, ""));
    } catch (IllegalStateException e) {
      return List.of(new Device("cpu", description, false, e.getMessage()));
    }
  }
}
