package dev.subbit.cli;

import dev.subbit.cli.terminal.ControlFilter;
import java.io.StringWriter;
import picocli.CommandLine;

/**
 * One command run inside this process.
 *
 * @param code its exit code.
 * @param out what it printed to standard output.
 * @param err what it printed to standard error.
 */
public record CommandRun(int code, String out, String err) {

  /** Runs a command line. */
  public static CommandRun of(Object... args) {
    StringWriter out = new StringWriter();
    StringWriter err = new StringWriter();
    CommandLine command =
        Main.commandLine()
            .setOut(ControlFilter.around(out))
            .setErr(ControlFilter.around(err))
            .setColorScheme(CommandLine.Help.defaultColorScheme(CommandLine.Help.Ansi.OFF));
    String[] texts = new String[args.length];
    for (int i = 0; i < args.length; i++) {
      texts[i] = args[i].toString();
    }
    int code = command.execute(texts);
    return new CommandRun(code, out.toString(), err.toString());
  }
}
