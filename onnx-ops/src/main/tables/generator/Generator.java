package generator;

import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/** Makes files of the tables, or checks those that are in git. Generate.java starts it. */
public final class Generator {

  private static final String USAGE =
      """
      usage: Generate.java update                        what is in git, of both tables; ROOT is the current folder
             Generate.java check  TABLE ROOT             fails unless what is in git is current
             Generate.java cpp    TABLE ROOT HEADER      writes the C++ header
             Generate.java java   TABLE ROOT FOLDER      writes the Java constants below the source folder
      TABLE is operators or device, ROOT the root of the repository.""";

  private static final String UPDATE = "java onnx-ops/src/main/tables/Generate.java update";

  private Generator() {}

  /**
   * Runs one action.
   *
   * @param messages where mistakes are reported.
   * @param arguments the action and what it needs, as the usage says.
   * @return 0, or 1 where a table, a page or an argument is wrong.
   */
  public static int run(PrintStream messages, String... arguments) throws IOException {
    try {
      String action = arguments.length == 0 ? "" : arguments[0];
      if (action.equals("update") && arguments.length == 1) {
        for (Table table : List.of(table("operators", Path.of("")), table("device", Path.of("")))) {
          for (Map.Entry<Path, String> file : table.inGit().entrySet()) {
            write(file.getKey(), file.getValue());
          }
        }
      } else if (action.equals("check") && arguments.length == 3) {
        check(table(arguments[1], Path.of(arguments[2])));
      } else if (action.equals("cpp") && arguments.length == 4) {
        write(Path.of(arguments[3]), table(arguments[1], Path.of(arguments[2])).cpp());
      } else if (action.equals("java") && arguments.length == 4) {
        Table table = table(arguments[1], Path.of(arguments[2]));
        write(Path.of(arguments[3]).resolve(table.javaFile()), table.java());
      } else {
        throw new Mistake(USAGE);
      }
      return 0;
    } catch (Mistake e) {
      messages.println(e.getMessage());
      return 1;
    }
  }

  private static Table table(String name, Path root) throws IOException {
    return switch (name) {
      case "operators" -> Operators.read(root);
      case "device" -> Device.read(root);
      default -> throw new Mistake("There is no table '%s'.\n%s".formatted(name, USAGE));
    };
  }

  private static void check(Table table) throws IOException {
    for (Map.Entry<Path, String> file : table.inGit().entrySet()) {
      if (!Files.exists(file.getKey())
          || !Files.readString(file.getKey()).equals(file.getValue())) {
        throw new Mistake(
            "%s is not what %s says. Change the table and run, from the root of the repository: %s"
                .formatted(file.getKey().normalize(), table.source(), UPDATE));
      }
    }
  }

  /** Leaves a file that has this text already alone, so that nothing is built anew for it. */
  private static void write(Path file, String text) throws IOException {
    if (!Files.exists(file) || !Files.readString(file).equals(text)) {
      Files.createDirectories(file.toAbsolutePath().getParent());
      Files.writeString(file, text);
    }
  }
}
