package dev.subbit.cli.bench;

import dev.subbit.cli.bench.peer.Clock;
import dev.subbit.cli.bench.peer.OpenVino;
import dev.subbit.cli.bench.peer.PeerProcess;
import dev.subbit.cli.options.NamedChoice;
import dev.subbit.onnx.Codebook;
import java.io.IOException;
import java.io.PrintWriter;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import picocli.CommandLine;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** The options that say how a benchmark measures. */
final class BenchOptions {

  private static final int MOST_THREADS = 256;
  private static final int MOST_ROUNDS = 1_000_000;
  private static final double TURN_SECONDS = 2e-3;
  private static final String ORT = "onnxruntime";
  private static final String OPENVINO = "openvino";

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

  @Option(
      names = "--clock",
      paramLabel = "CLOCK",
      defaultValue = "wall",
      description =
          "wall, or processor: the time for which a processor works on a side, for machines with"
              + " other work; on one thread only. Default: ${DEFAULT-VALUE}.")
  private Clock clock;

  @Option(
      names = "--peers",
      paramLabel = "PEER",
      split = ",",
      description =
          "onnxruntime (which always takes part), openvino (in a Python process of its own; its"
              + " packages are fetched at the first use, 80 MB). Default: both.")
  private List<String> peers;

  /**
   * What a measurement needs while it runs.
   *
   * @param rules its rules.
   * @param pinned what keeps it on its processors.
   */
  record Setup(Contest.Rules rules, Processors.Pinned pinned) implements AutoCloseable {
    @Override
    public void close() throws IOException {
      pinned.close();
      if (rules.openVino().isPresent()) {
        rules.openVino().get().close();
      }
    }
  }

  /**
   * Checks the options and prepares this process for them: its processors, ONNX Runtime's threads
   * and OpenVINO. If OpenVINO cannot be had, a line on the command's error output says why.
   *
   * @param taus bits of an index to measure.
   * @return what the measurement needs; the caller closes it.
   * @throws ParameterException if an option is out of range.
   * @throws Exception if ONNX Runtime refuses.
   */
  Setup prepare(List<Integer> taus) throws Exception {
    CommandLine command = spec.commandLine();
    taus.forEach(tau -> requireWithin("--tau", tau, Codebook.MAX_TAU));
    requireWithin("--rounds", rounds, MOST_ROUNDS);
    threads.forEach(number -> requireWithin("--threads", number, MOST_THREADS));
    int mostThreads = Collections.max(threads);
    if (clock == Clock.PROCESSOR && mostThreads > 1) {
      throw new ParameterException(
          command, "--clock processor measures one thread, found --threads " + mostThreads);
    }
    boolean withOpenVino =
        NamedChoice.of(command, "--peers", peers, List.of(ORT, OPENVINO), Function.identity())
            .contains(OPENVINO);
    // Before any thread or process is started that is to stay on the same processors.
    Processors.Pinned pinned = Processors.pin(mostThreads);
    try {
      BenchThreads.prepare(threads);
    } catch (IllegalArgumentException e) {
      pinned.close();
      throw new ParameterException(command, "--threads: " + e.getMessage(), e);
    }
    PrintWriter err = command.getErr();
    return new Setup(
        new Contest.Rules(
            taus,
            threads,
            new Rounds(rounds, TURN_SECONDS, clock),
            withOpenVino ? openVino(err) : Optional.empty(),
            line -> note(err, line)),
        pinned);
  }

  private static Optional<PeerProcess> openVino(PrintWriter err) {
    try {
      return Optional.of(OpenVino.start(line -> note(err, line)));
    } catch (IOException e) {
      note(err, "OpenVINO is left out: " + e.getMessage());
      return Optional.empty();
    }
  }

  private static void note(PrintWriter err, String line) {
    err.println("subbit: " + line);
    err.flush();
  }

  void requireWithin(String option, int value, int most) {
    if (value < 1 || value > most) {
      throw new ParameterException(
          spec.commandLine(), option + " is " + value + ", allowed: 1 to " + most);
    }
  }
}
