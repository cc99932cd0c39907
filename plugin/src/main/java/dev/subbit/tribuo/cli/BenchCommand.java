package dev.subbit.tribuo.cli;

import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code subbit bench}: the measurements behind docs/RESULTS.md. */
@Command(
    name = "bench",
    description = "Measure, and print a table.",
    subcommands = {BenchLayersCommand.class, BenchAccuracyCommand.class},
    mixinStandardHelpOptions = true,
    synopsisSubcommandLabel = "WHAT",
    footer = {
      "",
      "Example:",
      "  ./subbit bench accuracy configs/accuracy-fashion-mnist.xml --trainers real-tau5"
          + " --json rows.json"
    })
final class BenchCommand implements Runnable {

  @Spec private CommandSpec spec;

  @Override
  public void run() {
    throw new ParameterException(spec.commandLine(), "Missing what to measure");
  }
}
