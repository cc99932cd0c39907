package dev.subbit.cli.report;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;

/**
 * The frame of every report: one self-contained file with its style sheet inside. Written so that
 * it is well-formed XML as well as HTML.
 */
final class HtmlPage {

  private HtmlPage() {}

  /**
   * Assembles a page.
   *
   * @param title plain text.
   * @param body the content of the body element.
   * @return the page.
   */
  static String of(String title, CharSequence body) {
    return "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"/>"
        + "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"/><title>"
        + Html.escape(title)
        + "</title><style>\n"
        + styleSheet()
        + "</style></head><body>\n"
        + body
        + "</body></html>\n";
  }

  private static String styleSheet() {
    try (InputStream in = HtmlPage.class.getResourceAsStream("report.css")) {
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
