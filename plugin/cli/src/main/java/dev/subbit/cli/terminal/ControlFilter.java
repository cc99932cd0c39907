package dev.subbit.cli.terminal;

import java.io.FilterWriter;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.Writer;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Writes text for a terminal with its control characters made visible. Names come from models, data
 * sets and other people's files; one with an escape sequence could move the cursor, change the
 * title or rewrite what was said. Line ends, tabs and the colours of help pass.
 *
 * <p>A colour's sequence must be in one piece of text, as picocli writes it.
 */
public final class ControlFilter extends FilterWriter {

  private static final Pattern CONTROL =
      Pattern.compile("\u001b\\[[0-9;]*m|[\\p{Cntrl}\u0080-\u009f&&[^\\n\\r\\t]]");

  private static final int COLOUR = 2;

  private ControlFilter(Writer out) {
    super(out);
  }

  /**
   * A writer that goes through the filter.
   *
   * @param out where the filtered text goes.
   * @return a writer that flushes at the end of every line.
   */
  public static PrintWriter around(Writer out) {
    return new PrintWriter(new ControlFilter(out), true);
  }

  /**
   * Makes control characters visible.
   *
   * @param text any text.
   * @return the text with {@code \x1b} in the place of an escape, and so on.
   */
  public static String visible(String text) {
    return CONTROL
        .matcher(text)
        .replaceAll(
            control -> {
              String found = control.group();
              return Matcher.quoteReplacement(
                  found.length() > COLOUR
                      ? found
                      : String.format("\\x%02x", (int) found.charAt(0)));
            });
  }

  @Override
  public void write(String text, int offset, int length) throws IOException {
    out.write(visible(text.substring(offset, offset + length)));
  }

  @Override
  public void write(char[] text, int offset, int length) throws IOException {
    out.write(visible(new String(text, offset, length)));
  }

  @Override
  public void write(int character) throws IOException {
    out.write(visible(String.valueOf((char) character)));
  }
}
