package dev.subbit.cli.terminal;

import java.util.ArrayList;
import java.util.List;
import picocli.CommandLine.Help;
import picocli.CommandLine.Help.ColorScheme;
import picocli.CommandLine.Model.CommandSpec;

/**
 * Help for a terminal of any width. Text is wrapped at words. Examples are wrapped with
 * backslashes, so that they can be copied into a shell.
 */
public final class HelpText extends Help {

  /** The least that picocli can lay out. */
  private static final int NARROWEST = 55;

  private static final String EXAMPLE = "  ./";
  private static final String CONTINUED = "      ";

  private HelpText(CommandSpec spec, ColorScheme colours) {
    super(spec, colours);
  }

  /**
   * Makes the help of a command, for picocli.
   *
   * @param spec the command.
   * @param colours how words are set apart.
   * @return its help.
   */
  public static Help of(CommandSpec spec, ColorScheme colours) {
    spec.usageMessage().width(Math.max(NARROWEST, Terminal.width()));
    return new HelpText(spec, colours);
  }

  @Override
  public String footer(Object... params) {
    CommandSpec spec = commandSpec();
    String[] lines = spec.usageMessage().footer();
    List<String> laidOut = new ArrayList<>();
    List<String> text = new ArrayList<>();
    for (String line : lines) {
      if (line.startsWith(EXAMPLE)) {
        flush(text, laidOut, params);
        laidOut.add(wrapped(line, spec.usageMessage().width()) + System.lineSeparator());
      } else {
        text.add(line);
      }
    }
    flush(text, laidOut, params);
    return String.join("", laidOut);
  }

  private void flush(List<String> text, List<String> laidOut, Object... params) {
    if (!text.isEmpty()) {
      StringBuilder out = new StringBuilder();
      join(
          ansi(),
          commandSpec().usageMessage().width(),
          commandSpec().usageMessage().adjustLineBreaksForWideCJKCharacters(),
          text.toArray(String[]::new),
          out,
          params);
      laidOut.add(out.toString());
      text.clear();
    }
  }

  /**
   * Wraps a command line.
   *
   * @param example two spaces and a command.
   * @param width columns of the terminal.
   * @return lines that the shell reads as one.
   */
  static String wrapped(String example, int width) {
    StringBuilder lines = new StringBuilder(" ");
    int column = 1;
    for (String word : example.strip().split(" ")) {
      // Behind the word there must be room for the backslash.
      if (column + 1 + word.length() + 2 >= width && column > CONTINUED.length()) {
        lines.append(" \\").append(System.lineSeparator()).append(CONTINUED).append(word);
        column = CONTINUED.length() + word.length();
      } else {
        lines.append(' ').append(word);
        column += 1 + word.length();
      }
    }
    return lines.toString();
  }
}
