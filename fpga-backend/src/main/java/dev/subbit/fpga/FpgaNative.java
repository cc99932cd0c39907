package dev.subbit.fpga;

import dev.subbit.onnx.NativeLibrary;
import java.nio.file.Path;
import java.util.Optional;

/**
 * Native methods of the execution-provider library: choosing and listing devices, and reading their
 * cycle counts.
 *
 * <p>The class loads the same file as ONNX Runtime, so both share one driver and one set of counts.
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

  /** Sets the path from which the driver loads the simulation. */
  private static native void useSimulation(String library);

  /** Receives the list of devices from native code, one by one. */
  interface BackendVisitor {
    void visit(String name, String description, boolean available, String reason);
  }

  /** Receives the cycle counts from native code, one node and run at a time. Names are UTF-8. */
  interface TimingVisitor {
    void visit(byte[] node, byte[] opType, int tau, long cycles, long bnnCycles, int kind);
  }

  /**
   * Resolves {@code auto} and checks that a device can be used.
   *
   * @param requested a device's name or {@code auto}.
   * @return a device's name.
   * @throws IllegalArgumentException if there is no device of that name.
   * @throws IllegalStateException if the device cannot be used here.
   */
  static native String chooseBackend(String requested);

  /** Passes all devices to the visitor, in the order in which {@code auto} prefers them. */
  static native void listBackends(BackendVisitor visitor);

  /** Passes the cycle counts of all runs since the last call, oldest first, and clears them. */
  static native void drainTimings(TimingVisitor visitor);
}
