package dev.subbit.onnx;

import ai.onnxruntime.OrtException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalDouble;

/**
 * Which native kernels really run: what {@code SUBBIT_LOG=1} prints when a model is loaded, for
 * programs, and for the runs of a model.
 *
 * <p>The class loads the same library file that ONNX Runtime loads, so both see one log. It is kept
 * only during {@link #during}, and for the whole process: runs of other sessions at that time are
 * in it too. Thread-safe; one caller at a time.
 */
public final class KernelLog {

  static {
    SubBitOps.load();
  }

  private KernelLog() {}

  /**
   * A node that ran on a native kernel.
   *
   * @param operator type of the node, such as {@code BinarySubBitConv}.
   * @param node its name.
   * @param kernel algorithm and instruction set, such as {@code response maps, avx512}.
   * @param boundSeconds what one core of this machine takes at the least for the vector operations
   *     that the kernel's algorithm cannot do without, at the rate at which this core was just seen
   *     to do them; docs/OPERATORS.md tells which they are. Empty where a kernel states no bound.
   */
  public record Entry(String operator, String node, String kernel, OptionalDouble boundSeconds) {}

  /** Something that runs models. */
  @FunctionalInterface
  public interface Action {
    /**
     * Runs.
     *
     * @throws OrtException if ONNX Runtime does.
     */
    void run() throws OrtException;
  }

  /**
   * Notes the kernels that run while an action does.
   *
   * @param action what runs models.
   * @return one entry a node and run, in the order in which they began.
   * @throws OrtException if the action does.
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
   * The instruction set that the kernels of this process may use.
   *
   * @return {@code reference}, {@code portable}, {@code neon}, {@code avx2} or {@code avx512}: the
   *     best that this processor has, or what the environment variable {@code SUBBIT_ISA} asks for.
   * @throws IllegalStateException if the variable has another value.
   */
  public static native String instructionSet();

  /**
   * Takes one entry at a time; called from native code. Texts are UTF-8, the bound is what {@link
   * StepTimes#seconds} takes.
   */
  private interface Visitor {
    void visit(
        byte[] operator, byte[] node, byte[] kernel, int step, int instructionSet, double steps);
  }

  private static native void start();

  /** Ends the log and shows what is in it. */
  private static native void stop(Visitor visitor);
}
