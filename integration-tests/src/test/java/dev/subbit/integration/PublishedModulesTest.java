package dev.subbit.integration;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import javax.xml.parsers.DocumentBuilderFactory;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.w3c.dom.Element;
import org.w3c.dom.Node;
import org.w3c.dom.NodeList;

/** What consumers get beside the classes of a module: a POM that stands alone, licence, notice. */
class PublishedModulesTest {

  private static final Path ROOT = Path.of("..").toAbsolutePath().normalize();

  /** A module's build folder; below the root, or below a folder of modules. */
  static Stream<Path> builds() throws IOException {
    // Folders that tests beside this one fill and empty lie deeper.
    try (Stream<Path> folders = Files.walk(ROOT, 2)) {
      List<Path> builds =
          folders
              .filter(folder -> !folder.equals(ROOT) && !folder.endsWith("integration-tests"))
              .map(folder -> folder.resolve("target"))
              .filter(build -> Files.exists(build.resolve("published-pom.xml")))
              .toList();
      assertFalse(builds.isEmpty(), "no published POM below " + ROOT);
      return builds.stream();
    }
  }

  @ParameterizedTest
  @MethodSource("builds")
  void pomStandsAlone(Path build) throws Exception {
    Path file = build.resolve("published-pom.xml");
    assertFalse(Files.readString(file).contains("${"), "a property in " + file);
    List<String> elements = elements(file);
    for (String unwanted : List.of("parent", "profiles", "properties", "repositories", "build")) {
      assertFalse(elements.contains(unwanted), unwanted + " in " + file);
    }
    for (String wanted :
        List.of("name", "description", "url", "licenses", "developers", "scm", "version")) {
      assertTrue(elements.contains(wanted), "no " + wanted + " in " + file);
    }
  }

  @ParameterizedTest
  @MethodSource("builds")
  void classesComeWithLicenceAndNotice(Path build) throws IOException {
    Path classes = build.resolve("classes");
    if (Files.exists(classes)) {
      for (String file : List.of("LICENSE", "NOTICE")) {
        assertEquals(
            -1, Files.mismatch(ROOT.resolve(file), classes.resolve("META-INF").resolve(file)));
      }
    }
  }

  private static List<String> elements(Path pom) throws Exception {
    NodeList nodes =
        DocumentBuilderFactory.newInstance()
            .newDocumentBuilder()
            .parse(pom.toFile())
            .getDocumentElement()
            .getChildNodes();
    return Stream.iterate(0, i -> i < nodes.getLength(), i -> i + 1)
        .map(nodes::item)
        .filter(Element.class::isInstance)
        .map(Node::getNodeName)
        .toList();
  }
}
