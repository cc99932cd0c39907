package generator;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Tables in pages of Markdown. */
final class Page {

  private Page() {}

  static String grouped(long number) {
    return String.format(Locale.ROOT, "%,d", number);
  }

  static String docsTable(List<String> head, List<List<String>> rows) {
    StringBuilder text = new StringBuilder();
    text.append("| ").append(String.join(" | ", head)).append(" |\n");
    text.append("|---".repeat(head.size())).append("|\n");
    for (List<String> row : rows) {
      text.append("| ").append(String.join(" | ", row)).append(" |\n");
    }
    return text.toString();
  }

  /**
   * A page with its blocks as they ought to be. A block stands between a line {@code <!-- table:
   * NAME -->} and a line {@code <!-- end of table -->}.
   */
  static String page(Path file, Map<String, String> blocks) throws IOException {
    String old = Files.readString(file);
    Matcher matcher =
        Pattern.compile("<!-- table: (.*?) -->\n(.*?)<!-- end of table -->\n", Pattern.DOTALL)
            .matcher(old);
    Set<String> found = new HashSet<>();
    StringBuilder page = new StringBuilder();
    while (matcher.find()) {
      String block = blocks.get(matcher.group(1));
      if (block == null) {
        int line = (int) old.substring(0, matcher.start()).lines().count() + 1;
        throw new Mistake(
            "%s:%s: there is no table '%s'".formatted(file.normalize(), line, matcher.group(1)));
      }
      found.add(matcher.group(1));
      matcher.appendReplacement(
          page,
          Matcher.quoteReplacement(
              "<!-- table: " + matcher.group(1) + " -->\n" + block + "<!-- end of table -->\n"));
    }
    matcher.appendTail(page);
    for (String name : blocks.keySet()) {
      if (!found.contains(name)) {
        throw new Mistake(
            "%s has no place for a table: add the lines <!-- table: %s --> and <!-- end of table -->"
                .formatted(file.normalize(), name));
      }
    }
    return page.toString();
  }
}
