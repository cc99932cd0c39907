package dev.subbit.cli.bench;

import dev.subbit.onnx.Codebook;
import java.util.List;
import picocli.CommandLine;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** The options that say how a benchmark measures. */
final class BenchOptions {

  private static final int MOST_THREADS = 256;
  private static final int MOST_ROUNDS = 1_000_000;

  @Spec(Spec.Target.MIXEE)
  private CommandSpec spec;

  @Option(
      names = "--rounds",
      paramLabel = "N",
      defaultValue = "31",
      description = "Rounds; every side takes one turn in each. Default: ${DEFAULT-VALUE}.")
  private int rounds;

  @Option(
      names = "--threads",
      paramLabel = "N",
      split = ",",
      defaultValue = "1",
      description =
          "Threads of a run, for all sides; 1,2 measures both in turns. Default:"
              + " ${DEFAULT-VALUE}.")
  private List<Integer> threads;

  int rounds() {
    return rounds;
  }

  List<Integer> threads() {
    return threads;
  }

  /**
   * Checks the options, and sets up ONNX Runtime for them.
   *
   * @throws ParameterException if one is out of range.
   * @throws Exception if ONNX Runtime refuses.
   */
  void prepare() throws Exception {
    requireWithin("--rounds", rounds, MOST_ROUNDS);
    threads.forEach(number -> requireWithin("--threads", number, MOST_THREADS));
    try {
      BenchThreads.prepare(threads);
    } catch (IllegalArgumentException e) {
      throw new ParameterException(spec.commandLine(), "--threads: " + e.getMessage(), e);
    }
  }

  /**
   * Checks the values of {@code --tau}.
   *
   * @param command the command that has the option.
   * @param taus bits of an index.
   * @throws ParameterException if one is not 1 to 9.
   */
  static void requireTaus(CommandLine command, List<Integer> taus) {
    for (int tau : taus) {
      if (tau < 1 || tau > Codebook.MAX_TAU) {
        throw new ParameterException(command, "--tau is " + tau + ", allowed: 1 to 9");
      }
    }
  }

  private void requireWithin(String option, int value, int most) {
    if (value < 1 || value > most) {
      throw new ParameterException(
          spec.commandLine(), option + " is " + value + ", allowed: 1 to " + most);
    }
  }
}
