package dev.subbit.onnx;

import ai.onnxruntime.OrtException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalDouble;

/**
 * Records which native kernels a model really runs on. {@code SUBBIT_LOG=1} prints this when a
 * model is loaded; this class gives it to programs, run by run.
 *
 * <p>The class loads the same library file as ONNX Runtime, so both share one log. The log is kept
 * only during {@link #during}, for the whole process, so it also holds the runs of other sessions
 * during that time. Thread-safe; concurrent callers wait for each other.
 */
public final class KernelLog {

  static {
    SubBitOps.load();
  }

  private KernelLog() {}

  /**
   * One run of a node, or of one layer of an {@code IntegerNetwork}, on a native kernel.
   *
   * @param operator type of the node or layer, such as {@code BinarySubBitConv}.
   * @param node its name; for a layer, that of the network and the layer's number, counted from 1,
   *     such as {@code network, layer 3}.
   * @param kernel algorithm and instruction set, such as {@code response maps, avx512}.
   * @param boundSeconds the least time that one core of this machine needs for the vector
   *     operations that the kernel's algorithm cannot do without, at the rate just measured on this
   *     core; docs/OPERATORS.md lists these operations. Empty if the kernel states no bound.
   */
  public record Entry(String operator, String node, String kernel, OptionalDouble boundSeconds) {}

  /** Code that runs models and whose kernels are to be recorded. */
  @FunctionalInterface
  public interface Action {
    /**
     * Runs the models.
     *
     * @throws OrtException if ONNX Runtime throws it.
     */
    void run() throws OrtException;
  }

  /**
   * Runs an action and records the kernels that run in the meantime.
   *
   * @param action the code that runs models.
   * @return one entry per node, or layer of a network, and run, in the order in which the runs
   *     began.
   * @throws OrtException if the action throws it.
   */
  public static synchronized List<Entry> during(Action action) throws OrtException {
    List<Entry> entries = new ArrayList<>();
    start();
    try {
      action.run();
    } finally {
      stop(
          (operator, node, kernel, step, instructionSet, steps) ->
              entries.add(
                  new Entry(
                      new String(operator, StandardCharsets.UTF_8),
                      new String(node, StandardCharsets.UTF_8),
                      new String(kernel, StandardCharsets.UTF_8),
                      step == StepTimes.NO_STEP
                          ? OptionalDouble.empty()
                          : OptionalDouble.of(StepTimes.seconds(step, instructionSet, steps)))));
    }
    return entries;
  }

  /**
   * Returns the newest instruction set that the kernels of this process may use.
   *
   * @return {@code reference}, {@code portable}, {@code neon}, {@code avx2} or {@code avx512}: the
   *     best one that this processor has, or the one that the environment variable {@code
   *     SUBBIT_ISA} names.
   * @throws IllegalStateException if the variable has another value.
   */
  public static native String instructionSet();

  /**
   * Receives the log from native code, entry by entry. Texts are UTF-8, the bound is what {@link
   * StepTimes#seconds} takes.
   */
  private interface Visitor {
    void visit(
        byte[] operator, byte[] node, byte[] kernel, int step, int instructionSet, double steps);
  }

  private static native void start();

  /** Ends the log and passes its entries to the visitor. */
  private static native void stop(Visitor visitor);
}
