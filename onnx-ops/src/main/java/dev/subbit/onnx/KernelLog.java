package dev.subbit.onnx;

import ai.onnxruntime.OrtException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
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
   * @param choice how the kernel was chosen by measurement; empty if it was not. Where runs of
   *     equal layers begin at the same time while candidates are still measured, {@code kernel} may
   *     be another one of the candidates than the one that ran.
   */
  public record Entry(
      String operator,
      String node,
      String kernel,
      OptionalDouble boundSeconds,
      Optional<Choice> choice) {}

  /**
   * What was known when a run began of the kernels among which measurement chooses.
   *
   * @param measuring whether runs of this shape are still timed, each on the kernel whose turn it
   *     is; afterwards the fastest one runs.
   * @param candidates the kernels, the one that is estimated to be fastest first.
   */
  public record Choice(boolean measuring, List<Candidate> candidates) {

    /**
     * Copies the list.
     *
     * @param measuring see above.
     * @param candidates see above.
     */
    public Choice {
      candidates = List.copyOf(candidates);
    }
  }

  /**
   * A kernel that a layer can run on.
   *
   * @param kernel algorithm and instruction set.
   * @param seconds the mean of the two fastest of its runs that were timed until then; empty if
   *     there were none.
   */
  public record Candidate(String kernel, OptionalDouble seconds) {}

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
          (operator, node, kernel, step, instructionSet, steps, measuring, candidates, seconds) ->
              entries.add(
                  new Entry(
                      text(operator),
                      text(node),
                      text(kernel),
                      step == StepTimes.NO_STEP
                          ? OptionalDouble.empty()
                          : OptionalDouble.of(StepTimes.seconds(step, instructionSet, steps)),
                      choice(measuring, candidates, seconds))));
    }
    return entries;
  }

  private static Optional<Choice> choice(boolean measuring, byte[][] kernels, double[] seconds) {
    if (kernels.length == 0) {
      return Optional.empty();
    }
    List<Candidate> candidates = new ArrayList<>();
    for (int i = 0; i < kernels.length; i++) {
      candidates.add(
          new Candidate(
              text(kernels[i]),
              Double.isInfinite(seconds[i])
                  ? OptionalDouble.empty()
                  : OptionalDouble.of(seconds[i])));
    }
    return Optional.of(new Choice(measuring, candidates));
  }

  private static String text(byte[] utf8) {
    return new String(utf8, StandardCharsets.UTF_8);
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
   * StepTimes#seconds} takes, and a candidate that was not timed has an infinite time.
   */
  private interface Visitor {
    void visit(
        byte[] operator,
        byte[] node,
        byte[] kernel,
        int step,
        int instructionSet,
        double steps,
        boolean measuring,
        byte[][] candidates,
        double[] seconds);
  }

  private static native void start();

  /** Ends the log and passes its entries to the visitor. */
  private static native void stop(Visitor visitor);
}
