package dev.subbit.tribuo;

import dev.subbit.onnx.ExecutionBackend;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.logging.Logger;

/**
 * The back end that a model runs on.
 *
 * @param name its name.
 * @param settings its settings by name.
 */
record BackendChoice(String name, Map<String, String> settings) {

  // Copies the settings.
  BackendChoice {
    settings = Map.copyOf(settings);
  }

  private static final Logger LOGGER = Logger.getLogger(BackendChoice.class.getName());
  private static final AtomicBoolean WARNED = new AtomicBoolean();

  /**
   * What is chosen where nobody chooses: Subbit's kernels where they run on this machine and in
   * this ONNX Runtime, else the function bodies, of which the first choice in a process warns.
   */
  static BackendChoice preferred() {
    List<ExecutionBackend.Device> processors = ExecutionBackend.named("native").devices();
    if (processors.stream().anyMatch(ExecutionBackend.Device::available)) {
      return new BackendChoice("native", Map.of());
    }
    if (WARNED.compareAndSet(false, true)) {
      LOGGER.warning(
          "Models run on their function bodies, which are slower: "
              + processors.get(0).reason()
              + ". To silence this warning, choose the back end 'onnxruntime'.");
    }
    return new BackendChoice("onnxruntime", Map.of());
  }
}
