package dev.subbit.fpga;

import java.util.Map;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.logging.Logger;

/**
 * Which backend a session asks for: the setting {@code backend}, else the system property {@code
 * subbit.fpga.backend}, else the environment variable {@code SUBBIT_FPGA_BACKEND}, else {@code
 * auto}.
 */
final class BackendChoice {

  static final String SETTING = "backend";
  static final String PROPERTY = "subbit.fpga.backend";
  static final String VARIABLE = "SUBBIT_FPGA_BACKEND";

  private static final String AUTO = "auto";
  private static final String EMULATOR = "emulator";
  private static final Logger LOGGER = Logger.getLogger(BackendChoice.class.getName());
  private static final AtomicBoolean WARNED = new AtomicBoolean();

  private BackendChoice() {}

  /**
   * The backend to use here. Warns, once a process, where {@code auto} ends at the emulator.
   *
   * @param settings settings of the session.
   * @return name of an available backend.
   * @throws IllegalArgumentException if the name is unknown; the message lists those allowed.
   * @throws IllegalStateException if the backend is not available here; the message says why and
   *     what to choose.
   */
  static String of(Map<String, String> settings) {
    String requested = requested(settings, System.getProperty(PROPERTY), System.getenv(VARIABLE));
    FpgaNative.load();
    String chosen = FpgaNative.chooseBackend(requested);
    if (requested.equals(AUTO) && chosen.equals(EMULATOR) && WARNED.compareAndSet(false, true)) {
      LOGGER.warning(
          "No FPGA board was found: models run on the software emulator. Its results are exact, its"
              + " cycle counts modelled and its speed that of this machine. Choose backend '"
              + EMULATOR
              + "' to say so yourself.");
    }
    return chosen;
  }

  /** Lets the next choice warn again. For tests. */
  static void forgetWarning() {
    WARNED.set(false);
  }

  /** The name that is asked for; empty values count as not given. */
  static String requested(Map<String, String> settings, String property, String variable) {
    for (String name : new String[] {settings.get(SETTING), property, variable}) {
      if (name != null && !name.isBlank()) {
        return name.strip();
      }
    }
    return AUTO;
  }
}
