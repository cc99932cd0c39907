package dev.subbit.cli.report;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.StringReader;
import java.util.ArrayList;
import java.util.List;
import javax.xml.parsers.DocumentBuilder;
import javax.xml.parsers.DocumentBuilderFactory;
import javax.xml.xpath.XPath;
import javax.xml.xpath.XPathConstants;
import javax.xml.xpath.XPathExpressionException;
import javax.xml.xpath.XPathFactory;
import org.w3c.dom.Document;
import org.w3c.dom.Element;
import org.w3c.dom.NodeList;
import org.xml.sax.InputSource;
import org.xml.sax.SAXParseException;
import org.xml.sax.helpers.DefaultHandler;

/** A page parsed as XML, which fails unless it is well-formed. */
final class PageDocument {

  private static final XPath XPATH = XPathFactory.newInstance().newXPath();

  private final Document document;

  private PageDocument(Document document) {
    this.document = document;
  }

  static PageDocument parse(String page) throws Exception {
    DocumentBuilder builder = DocumentBuilderFactory.newInstance().newDocumentBuilder();
    builder.setErrorHandler(
        new DefaultHandler() {
          @Override
          public void fatalError(SAXParseException e) throws SAXParseException {
            throw e;
          }
        });
    return new PageDocument(builder.parse(new InputSource(new StringReader(page))));
  }

  /** All elements that an XPath finds. */
  List<Element> all(String path) {
    return all(document, path);
  }

  /** All elements below one that an XPath finds. */
  static List<Element> all(Object from, String path) {
    try {
      NodeList nodes = (NodeList) XPATH.evaluate(path, from, XPathConstants.NODESET);
      List<Element> elements = new ArrayList<>();
      for (int i = 0; i < nodes.getLength(); i++) {
        elements.add((Element) nodes.item(i));
      }
      return elements;
    } catch (XPathExpressionException e) {
      throw new AssertionError(e);
    }
  }

  /** Texts of all elements that an XPath finds. */
  List<String> texts(String path) {
    return texts(document, path);
  }

  /** Texts of all elements below one that an XPath finds. */
  static List<String> texts(Object from, String path) {
    return all(from, path).stream().map(Element::getTextContent).toList();
  }

  /**
   * Every table has a name in every column and a header in every row, each with its scope; there
   * are as many cells in a row as columns.
   */
  void assertTablesAreNamed() {
    assertFalse(all("//table").isEmpty());
    for (Element header : all("//th")) {
      assertFalse(header.getTextContent().isBlank());
      assertTrue(header.getAttribute("scope").matches("(col|row)(group)?"), header.toString());
    }
    for (Element table : all("//table")) {
      int columns = all(table, "thead/tr[1]/th").stream().mapToInt(th -> span(th, "col")).sum();
      int groups = 0;
      for (Element row : all(table, "tbody/tr")) {
        List<Element> cells = all(row, "*");
        groups += cells.stream().mapToInt(cell -> span(cell, "row") > 1 ? 1 : 0).sum();
        int fromAbove = all(row, "th[@rowspan]").isEmpty() && groups > 0 ? 1 : 0;
        assertEquals(columns, cells.size() + fromAbove, row.getTextContent());
        assertFalse(all(row, "th").isEmpty(), row.getTextContent());
      }
    }
  }

  private static int span(Element cell, String direction) {
    String span = cell.getAttribute(direction + "span");
    return span.isEmpty() ? 1 : Integer.parseInt(span);
  }
}
