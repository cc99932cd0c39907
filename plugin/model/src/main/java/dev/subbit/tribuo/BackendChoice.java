package dev.subbit.tribuo;

import dev.subbit.onnx.ExecutionBackend;
import java.util.Map;

/**
 * The back end that a model runs on.
 *
 * @param name its name.
 * @param settings its settings by name.
 */
record BackendChoice(String name, Map<String, String> settings) {

  // The settings are copied, so that the choice stays as it was made.
  BackendChoice {
    settings = Map.copyOf(settings);
  }

  /**
   * What is chosen where nobody chooses: Subbit's kernels where they run on this machine, else the
   * function bodies.
   */
  static BackendChoice preferred() {
    return new BackendChoice(ExecutionBackend.preferred().name(), Map.of());
  }
}
