package dev.subbit.onnx;

import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import java.util.List;
import java.util.Map;
import java.util.ServiceLoader;

/**
 * A way to run the sub-bit operators of an ONNX model, chosen by name at run time.
 *
 * <p>There are three: {@code onnxruntime} (the function bodies inside the model, without Subbit),
 * {@code native} (the kernels of this module) and {@code fpga} (the execution provider of
 * subbit-fpga-backend). The first two are always there; {@link ServiceLoader} finds {@code fpga}
 * and any others. Implementations are thread-safe and have a public no-argument constructor.
 */
public interface ExecutionBackend {

  /**
   * Returns the name by which users choose this back end.
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
   * @throws OrtException if ONNX Runtime rejects the options.
   * @throws IllegalArgumentException if a setting is unknown or its value is not allowed.
   * @throws IllegalStateException if the back end cannot run here; the message says why, and what
   *     to do about it.
   */
  void configure(OrtSession.SessionOptions options, Map<String, String> settings)
      throws OrtException;

  /**
   * Lists the devices that this back end could run on, including unavailable ones.
   *
   * @return one entry per candidate, in order of preference.
   */
  List<Device> devices();

  /**
   * Returns the per-layer cycle counts since the last call, oldest first, and clears them.
   *
   * @return one entry per node and run, or an empty list if the back end counts no cycles.
   */
  default List<LayerTiming> drainTimings() {
    return List.of();
  }

  /**
   * Finds a back end on the class path by its name.
   *
   * @param name the name, as {@link #name} returns it.
   * @return the back end.
   * @throws IllegalArgumentException if no back end has that name; the message lists the names.
   */
  static ExecutionBackend named(String name) {
    List<ExecutionBackend> all = available();
    return all.stream()
        .filter(backend -> backend.name().equals(name))
        .findFirst()
        .orElseThrow(() -> new IllegalArgumentException(BackendSearch.notFound(name, all)));
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
   * @return {@code onnxruntime} and {@code native}, then the others in ServiceLoader order.
   */
  static List<ExecutionBackend> available() {
    return BackendSearch.all();
  }

  /**
   * A device that a back end could run on.
   *
   * @param name its name in the back end's settings, such as {@code emulator}.
   * @param description one line of text for users.
   * @param available whether a session could use it now.
   * @param reason why it is not available, or an empty string if it is.
   */
  record Device(String name, String description, boolean available, String reason) {}

  /** Where a number of cycles comes from. Cycles of different kinds are never added up. */
  enum TimingKind {
    /** Computed by a cycle model. */
    MODELLED,
    /** Counted in a simulation of the hardware description. */
    SIMULATED,
    /** Counted by a board. */
    MEASURED
  }

  /**
   * The cycles that one node took on the device in one run.
   *
   * @param node name of the ONNX node.
   * @param operator its operator type.
   * @param tau number of bits in an index.
   * @param cycles cycles of the device's clock.
   * @param bnnCycles cycles that the same engine takes for this layer in plain binary mode (tau =
   *     9).
   * @param kind where the cycles come from.
   */
  record LayerTiming(
      String node, String operator, int tau, long cycles, long bnnCycles, TimingKind kind) {}
}
