package dev.subbit.cli.terminal;

import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.OptionalInt;
import java.util.concurrent.TimeUnit;

/**
 * The terminal behind standard error. It is asked through {@code stty}, since Java tells neither a
 * terminal's width nor whether standard error is one.
 */
public final class Terminal {

  /** The width where there is no terminal, or one that does not know its own. */
  static final int USUAL_WIDTH = 80;

  private static final int PATIENCE_SECONDS = 2;

  // The shell's own standard error is the one it inherits from this process.
  private static final String SIZE = "exec 3<&2 2>/dev/null; stty size <&3";

  private Terminal() {}

  /**
   * The terminal's width now.
   *
   * @return its columns, {@value #USUAL_WIDTH} where it does not know them; empty where standard
   *     error is not a terminal that can move its cursor.
   */
  static OptionalInt columns() {
    if ("dumb".equals(System.getenv("TERM"))) {
      return OptionalInt.empty();
    }
    return System.getProperty("os.name").startsWith("Windows") ? windows() : posix();
  }

  /**
   * The width to lay text out for.
   *
   * @return the terminal's columns, or {@value #USUAL_WIDTH} where there is none.
   */
  public static int width() {
    return columns().orElse(USUAL_WIDTH);
  }

  private static OptionalInt windows() {
    // From Java 22 on there is a console even where there is no terminal.
    boolean console = System.console() != null && Runtime.version().feature() < 22;
    return console ? OptionalInt.of(USUAL_WIDTH) : OptionalInt.empty();
  }

  private static OptionalInt posix() {
    try {
      Process stty =
          new ProcessBuilder("sh", "-c", SIZE)
              .redirectInput(ProcessBuilder.Redirect.from(new File("/dev/null")))
              .redirectError(ProcessBuilder.Redirect.INHERIT)
              .start();
      String size = new String(stty.getInputStream().readAllBytes(), StandardCharsets.US_ASCII);
      if (!stty.waitFor(PATIENCE_SECONDS, TimeUnit.SECONDS) || stty.exitValue() != 0) {
        return OptionalInt.empty();
      }
      int columns = Integer.parseInt(size.strip().replaceFirst(".* ", ""));
      return OptionalInt.of(columns > 0 ? columns : USUAL_WIDTH);
    } catch (IOException | NumberFormatException e) {
      return OptionalInt.empty();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return OptionalInt.empty();
    }
  }
}
