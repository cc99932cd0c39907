package dev.subbit.cli.report;

import gg.jte.Content;
import java.util.Map;

/** Puts pages whose content is not a template yet into the frame of all reports. */
final class HtmlPage {

  private HtmlPage() {}

  /**
   * Assembles a page.
   *
   * @param title plain text.
   * @param body the content of the body element, as HTML.
   * @return the page.
   */
  static String of(String title, CharSequence body) {
    Content content = output -> output.writeContent(body.toString());
    return Templates.render("page.jte", Map.of("title", title, "body", content));
  }
}
