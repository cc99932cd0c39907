package dev.subbit.fpga;

import dev.subbit.onnx.NativeLibrary;
import java.nio.file.Path;
import java.util.Optional;

/**
 * The execution-provider library as Java sees it: what the driver tells besides running models.
 *
 * <p>The class loads the same file that ONNX Runtime loads, so both see one driver and one set of
 * counters.
 */
final class FpgaNative {

  private static Path library;

  private FpgaNative() {}

  /**
   * Loads the library on first use; comes before any other call.
   *
   * @return where it lies, valid until this process ends.
   * @throws IllegalStateException if there is none for this platform or this system refuses to load
   *     it; the message says what to do.
   */
  static synchronized Path load() {
    if (library == null) {
      Path located = NativeLibrary.locate(FpgaNative.class, "fpga");
      try {
        System.load(located.toString());
      } catch (UnsatisfiedLinkError e) {
        throw NativeLibrary.notLoaded(e);
      }
      simulation().ifPresent(simulation -> useSimulation(simulation.toString()));
      library = located;
    }
    return library;
  }

  /** The simulation of the hardware description; absent where this build was made without it. */
  private static Optional<Path> simulation() {
    if (System.getProperty("subbit.rtl.library") == null
        && !NativeLibrary.isPacked(FpgaNative.class, "rtl")) {
      return Optional.empty();
    }
    return Optional.of(NativeLibrary.locate(FpgaNative.class, "rtl"));
  }

  /** Tells the driver where the simulation lies. */
  private static native void useSimulation(String library);

  /** Takes one backend at a time; called from native code. */
  interface BackendVisitor {
    void visit(String name, String description, boolean available, String reason);
  }

  /** Takes one node and run at a time; called from native code. Names are UTF-8. */
  interface TimingVisitor {
    void visit(byte[] node, byte[] opType, int tau, long cycles, long bnnCycles, int kind);
  }

  /**
   * The backend that a name stands for here.
   *
   * @param requested a backend's name or {@code auto}.
   * @return a backend's name.
   * @throws IllegalArgumentException if there is none of that name.
   * @throws IllegalStateException if it cannot be used here.
   */
  static native String chooseBackend(String requested);

  /** Shows all backends, in the order in which {@code auto} prefers them. */
  static native void listBackends(BackendVisitor visitor);

  /** Shows the counters of all runs since the last call, oldest first, and forgets them. */
  static native void drainTimings(TimingVisitor visitor);
}
