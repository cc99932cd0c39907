package dev.subbit.cli.terminal;

import java.util.ArrayList;
import java.util.List;

/**
 * A table in plain text: a header, a rule, rows; the first columns left-aligned. Not thread-safe.
 */
public final class TextTable {

  private final int leftColumns;
  private final List<String[]> rows = new ArrayList<>();

  /**
   * Starts a table.
   *
   * @param leftColumns how many columns, from the first, are left-aligned; the others are
   *     right-aligned.
   * @param header the titles.
   */
  public TextTable(int leftColumns, String... header) {
    this.leftColumns = leftColumns;
    rows.add(header);
  }

  /**
   * Adds a row.
   *
   * @param cells one text per column.
   * @return this table.
   * @throws IllegalArgumentException if the number of cells does not fit.
   */
  public TextTable row(String... cells) {
    if (cells.length != rows.get(0).length) {
      throw new IllegalArgumentException(
          "A row of " + cells.length + " cells in a table of " + rows.get(0).length);
    }
    rows.add(cells);
    return this;
  }

  /**
   * Adds a rule, which separates groups of rows.
   *
   * @return this table.
   */
  public TextTable rule() {
    rows.add(null);
    return this;
  }

  /**
   * Lays the table out.
   *
   * @return lines, each ended by a line feed.
   */
  @Override
  public String toString() {
    int[] widths = new int[rows.get(0).length];
    for (String[] row : rows) {
      for (int c = 0; row != null && c < widths.length; c++) {
        widths[c] = Math.max(widths[c], row[c].length());
      }
    }
    StringBuilder text = new StringBuilder();
    appendRow(text, rows.get(0), widths);
    appendRule(text, widths);
    for (String[] row : rows.subList(1, rows.size())) {
      if (row == null) {
        appendRule(text, widths);
      } else {
        appendRow(text, row, widths);
      }
    }
    return text.toString();
  }

  private void appendRow(StringBuilder text, String[] row, int[] widths) {
    int start = text.length();
    for (int c = 0; c < row.length; c++) {
      text.append(c == 0 ? "" : "  ");
      String padding = " ".repeat(widths[c] - row[c].length());
      text.append(c < leftColumns ? row[c] + padding : padding + row[c]);
    }
    while (text.length() > start && text.charAt(text.length() - 1) == ' ') {
      text.setLength(text.length() - 1);
    }
    text.append('\n');
  }

  private static void appendRule(StringBuilder text, int[] widths) {
    for (int c = 0; c < widths.length; c++) {
      text.append(c == 0 ? "" : "  ").append("-".repeat(widths[c]));
    }
    text.append('\n');
  }
}
