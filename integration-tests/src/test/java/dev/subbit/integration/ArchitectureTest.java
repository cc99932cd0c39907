package dev.subbit.integration;

import static com.tngtech.archunit.base.DescribedPredicate.describe;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.lang.ArchCondition;
import com.tngtech.archunit.lang.ConditionEvents;
import com.tngtech.archunit.lang.SimpleConditionEvent;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.xml.parsers.DocumentBuilderFactory;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.w3c.dom.Element;
import org.w3c.dom.Node;
import org.w3c.dom.NodeList;

/** The arrows between modules and packages, as docs/ARCHITECTURE.md describes them. */
class ArchitectureTest {

  private static final Path HOME = Path.of("").toAbsolutePath().getParent();
  private static final String INTERNAL = ".internal.";

  private static JavaClasses all;

  @BeforeAll
  static void importClasses() {
    all =
        new ClassFileImporter()
            .withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS)
            .withImportOption(location -> !location.contains("/test-classes/"))
            .withImportOption(location -> !location.contains("-tests.jar"))
            .importPackages("dev.subbit");
    for (String one :
        List.of(
            "dev.subbit.onnx.SubBitOps",
            "dev.subbit.fpga.FpgaBackend",
            "dev.subbit.tribuo.SubBitModel",
            "dev.subbit.tribuo.zoo.Zoo",
            "dev.subbit.tribuo.quantizer.SubBitQuantizer",
            "dev.subbit.tribuo.training.SubBitTrainer",
            "dev.subbit.cli.Main")) {
      assertTrue(all.contain(one), one + " is not among the classes that are looked at");
    }
  }

  @Test
  void noPackagesFormACircle() {
    slices().matching("dev.subbit.(**)").should().beFreeOfCycles().check(all);
  }

  @Test
  void anInternalPackageIsUsedFromWithinItsModuleOnly() {
    classes()
        .that(describe("live in an internal package", ArchitectureTest::isInternal))
        .should(
            new ArchCondition<JavaClass>("be used by their own module only") {
              @Override
              public void check(JavaClass used, ConditionEvents events) {
                String name = used.getPackageName();
                String module = name.substring(0, name.indexOf(INTERNAL));
                used.getDirectDependenciesToSelf().stream()
                    .filter(use -> !isWithin(module, use.getOriginClass().getPackageName()))
                    .forEach(
                        use ->
                            events.add(SimpleConditionEvent.violated(used, use.getDescription())));
              }
            })
        .check(all);
  }

  private static boolean isInternal(JavaClass some) {
    return (some.getPackageName() + ".").contains(INTERNAL);
  }

  private static boolean isWithin(String module, String packageName) {
    return packageName.equals(module) || packageName.startsWith(module + ".");
  }

  @Test
  void tensorFlowIsKnownToTheEnginesAndToTheWriterOfItsEvents() {
    noClasses()
        .that()
        .resideOutsideOfPackages(
            "dev.subbit.tribuo.training.internal.engine.tensorflow",
            "dev.subbit.tribuo.training.internal.graph.tensorflow",
            "dev.subbit.tribuo.training.tensorboard")
        .should()
        .dependOnClassesThat()
        .resideInAPackage("org.tensorflow..")
        .check(all);
  }

  @Test
  void onnxRuntimeIsKnownWhereSessionsAndTensorsAre() {
    noClasses()
        .that()
        .resideOutsideOfPackages(
            "dev.subbit.onnx",
            "dev.subbit.fpga",
            "dev.subbit.tribuo",
            "dev.subbit.tribuo.evaluation",
            "dev.subbit.tribuo.quantizer.fit",
            "dev.subbit.tribuo.quantizer.graph",
            "dev.subbit.tribuo.quantizer.input",
            "dev.subbit.tribuo.quantizer.timing",
            "dev.subbit.tribuo.training.teacher",
            "dev.subbit.cli.bench")
        .should()
        .dependOnClassesThat()
        .resideInAPackage("ai.onnxruntime..")
        .check(all);
  }

  @Test
  void whatOnlyTheCommandLineNeedsIsKnownToItAlone() {
    noClasses()
        .that()
        .resideOutsideOfPackage("dev.subbit.cli..")
        .should()
        .dependOnClassesThat()
        .resideInAnyPackage("picocli..", "com.fasterxml.jackson..", "org.jline..")
        .check(all);
  }

  @Test
  void theOperatorsKnowNeitherTribuoNorDevices() {
    noClasses()
        .that()
        .resideInAPackage("dev.subbit.onnx..")
        .should()
        .dependOnClassesThat()
        .resideInAnyPackage(
            "org.tribuo", "org.tribuo.classification..", "dev.subbit.tribuo..", "dev.subbit.fpga..")
        .check(all);
  }

  /** Arrows of the map are lines such as {@code cli --> training}. */
  @Test
  void theMapInTheDocumentsIsTheOneThatThePomsGive() throws Exception {
    Map<String, Set<String>> drawn = new TreeMap<>();
    Matcher arrows =
        Pattern.compile("(?m)^ *([a-z-]+) (?:-->|-\\.->) ([a-z-]+)$")
            .matcher(Files.readString(HOME.resolve("docs/ARCHITECTURE.md")));
    while (arrows.find()) {
      drawn.computeIfAbsent(arrows.group(1), any -> new TreeSet<>()).add(arrows.group(2));
    }
    Map<String, Set<String>> built = new TreeMap<>();
    for (String module :
        List.of(
            "fpga-backend",
            "plugin/model",
            "plugin/zoo",
            "plugin/spark",
            "plugin/quantizer",
            "plugin/training",
            "plugin/all",
            "plugin/cli")) {
      Set<String> below = dependencies(HOME.resolve(module).resolve("pom.xml"));
      built.put(nodeOf(module), withoutDetours(below));
    }
    assertEquals(built.toString(), drawn.toString());
    assertFalse(drawn.isEmpty());
  }

  /** A map is easier to read where an arrow that another path makes anyway is not drawn. */
  private static Set<String> withoutDetours(Set<String> direct) throws Exception {
    Set<String> kept = new TreeSet<>(direct);
    for (String module : direct) {
      kept.removeAll(reachableFrom(module));
    }
    return kept;
  }

  private static Set<String> reachableFrom(String node) throws Exception {
    Path pom = HOME.resolve(folderOf(node)).resolve("pom.xml");
    Set<String> reached = new HashSet<>();
    for (String below : dependencies(pom)) {
      reached.add(below);
      reached.addAll(reachableFrom(below));
    }
    return reached;
  }

  private static String nodeOf(String folder) {
    return folder.equals("plugin/all") ? "subbit-plugin" : folder.replace("plugin/", "");
  }

  private static String folderOf(String node) {
    return node.equals("onnx-ops") || node.equals("fpga-backend") ? node : "plugin/" + node;
  }

  /** The Subbit modules that a POM depends on outside of tests. */
  private static Set<String> dependencies(Path pom) throws Exception {
    NodeList found =
        DocumentBuilderFactory.newInstance()
            .newDocumentBuilder()
            .parse(pom.toFile())
            .getElementsByTagName("dependency");
    Set<String> modules = new TreeSet<>();
    for (int i = 0; i < found.getLength(); i++) {
      Element dependency = (Element) found.item(i);
      if (text(dependency, "groupId").equals("dev.subbit")
          && !text(dependency, "scope").equals("test")) {
        modules.add(text(dependency, "artifactId").replace("subbit-", ""));
      }
    }
    return modules;
  }

  private static String text(Element parent, String name) throws IOException {
    for (Node child = parent.getFirstChild(); child != null; child = child.getNextSibling()) {
      if (child.getNodeName().equals(name)) {
        return child.getTextContent().trim();
      }
    }
    return "";
  }
}
