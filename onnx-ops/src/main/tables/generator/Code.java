package generator;

import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.function.Function;
import java.util.stream.Collectors;

/** How names, numbers and comments are written in the languages that are made. */
final class Code {

  private Code() {}

  /** x_zero_point and MAX_TAU as ZeroPoint and MaxTau. */
  static String camel(String name) {
    boolean upper = name.length() > 1 && name.equals(name.toUpperCase(Locale.ROOT));
    return Arrays.stream((upper ? name.toLowerCase(Locale.ROOT) : name).split("_"))
        .map(part -> part.substring(0, 1).toUpperCase(Locale.ROOT) + part.substring(1))
        .collect(Collectors.joining());
  }

  /** QLinearSubBitConv as Q_LINEAR_SUB_BIT_CONV. */
  static String constant(String name) {
    return name.replaceAll("(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_")
        .toUpperCase(Locale.ROOT);
  }

  static String hex(long value, int digits) {
    return String.format(Locale.ROOT, "%0" + digits + "X", value);
  }

  static String quoted(String text) {
    return "\"" + text.replace("\\", "\\\\").replace("\"", "\\\"") + "\"";
  }

  static <T> String joined(List<T> list, String between, Function<T, String> text) {
    return list.stream().map(text).collect(Collectors.joining(between));
  }

  /** A comment of the line before what it explains; nothing where there is nothing to say. */
  static String comment(String indent, String mark, String text) {
    return text.isEmpty() ? "" : indent + mark + " " + sentence(text) + "\n";
  }

  /** With a capital letter and a full stop, as a comment has them. */
  static String sentence(String text) {
    return text.substring(0, 1).toUpperCase(Locale.ROOT)
        + text.substring(1)
        + (text.endsWith(".") ? "" : ".");
  }

  static String madeFrom(String mark, String source) {
    return "%s Made from %s by Generate.java: change the table, not this file.\n"
        .formatted(mark, source);
  }
}
