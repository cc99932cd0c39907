package dev.subbit.tribuo.evaluation;

import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtLoggingLevel;
import ai.onnxruntime.OrtSession;
import dev.subbit.onnx.ExecutionBackend;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/**
 * Where a model runs: an execution back end, or one device of the back end {@code fpga}.
 *
 * @param name what people call it: that of the back end, or of the device.
 * @param backend name of the back end.
 * @param settings settings of the back end.
 */
public record Place(String name, String backend, Map<String, String> settings) {

  /** Function bodies in ONNX Runtime, which every other place is compared with. */
  public static final Place BODIES = new Place("onnxruntime", "onnxruntime", Map.of());

  /** Subbit's kernels on the CPU. */
  public static final Place KERNELS = new Place("native", "native", Map.of());

  /** The emulated device. */
  public static final Place EMULATOR = new Place("emulator", "fpga", Map.of("backend", "emulator"));

  private static final String FPGA = "fpga";

  /** How the names of boards in the network begin. */
  private static final String NETWORK = "etherbone:";

  /** A request of a simulated device holds many images, each of which takes seconds. */
  private static final String SIMULATION_TIMEOUT_MILLIS = "3600000";

  // The settings are copied, so that the place stays as it was made.
  public Place {
    settings = Map.copyOf(settings);
  }

  /**
   * Finds a place by name.
   *
   * @param name name of a back end other than {@code fpga}, of a device, or of a board in the
   *     network such as {@code etherbone:192.168.1.50}, whether it answers or not.
   * @return the place.
   * @throws IllegalArgumentException if there is no such place, or the device cannot be used.
   */
  public static Place named(String name) {
    List<String> names =
        ExecutionBackend.available().stream()
            .map(ExecutionBackend::name)
            .filter(backend -> !backend.equals(FPGA))
            .sorted()
            .toList();
    if (names.contains(name)) {
      return new Place(name, name, Map.of());
    }
    List<ExecutionBackend.Device> devices = ExecutionBackend.named(FPGA).devices();
    for (ExecutionBackend.Device device : devices) {
      if (device.name().equals(name)) {
        if (!device.available()) {
          throw new IllegalArgumentException(
              "The device " + name + " cannot be used: " + device.reason() + ".");
        }
        return new Place(
            name,
            FPGA,
            name.startsWith("rtl")
                ? Map.of("backend", name, "timeout_ms", SIMULATION_TIMEOUT_MILLIS)
                : Map.of("backend", name));
      }
    }
    // Boards in the network are not listed, since nobody knows them; they are found out when
    // opened.
    if (name.startsWith(NETWORK)) {
      return new Place(name, FPGA, Map.of("backend", name));
    }
    throw new IllegalArgumentException(
        "There is no back end or device '"
            + name
            + "'; there are: "
            + String.join(", ", names)
            + ", "
            + devices.stream().map(ExecutionBackend.Device::name).collect(Collectors.joining(", "))
            + ".");
  }

  /**
   * The back end.
   *
   * @return it.
   * @throws IllegalArgumentException if it is not on the class path.
   */
  public ExecutionBackend executionBackend() {
    return ExecutionBackend.named(backend);
  }

  /** Options of a session here; the caller closes them. */
  OrtSession.SessionOptions sessionOptions() throws OrtException {
    OrtSession.SessionOptions options = new OrtSession.SessionOptions();
    try {
      // Warnings would name every node that a device leaves to the CPU, which is intended.
      options.setSessionLogLevel(OrtLoggingLevel.ORT_LOGGING_LEVEL_ERROR);
      executionBackend().configure(options, settings);
      return options;
    } catch (OrtException | RuntimeException e) {
      options.close();
      throw e;
    }
  }

  /** What a caller is told where a session cannot be opened here, or fails. */
  IllegalStateException failure(OrtException e) {
    return new IllegalStateException(
        "The model cannot be run on '" + name + "': " + e.getMessage(), e);
  }
}
