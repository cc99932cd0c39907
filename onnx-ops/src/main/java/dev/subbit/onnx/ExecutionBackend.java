package dev.subbit.onnx;

import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import java.util.List;
import java.util.Map;
import java.util.ServiceLoader;
import java.util.stream.Collectors;

/**
 * A way to run the sub-bit operators of an ONNX model, chosen by name at run time.
 *
 * <p>Three exist: {@code onnxruntime} (the function bodies inside the model, nothing of Subbit),
 * {@code native} (the kernels of this module) and {@code fpga} (the execution provider of
 * subbit-fpga-backend). Others are found through {@link ServiceLoader}. Implementations are
 * thread-safe and have a public no-argument constructor.
 */
public interface ExecutionBackend {

  /**
   * The name by which a user chooses this back end.
   *
   * @return lower case, without spaces.
   */
  String name();

  /**
   * Prepares a session to run on this back end. The options may be closed as soon as the session
   * exists.
   *
   * @param options the session options to add to.
   * @param settings settings of the back end by name; an unknown name is an error.
   * @throws OrtException if ONNX Runtime refuses.
   * @throws IllegalArgumentException if a setting is unknown or its value is not allowed.
   * @throws IllegalStateException if the back end cannot run here; the message says why and what to
   *     do.
   */
  void configure(OrtSession.SessionOptions options, Map<String, String> settings)
      throws OrtException;

  /**
   * The devices that this back end could run on, taken or not.
   *
   * @return one entry a candidate, in order of preference.
   */
  List<Device> devices();

  /**
   * Per-layer counters that the device kept since the last call, oldest first; reading clears them.
   *
   * @return one entry a node and run, or an empty list where the back end keeps none.
   */
  default List<LayerTiming> drainTimings() {
    return List.of();
  }

  /**
   * Finds a back end by name.
   *
   * @param name the name.
   * @return the back end.
   * @throws IllegalArgumentException if there is none of that name; the message lists those there
   *     are.
   */
  static ExecutionBackend named(String name) {
    List<ExecutionBackend> all = available();
    return all.stream()
        .filter(backend -> backend.name().equals(name))
        .findFirst()
        .orElseThrow(
            () ->
                new IllegalArgumentException(
                    "There is no back end '"
                        + name
                        + "'; on this classpath are: "
                        + all.stream()
                            .map(ExecutionBackend::name)
                            .collect(Collectors.joining(", "))));
  }

  /**
   * The back end for whoever names none: {@code native} where its kernels run on this machine, else
   * {@code onnxruntime}; that one warns once per process, since it is slower.
   *
   * @return the back end.
   */
  static ExecutionBackend preferred() {
    return PreferredBackend.of(named("native"), named("onnxruntime"));
  }

  /**
   * All back ends on the classpath.
   *
   * @return the back ends, in ServiceLoader order.
   */
  static List<ExecutionBackend> available() {
    return ServiceLoader.load(ExecutionBackend.class, ExecutionBackend.class.getClassLoader())
        .stream()
        .map(ServiceLoader.Provider::get)
        .collect(Collectors.toUnmodifiableList());
  }

  /**
   * A candidate to run on.
   *
   * @param name what the back end calls it, such as {@code emulator}.
   * @param description one line for a person.
   * @param available whether a session could use it now.
   * @param reason why not, or an empty string.
   */
  record Device(String name, String description, boolean available, String reason) {}

  /** Where a number of cycles comes from; the three are never mixed. */
  enum TimingKind {
    /** Computed by a cycle model. */
    MODELLED,
    /** Counted in a simulation of the hardware description. */
    SIMULATED,
    /** Counted by a board. */
    MEASURED
  }

  /**
   * What one node cost on the device in one run.
   *
   * @param node name of the ONNX node.
   * @param operator its operator type.
   * @param tau bits of an index.
   * @param cycles cycles of the device's clock.
   * @param bnnCycles cycles that the same engine takes for this layer in plain binary mode (tau =
   *     9).
   * @param kind where the cycles come from.
   */
  record LayerTiming(
      String node, String operator, int tau, long cycles, long bnnCycles, TimingKind kind) {}
}
