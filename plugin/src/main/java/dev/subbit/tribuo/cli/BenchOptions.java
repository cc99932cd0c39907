package dev.subbit.tribuo.cli;

import ai.onnxruntime.OrtException;
import dev.subbit.tribuo.bench.BenchThreads;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** How a benchmark measures. */
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
      defaultValue = "1",
      description = "Threads of a run, for all sides. Default: ${DEFAULT-VALUE}.")
  private int threads;

  int rounds() {
    return rounds;
  }

  int threads() {
    return threads;
  }

  /**
   * Checks the options, and sets ONNX Runtime up for them.
   *
   * @throws ParameterException if one is out of range.
   */
  void requireUsable() throws OrtException {
    requireWithin("--rounds", rounds, MOST_ROUNDS);
    requireWithin("--threads", threads, MOST_THREADS);
    BenchThreads.prepare(threads);
  }

  private void requireWithin(String option, int value, int most) {
    if (value < 1 || value > most) {
      throw new ParameterException(
          spec.commandLine(), option + " is " + value + ", allowed: 1 to " + most);
    }
  }
}
