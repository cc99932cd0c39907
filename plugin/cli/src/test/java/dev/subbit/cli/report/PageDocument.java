package dev.subbit.cli.report;

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
}
