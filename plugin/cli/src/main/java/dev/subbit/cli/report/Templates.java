package dev.subbit.cli.report;

import gg.jte.ContentType;
import gg.jte.TemplateEngine;
import gg.jte.TemplateOutput;
import gg.jte.output.StringOutput;
import java.util.Map;
import java.util.regex.Pattern;

/** Renders the templates below {@code src/main/jte}, which the build compiles. */
final class Templates {

  private static final TemplateEngine ENGINE =
      TemplateEngine.createPrecompiled(
          null,
          ContentType.Html,
          Templates.class.getClassLoader(),
          "dev.subbit.cli.report.templates");

  private static final Pattern FORBIDDEN =
      Pattern.compile("[\\x00-\\x08\\x0b\\x0c\\x0e-\\x1f\\ufffe\\uffff]");

  private Templates() {}

  /**
   * Renders a template.
   *
   * @param name its file.
   * @param values its parameters.
   * @return the page, with U+FFFD in place of the control characters that XML forbids even if they
   *     are escaped.
   */
  static String render(String name, Map<String, Object> values) {
    TemplateOutput page = new StringOutput();
    ENGINE.render(name, values, page);
    return FORBIDDEN.matcher(page.toString()).replaceAll("\ufffd").stripTrailing() + "\n";
  }
}
