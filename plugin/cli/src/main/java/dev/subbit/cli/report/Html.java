package dev.subbit.cli.report;

/** Escapes text for HTML and SVG. */
final class Html {

  private Html() {}

  /**
   * Makes text safe between tags and in quoted attributes.
   *
   * @param text any text.
   * @return the text with the five special characters replaced, and control characters, which XML
   *     forbids even so, by U+FFFD.
   */
  static String escape(String text) {
    return text.replace("&", "&amp;")
        .replace("<", "&lt;")
        .replace(">", "&gt;")
        .replace("\"", "&quot;")
        .replace("'", "&#39;")
        .replaceAll("[\\x00-\\x08\\x0b\\x0c\\x0e-\\x1f\\ufffe\\uffff]", "\ufffd");
  }
}
