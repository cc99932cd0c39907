package dev.subbit.integration;

import dev.subbit.cli.Main;
import java.lang.reflect.Method;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;

/**
 * A program that runs the command lines it is given, one after the other, and ends with the exit
 * code of the first that fails; then the Java of {@link #SNIPPETS}, if there is any.
 */
final class EveryLine {

  /** A folder with a compiled class {@code Snippets}, whose main method is run last. */
  static final Path SNIPPETS = Path.of("snippets");

  private EveryLine() {}

  public static void main(String[] lines) throws Exception {
    for (String line : lines) {
      System.out.println("$ " + line);
      String[] words = line.replaceFirst("\\s#.*", "").strip().split("\\s+");
      int code = Main.execute(Arrays.copyOfRange(words, 1, words.length));
      if (code != 0) {
        System.exit(code);
      }
    }
    if (Files.isDirectory(SNIPPETS)) {
      try (URLClassLoader loader = new URLClassLoader(new URL[] {SNIPPETS.toUri().toURL()})) {
        Method main = loader.loadClass("Snippets").getMethod("main", String[].class);
        main.invoke(null, (Object) new String[0]);
      }
    }
    System.exit(0);
  }
}
