package dev.subbit.cli.terminal;

import java.util.List;
import java.util.stream.Collectors;
import picocli.CommandLine;
import picocli.CommandLine.Model.CommandSpec;

/** Writes command lines such that they can be copied into a shell. */
public final class CommandLineText {

  private CommandLineText() {}

  /**
   * The command line that is being run.
   *
   * @param spec the command or one below it.
   * @return a line such as {@code ./subbit train 'my config.xml'}.
   */
  public static String of(CommandSpec spec) {
    CommandLine root = spec.root().commandLine();
    return of(root.getParseResult().originalArgs());
  }

  /**
   * A command line.
   *
   * @param args its arguments.
   * @return the line.
   */
  static String of(List<String> args) {
    return "./subbit "
        + args.stream().map(CommandLineText::quoted).collect(Collectors.joining(" "));
  }

  private static String quoted(String argument) {
    return argument.matches("[\\p{L}\\p{N}_./:=,@%+-]+")
        ? argument
        : "'" + argument.replace("'", "'\\''") + "'";
  }
}
