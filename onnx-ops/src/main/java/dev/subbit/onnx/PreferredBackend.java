package dev.subbit.onnx;

import java.util.concurrent.atomic.AtomicBoolean;
import java.util.logging.Logger;

/** Chooses the back end for whoever names none. */
final class PreferredBackend {

  private static final Logger LOGGER = Logger.getLogger(PreferredBackend.class.getName());
  private static final AtomicBoolean WARNED = new AtomicBoolean();

  private PreferredBackend() {}

  /**
   * Takes the native kernels where they run, else the function bodies, and then warns once per
   * process.
   *
   * @param kernels the back end to prefer.
   * @param bodies the back end that runs everywhere.
   */
  static ExecutionBackend of(ExecutionBackend kernels, ExecutionBackend bodies) {
    String reason = "";
    for (ExecutionBackend.Device device : kernels.devices()) {
      if (device.available()) {
        return kernels;
      }
      reason = device.reason();
    }
    if (WARNED.compareAndSet(false, true)) {
      LOGGER.warning(
          "Subbit's kernels cannot be used here: models run on the function bodies inside"
              + " them, which takes longer. "
              + reason);
    }
    return bodies;
  }

  /** Lets the next choice warn again. For tests. */
  static void forgetWarning() {
    WARNED.set(false);
  }
}
