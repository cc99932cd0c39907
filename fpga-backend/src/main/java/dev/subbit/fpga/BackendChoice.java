package dev.subbit.fpga;

import java.util.Map;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.logging.Logger;

/**
 * Chooses the device of a session. The device's name comes from the setting {@code backend}, else
 * the system property {@code subbit.fpga.backend}, else the environment variable {@code
 * SUBBIT_FPGA_BACKEND}, else it is {@code auto}.
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
   * Returns the device to use, and warns once per process if {@code auto} has to choose the
   * emulator.
   *
   * @param settings settings of the session.
   * @return name of an available device.
   * @throws IllegalArgumentException if the name is unknown; the message lists the allowed ones.
   * @throws IllegalStateException if the device is not available here; the message says why, and
   *     what to choose instead.
   */
  static String of(Map<String, String> settings) {
    String requested = requested(settings, System.getProperty(PROPERTY), System.getenv(VARIABLE));
    FpgaNative.load();
    String chosen = FpgaNative.chooseBackend(requested);
    if (requested.equals(AUTO) && chosen.equals(EMULATOR) && WARNED.compareAndSet(false, true)) {
      LOGGER.warning(
          "No FPGA board was found, so models run on the software emulator. Its results are exact,"
              + " its cycle counts are modelled, and its speed is that of this machine. To silence"
              + " this warning, set 'backend' to '"
              + EMULATOR
              + "'.");
    }
    return chosen;
  }

  /** Makes the next choice warn again; for tests. */
  static void forgetWarning() {
    WARNED.set(false);
  }

  /** The device name that the user asks for; empty values count as not given. */
  static String requested(Map<String, String> settings, String property, String variable) {
    for (String name : new String[] {settings.get(SETTING), property, variable}) {
      if (name != null && !name.isBlank()) {
        return name.strip();
      }
    }
    return AUTO;
  }
}
