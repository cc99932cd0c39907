package dev.subbit.tribuo;

import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
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

  /**
   * Fails where a session would fail on this choice whatever its model.
   *
   * @throws IllegalArgumentException if there is no such back end, or it does not know the
   *     settings.
   * @throws IllegalStateException if it cannot run on this machine.
   */
  void requireKnown() {
    try (OrtSession.SessionOptions options = new OrtSession.SessionOptions()) {
      ExecutionBackend.named(name).configure(options, settings);
    } catch (OrtException e) {
      throw new IllegalStateException(
          "The back end '" + name + "' cannot be used: " + e.getMessage(), e);
    }
  }
}
