package dev.subbit.cli.report;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;

/** The style sheet that every report carries inside; for the template {@code page.jte}. */
public final class StyleSheet {

  private StyleSheet() {}

  /**
   * Reads the style sheet.
   *
   * @return CSS.
   */
  public static String text() {
    try (InputStream in = StyleSheet.class.getResourceAsStream("report.css")) {
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
