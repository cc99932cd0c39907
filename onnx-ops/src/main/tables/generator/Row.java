package generator;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** A row of a table: its kind, and its cells. */
record Row(Path file, int line, String kind, List<String> cells) {

  String text(int cell) {
    return cells.get(cell);
  }

  /** A cell that is not empty. */
  String word(int cell) {
    if (text(cell).isEmpty()) {
      throw mistake("cell " + (cell + 1) + " is empty");
    }
    return text(cell);
  }

  String name(int cell) {
    if (!text(cell).matches("[A-Za-z][A-Za-z0-9_]*")) {
      throw mistake("'" + text(cell) + "' is not a name");
    }
    return text(cell);
  }

  long number(int cell) {
    try {
      return Long.decode(text(cell));
    } catch (NumberFormatException e) {
      throw mistake("'" + text(cell) + "' is not a number");
    }
  }

  <T> T oneOf(Map<String, T> allowed, int cell) {
    T value = allowed.get(text(cell));
    if (value == null) {
      throw mistake(
          "'%s' is not one of %s".formatted(text(cell), String.join(", ", allowed.keySet())));
    }
    return value;
  }

  /** Adds the row's name to those that are taken. */
  void claim(Set<String> taken, String name) {
    if (!taken.add(name)) {
      throw mistake("there is another '" + name + "'");
    }
  }

  /** The last element of a list, to which this row belongs. */
  <T> T owner(List<T> list, String what) {
    if (list.isEmpty()) {
      throw mistake("a row '%s' belongs to %s, and none stands above it".formatted(kind, what));
    }
    return list.get(list.size() - 1);
  }

  Mistake mistake(String what) {
    return new Mistake("%s:%s: %s".formatted(file.normalize(), line, what));
  }

  /**
   * Reads the rows of a table.
   *
   * @param columns the names of a row's cells, by its kind.
   */
  static List<Row> read(Path file, Map<String, List<String>> columns) throws IOException {
    List<Row> rows = new ArrayList<>();
    List<String> lines = Files.readAllLines(file);
    for (int i = 0; i < lines.size(); i++) {
      if (lines.get(i).isBlank() || lines.get(i).stripLeading().startsWith("#")) {
        continue;
      }
      List<String> cells = Arrays.stream(lines.get(i).split("\\|", -1)).map(String::strip).toList();
      Row row = new Row(file, i + 1, cells.get(0), cells.subList(1, cells.size()));
      List<String> wanted = columns.get(row.kind());
      if (wanted == null) {
        throw row.mistake("there are no rows '" + row.kind() + "'");
      }
      if (wanted.size() != row.cells().size()) {
        throw row.mistake(
            "a row '%s' has %s cells (%s), this one %s"
                .formatted(
                    row.kind(), wanted.size(), String.join(" | ", wanted), row.cells().size()));
      }
      rows.add(row);
    }
    return rows;
  }

  static List<String> columns(String... names) {
    return List.of(names);
  }
}
