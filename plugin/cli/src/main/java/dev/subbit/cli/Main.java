package dev.subbit.cli;

import dev.subbit.cli.bench.BenchCommand;
import dev.subbit.cli.demo.DemoCommand;
import dev.subbit.cli.inspect.InspectCommand;
import dev.subbit.cli.quantize.QuantizeCommand;
import dev.subbit.cli.run.CompareCommand;
import dev.subbit.cli.run.DevicesCommand;
import dev.subbit.cli.run.ExportCommand;
import dev.subbit.cli.run.PredictCommand;
import dev.subbit.cli.run.SoakCommand;
import dev.subbit.cli.run.ZooCommand;
import dev.subbit.cli.terminal.ControlFilter;
import dev.subbit.cli.terminal.HelpText;
import dev.subbit.cli.terminal.Interruption;
import dev.subbit.cli.terminal.StandardOutput;
import dev.subbit.cli.terminal.WarningLine;
import dev.subbit.cli.train.TrainCommand;
import java.io.PrintWriter;
import java.util.Optional;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/**
 * The command line: {@code ./subbit COMMAND}. Exit codes: 0 done, 1 failed, 2 wrong usage.
 *
 * <p>Errors are one line on standard error; with {@code SUBBIT_DEBUG=1} in the environment the
 * stack trace follows.
 */
@Command(
    name = "subbit",
    description =
        "Sub-bit neural networks (less than one bit per weight): train, quantize, export, run.",
    subcommands = {
      DemoCommand.class,
      TrainCommand.class,
      QuantizeCommand.class,
      ExportCommand.class,
      PredictCommand.class,
      CompareCommand.class,
      SoakCommand.class,
      InspectCommand.class,
      DevicesCommand.class,
      ZooCommand.class,
      BenchCommand.class
    },
    mixinStandardHelpOptions = true,
    versionProvider = Main.Version.class,
    synopsisSubcommandLabel = "COMMAND",
    footer = {
      "",
      "Start with:  ./subbit demo --quick",
      "Help on one command:  ./subbit COMMAND --help",
      "Exit codes: 0 done, 1 failed, 2 wrong usage. SUBBIT_DEBUG=1 shows stack traces."
    })
public final class Main implements Runnable {

  /** Exit code of a command that failed. */
  public static final int FAILED = 1;

  /** Exit code where the command line was wrong. */
  public static final int WRONG_USAGE = 2;

  @Spec private CommandSpec spec;

  /** For picocli, which needs a command without arguments. */
  Main() {}

  /**
   * Runs a command and exits with its code.
   *
   * @param args the command line.
   */
  public static void main(String[] args) {
    WarningLine.install();
    Interruption.watch();
    // A library logs through SLF4J, whose warning about a missing logger is of no use here.
    System.setProperty("slf4j.internal.verbosity", "ERROR");
    StandardOutput output = StandardOutput.install();
    int code = execute(args);
    System.out.flush();
    Optional<String> lost = output.failure();
    if (lost.isPresent()) {
      System.err.println("subbit: cannot write to standard output: " + lost.get());
      code = Math.max(code, FAILED);
    }
    Interruption.commandOver();
    System.exit(code);
  }

  /**
   * Runs a command inside this process.
   *
   * @param args the command line.
   * @return 0 done, 1 failed, 2 wrong usage.
   */
  public static int execute(String... args) {
    CommandLine command = commandLine();
    try {
      return command.execute(args);
    } catch (OutOfMemoryError | StackOverflowError | LinkageError e) {
      return failed(FatalError.of(e), command.getErr());
    } finally {
      // What was printed without a line end of its own would stay in the writer.
      command.getOut().flush();
    }
  }

  /**
   * The command line, ready to execute.
   *
   * @return a new instance.
   */
  static CommandLine commandLine() {
    CommandLine command = new CommandLine(new Main());
    return command
        .setOut(ControlFilter.around(command.getOut()))
        .setErr(ControlFilter.around(command.getErr()))
        .setCaseInsensitiveEnumValuesAllowed(true)
        .setHelpFactory(HelpText::of)
        .setParameterExceptionHandler(Main::wrongUsage)
        .setExecutionExceptionHandler((e, failing, parsed) -> failed(e, failing.getErr()));
  }

  @Override
  public void run() {
    throw new ParameterException(spec.commandLine(), "Missing command");
  }

  private static int wrongUsage(ParameterException e, String[] args) {
    PrintWriter err = e.getCommandLine().getErr();
    err.println("subbit: " + e.getMessage());
    err.println("Try: ./" + e.getCommandLine().getCommandSpec().qualifiedName() + " --help");
    return WRONG_USAGE;
  }

  private static int failed(Exception e, PrintWriter err) {
    boolean expected = e.getMessage() != null && !(e instanceof NullPointerException);
    err.println(
        "subbit: "
            + (expected
                ? e.getMessage()
                : e + " (unexpected; SUBBIT_DEBUG=1 shows where it happened)"));
    if ("1".equals(System.getenv("SUBBIT_DEBUG"))) {
      e.printStackTrace(err);
    }
    err.flush();
    return FAILED;
  }

  /** The version in the jar's manifest; "development" where classes are run from a folder. */
  static final class Version implements CommandLine.IVersionProvider {

    @Override
    public String[] getVersion() {
      String version = Main.class.getPackage().getImplementationVersion();
      return new String[] {"Subbit " + (version == null ? "(development)" : version)};
    }
  }
}
