package dev.subbit.cli.files;

import dev.subbit.cli.terminal.UserError;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashSet;
import java.util.Set;
import javax.xml.parsers.ParserConfigurationException;
import javax.xml.parsers.SAXParserFactory;
import org.xml.sax.Attributes;
import org.xml.sax.SAXException;
import org.xml.sax.SAXParseException;
import org.xml.sax.helpers.DefaultHandler;

/**
 * Refuses configurations before OLCUT parses them that have a document type, or include a file more
 * than once. OLCUT's parser would fetch what a document type names, and show in its messages what
 * it found; of files that include each other in a circle it would find no end. A configuration
 * needs neither.
 */
final class DoctypeCheck {

  private static final String REFUSE_DOCTYPE =
      "http://apache.org/xml/features/disallow-doctype-decl";

  private final Deque<Path> waiting = new ArrayDeque<>();
  private final Set<Path> seen = new HashSet<>();

  private DoctypeCheck() {}

  /**
   * Checks a configuration, and the files that it includes.
   *
   * @param file the XML file.
   * @throws UserError if one of them has a document type, is included more than once or is no XML,
   *     with the file's name.
   */
  static void of(Path file) {
    DoctypeCheck check = new DoctypeCheck();
    check.add(file);
    while (!check.waiting.isEmpty()) {
      check.parse(check.waiting.remove());
    }
  }

  private void add(Path file) {
    if (!seen.add(file.toAbsolutePath().normalize())) {
      throw new UserError(
          file + " is included more than once, or by itself; remove one of the <file> elements.");
    }
    waiting.add(file);
  }

  private void parse(Path file) {
    try (InputStream in = Files.newInputStream(file)) {
      SAXParserFactory factory = SAXParserFactory.newInstance();
      factory.setFeature(REFUSE_DOCTYPE, true);
      factory.newSAXParser().parse(in, new Includes(file));
    } catch (SAXParseException e) {
      throw new UserError(
          e.getMessage().contains("DOCTYPE")
              ? file
                  + ", line "
                  + e.getLineNumber()
                  + ": a configuration may have no <!DOCTYPE ...>; remove it, and write what its"
                  + " entities stand for in their place."
              : file
                  + " is not an OLCUT configuration: line "
                  + e.getLineNumber()
                  + ": "
                  + e.getMessage(),
          e);
    } catch (SAXException | ParserConfigurationException | IOException e) {
      throw new UserError("Cannot read " + file + ": " + e.getMessage(), e);
    }
  }

  /** Finds the files that a configuration includes. */
  private final class Includes extends DefaultHandler {

    private final Path folder;

    Includes(Path file) {
      this.folder = file.toAbsolutePath().getParent();
    }

    @Override
    public void startElement(String uri, String local, String name, Attributes attributes) {
      String value = name.equals("file") ? attributes.getValue("value") : null;
      if (value == null) {
        return;
      }
      try {
        Path included = folder.resolve(value);
        if (Files.isRegularFile(included)) {
          add(included);
        }
      } catch (InvalidPathException e) {
        // No file can have this name; OLCUT says so.
      }
    }

    /** Silent: the exception is what is told. */
    @Override
    public void fatalError(SAXParseException e) throws SAXException {
      throw e;
    }
  }
}
