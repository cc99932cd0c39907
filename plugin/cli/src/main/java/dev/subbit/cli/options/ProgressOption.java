package dev.subbit.cli.options;

import dev.subbit.cli.terminal.Progress;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** The option {@code --quiet} of commands that take a while. */
public final class ProgressOption {

  @Spec(Spec.Target.MIXEE)
  private CommandSpec spec;

  @Option(
      names = {"-q", "--quiet"},
      description = "Show no progress. Results, warnings and errors are printed all the same.")
  private boolean quiet;

  /**
   * Starts to show the progress of a task on standard error.
   *
   * @param task what is done, such as "Training".
   * @return the progress, to be closed when the task is over; it shows nothing if the user asked
   *     for that.
   */
  public Progress of(String task) {
    return quiet ? Progress.hidden() : Progress.of(task, spec.commandLine().getErr());
  }
}
