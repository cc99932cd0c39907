package dev.subbit.cli.report;

import gg.jte.ContentType;
import gg.jte.TemplateEngine;
import gg.jte.TemplateOutput;
import gg.jte.output.StringOutput;
import java.util.Map;

/** Renders the templates below {@code src/main/jte}, which the build compiles. */
final class Templates {

  private static final TemplateEngine ENGINE =
      TemplateEngine.createPrecompiled(
          null,
          ContentType.Html,
          Templates.class.getClassLoader(),
          "dev.subbit.cli.report.templates");

  private Templates() {}

  /**
   * Renders a template.
   *
   * @param name its file.
   * @param values its parameters.
   * @return the page.
   */
  static String render(String name, Map<String, Object> values) {
    TemplateOutput page = new StringOutput();
    ENGINE.render(name, values, page);
    return page.toString();
  }
}
