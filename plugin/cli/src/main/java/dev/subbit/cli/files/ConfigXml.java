package dev.subbit.cli.files;

import dev.subbit.tribuo.network.ImageShape;
import java.io.StringWriter;
import java.nio.file.Path;
import javax.xml.stream.XMLOutputFactory;
import javax.xml.stream.XMLStreamException;
import javax.xml.stream.XMLStreamWriter;

/** Writes OLCUT configurations as one would by hand, component by component. Not thread-safe. */
public final class ConfigXml {

  private static final String INDENT = "\n  ";

  private final StringWriter text = new StringWriter();
  private final XMLStreamWriter xml;
  private boolean open;

  /** A piece of XML. */
  @FunctionalInterface
  private interface Piece {
    void write() throws XMLStreamException;
  }

  /**
   * Begins a configuration.
   *
   * @param remark a comment at its top; empty for none.
   */
  public ConfigXml(String remark) {
    try {
      xml = XMLOutputFactory.newFactory().createXMLStreamWriter(text);
    } catch (XMLStreamException e) {
      throw new IllegalStateException("Java has no writer of XML", e);
    }
    write(
        () -> {
          if (!remark.isEmpty()) {
            xml.writeComment(" " + remark + " ");
            xml.writeCharacters("\n");
          }
          xml.writeStartElement("config");
        });
  }

  /**
   * Includes another configuration.
   *
   * @param name a name for it.
   * @param file its absolute path.
   * @return this.
   */
  public ConfigXml include(String name, Path file) {
    endComponent();
    open = false;
    return write(
        () -> {
          xml.writeCharacters(INDENT);
          xml.writeEmptyElement("file");
          xml.writeAttribute("name", name);
          xml.writeAttribute("value", file.toString());
        });
  }

  /**
   * Begins a component, to which the following properties belong.
   *
   * @param name its name.
   * @param type its class.
   * @return this.
   */
  public ConfigXml component(String name, Class<?> type) {
    endComponent();
    open = true;
    return write(
        () -> {
          xml.writeCharacters(INDENT);
          xml.writeStartElement("component");
          xml.writeAttribute("name", name);
          xml.writeAttribute("type", type.getName());
        });
  }

  /**
   * Sets a property of the component.
   *
   * @param name its name.
   * @param value its value, as text.
   * @return this.
   */
  public ConfigXml property(String name, Object value) {
    return write(
        () -> {
          xml.writeCharacters(INDENT + "  ");
          xml.writeEmptyElement("property");
          xml.writeAttribute("name", name);
          xml.writeAttribute("value", value.toString());
        });
  }

  /**
   * Sets the component's property {@code imageShape}.
   *
   * @param shape channels, height and width.
   * @return this.
   */
  public ConfigXml imageShape(ImageShape shape) {
    return write(
        () -> {
          xml.writeCharacters(INDENT + "  ");
          xml.writeStartElement("propertylist");
          xml.writeAttribute("name", "imageShape");
          for (int size : new int[] {shape.channels(), shape.height(), shape.width()}) {
            xml.writeStartElement("item");
            xml.writeCharacters(Integer.toString(size));
            xml.writeEndElement();
          }
          xml.writeEndElement();
        });
  }

  private void endComponent() {
    if (open) {
      write(
          () -> {
            xml.writeCharacters(INDENT);
            xml.writeEndElement();
          });
    }
  }

  private ConfigXml write(Piece piece) {
    try {
      piece.write();
      return this;
    } catch (XMLStreamException e) {
      throw new IllegalStateException("Cannot write XML into memory", e);
    }
  }

  /**
   * Ends the configuration.
   *
   * @return its text.
   */
  public String end() {
    endComponent();
    write(
        () -> {
          xml.writeCharacters("\n");
          xml.writeEndElement();
          xml.writeCharacters("\n");
          xml.close();
        });
    return text.toString();
  }
}
