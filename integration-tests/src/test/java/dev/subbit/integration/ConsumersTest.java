package dev.subbit.integration;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.File;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import java.util.zip.ZipEntry;
import java.util.zip.ZipFile;
import java.util.zip.ZipOutputStream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledForJreRange;
import org.junit.jupiter.api.condition.JRE;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Projects of users, built by Maven from what would be published: the modules' jars and flattened
 * POMs. The projects are those of {@code examples/}. They run in the phase {@code
 * integration-test}, when all jars are built.
 *
 * <p>The jars lie in a repository of this build, under a version that exists nowhere else, so that
 * nothing of it reaches the user's own repository and nothing there is mistaken for it.
 *
 * <p>Nothing else of the build runs any more, so the tests, which mostly wait for programs and
 * downloads, run side by side (see the module's POM); each writes files of its own.
 */
@Execution(ExecutionMode.CONCURRENT)
class ConsumersTest {

  private static final Path HOME = Path.of("").toAbsolutePath().getParent();
  private static final Path WORK = HOME.resolve("integration-tests/target/consumers");
  private static final Path REPOSITORY = WORK.resolve("repository");
  private static final Path EXAMPLES = WORK.resolve("examples");
  private static final String VERSION = "0-built-here";
  private static final String DEPENDENCY_PLUGIN =
      "org.apache.maven.plugins:maven-dependency-plugin:"
          + System.getProperty("subbit.test.dependency-plugin")
          + ":";

  /** Folders of the modules that are published, by artifact. */
  private static final Map<String, String> PUBLISHED =
      Map.of(
          "subbit-onnx-ops", "onnx-ops",
          "subbit-fpga-backend", "fpga-backend",
          "subbit-model", "plugin/model",
          "subbit-zoo", "plugin/zoo",
          "subbit-spark", "plugin/spark",
          "subbit-quantizer", "plugin/quantizer",
          "subbit-training", "plugin/training",
          "subbit-plugin", "plugin/all",
          "subbit-cli", "plugin/cli",
          "subbit-bom", "plugin/bom");

  private static final Path MODEL =
      HOME.resolve("plugin/model/src/test/resources/stored/tiny-binary-v0.sbm");

  @BeforeAll
  static void buildExamples() throws Exception {
    deleteFolder(WORK);
    for (Map.Entry<String, String> module : PUBLISHED.entrySet()) {
      publish(module.getKey(), HOME.resolve(module.getValue()).resolve("target"));
    }
    copyFolder(HOME.resolve("examples"), EXAMPLES);
    ChildProcess build =
        maven(
            EXAMPLES,
            "package",
            DEPENDENCY_PLUGIN + "build-classpath",
            "-Dmdep.outputFile=target/classpath.txt");
    assertEquals(0, build.exitCode(), build.output());
  }

  private static void publish(String artifact, Path target) throws IOException {
    Path folder = REPOSITORY.resolve("dev/subbit").resolve(artifact).resolve(VERSION);
    Files.createDirectories(folder);
    String name = artifact + "-" + VERSION;
    assertTrue(
        Files.exists(target.resolve("published-pom.xml")),
        artifact + " is not built; these tests run in ./mvnw verify, of all modules");
    String pom = Files.readString(target.resolve("published-pom.xml"));
    Matcher own =
        Pattern.compile(
                "(<groupId>dev\\.subbit</groupId>\\s*<artifactId>[^<]*</artifactId>\\s*<version>)[^<]*")
            .matcher(pom);
    Files.writeString(folder.resolve(name + ".pom"), own.replaceAll("$1" + VERSION));
    if (!pom.contains("<packaging>pom</packaging>")) {
      String built = artifact + "-" + System.getProperty("subbit.test.version") + ".jar";
      Files.copy(target.resolve(built), folder.resolve(name + ".jar"));
    }
  }

  @Test
  void publishedPomsHaveNeitherParentNorPropertyNorProfile() throws IOException {
    for (String folder : PUBLISHED.values()) {
      String pom = Files.readString(HOME.resolve(folder).resolve("target/published-pom.xml"));
      for (String unwanted :
          List.of("${", "<properties>", "<profile", "<parent>", ">test<", HOME.toString())) {
        assertFalse(pom.contains(unwanted), folder + " publishes " + unwanted + ":\n" + pom);
      }
    }
    assertTrue(
        Files.readString(HOME.resolve("plugin/bom/target/published-pom.xml"))
            .contains("<artifactId>protobuf-java</artifactId>"),
        "The bill of materials is empty");
  }

  @Test
  void predictsAndExportsWithTheModelsArtifactAlone() throws Exception {
    Path onnx = WORK.resolve("exported.onnx");
    assertRuns("back end native", "maven", MODEL.toString(), onnx.toString());
    assertTrue(Files.size(onnx) > 0);

    List<Path> classPath = classPath("maven");
    for (String unwanted :
        List.of("tensorflow", "picocli", "jackson", "progressbar", "jline", "quantizer")) {
      assertTrue(
          classPath.stream().noneMatch(jar -> jar.getFileName().toString().contains(unwanted)),
          unwanted + " in " + classPath);
    }
    long bytes = 0;
    for (Path jar : classPath) {
      bytes += Files.size(jar);
    }
    System.out.printf("subbit-model alone: %d jars, %.0f MB%n", classPath.size(), bytes / 1e6);
    assertTrue(bytes < 80e6, bytes + " bytes");
  }

  @Test
  void tribuoDeclaredAfterwardsChangesNothing() throws Exception {
    assertRuns("back end native", "tribuo-after", MODEL.toString(), exported("after"));
  }

  /** Tribuo's ONNX Runtime is too old for the kernels, and its protobuf the oldest that does. */
  @Test
  void tribuoDeclaredFirstGivesFunctionBodiesAndOneWarning() throws Exception {
    String output =
        assertRuns("back end onnxruntime", "tribuo-before", MODEL.toString(), exported("before"));
    assertEquals(2, output.split("models run on the function bodies", -1).length, output);
    assertTrue(output.contains("subbit-bom"), output);
  }

  @Test
  void theBillOfMaterialsGivesTheVersionsThatFit() throws Exception {
    assertRuns("back end native", "tribuo-with-bom", MODEL.toString(), exported("bom"));
  }

  @ParameterizedTest
  @ValueSource(strings = {"native", "fpga emulator"})
  void predictsFromAShadedJar(String backend) throws Exception {
    ChildProcess run = runJar(shaded(), backend);
    assertEquals(0, run.exitCode(), run.output());
    assertTrue(run.output().contains("back end " + backend.split(" ")[0]), run.output());
  }

  @Test
  void aMergedJarWithoutServiceFilesSaysWhatItLost() throws Exception {
    Path jar = WORK.resolve("without-services.jar");
    try (ZipFile whole = new ZipFile(shaded().toFile());
        OutputStream out = Files.newOutputStream(jar);
        ZipOutputStream without = new ZipOutputStream(out)) {
      for (ZipEntry entry : whole.stream().map(ZipEntry.class::cast).toList()) {
        if (!entry.getName().startsWith("META-INF/services/")) {
          without.putNextEntry(new ZipEntry(entry.getName()));
          whole.getInputStream(entry).transferTo(without);
        }
      }
    }
    ChildProcess onKernels = runJar(jar, "native");
    assertEquals(0, onKernels.exitCode(), onKernels.output());

    ChildProcess onDevice = runJar(jar, "fpga emulator");
    assertNotEquals(0, onDevice.exitCode());
    assertTrue(onDevice.output().contains("jars were merged without that file"), onDevice.output());
  }

  @Test
  void predictsFromTheModulePath() throws Exception {
    List<String> modules = new ArrayList<>();
    modules.add(EXAMPLES.resolve("modules/target/classes").toString());
    classPath("modules").forEach(jar -> modules.add(jar.toString()));
    Path arguments = WORK.resolve("module-path.txt");
    Files.writeString(
        arguments, "-p \"" + String.join(File.pathSeparator, modules).replace("\\", "\\\\") + "\"");
    ChildProcess run =
        ChildProcess.run(
            WORK,
            Map.of(),
            List.of(
                java(),
                "@" + arguments,
                "-m",
                "example/example.PredictInModules",
                MODEL.toString()));
    assertEquals(0, run.exitCode(), run.output());
    assertTrue(run.output().contains("back end native: "), run.output());
    assertTrue(run.output().contains("back end fpga: "), run.output());
  }

  /** Of subbit-plugin, only the tree is resolved, since its libraries have 705 MB. */
  @ParameterizedTest
  @ValueSource(strings = {"Windows 11/amd64", "Mac OS X/x86_64"})
  void resolvesOnOtherSystems(String system) throws Exception {
    String[] parts = system.split("/");
    Path project = Files.createDirectories(WORK.resolve(parts[0].replace(" ", "-")));
    Path pom = project.resolve("pom.xml");
    Files.writeString(
        pom,
        Files.readString(EXAMPLES.resolve("maven/pom.xml"))
            .replace("<artifactId>subbit-model<", "<artifactId>subbit-plugin<"));
    ChildProcess tree =
        maven(
            project,
            DEPENDENCY_PLUGIN + "tree",
            "-DoutputFile=tree.txt",
            "-Dos.name=" + parts[0],
            "-Dos.arch=" + parts[1]);
    assertEquals(0, tree.exitCode(), tree.output());
    String resolved = Files.readString(project.resolve("tree.txt"));
    for (String expected :
        List.of(
            "subbit-model:jar",
            "subbit-training:jar",
            "tensorflow-core-native:jar:windows-x86_64",
            "tensorflow-core-native:jar:macosx-arm64",
            "tensorflow-core-native:jar:linux-x86_64")) {
      assertTrue(resolved.contains(expected), expected + " is missing in\n" + resolved);
    }
  }

  /** Resolves and runs the example; compiling it would need a Gradle that no registry has whole. */
  @Test
  @EnabledForJreRange(max = JRE.JAVA_23, disabledReason = "Gradle 8.11 runs on Java 8 to 23")
  void resolvesWithGradle() throws Exception {
    Path tool = Files.createDirectories(WORK.resolve("gradle"));
    Path resources = HOME.resolve("integration-tests/src/test/resources/gradle");
    Files.copy(resources.resolve("pom.xml"), tool.resolve("pom.xml"));
    ChildProcess download =
        maven(tool, DEPENDENCY_PLUGIN + "build-classpath", "-Dmdep.outputFile=classpath.txt");
    assertEquals(0, download.exitCode(), download.output());

    Path example = EXAMPLES.resolve("gradle");
    // A script that is applied to a project may have no block of plugins.
    Path script = example.resolve("applied.gradle");
    Files.writeString(
        script,
        Files.readString(example.resolve("build.gradle"))
            .replaceAll("(?s)plugins \\{.*?\\n\\}\\n", "")
            .replace(System.getProperty("subbit.test.version"), VERSION));
    ChildProcess run =
        ChildProcess.run(
            WORK,
            Map.of("CLASSPATH", Files.readString(tool.resolve("classpath.txt")).strip()),
            List.of(
                java(),
                "--add-opens=java.base/java.lang=ALL-UNNAMED",
                resources.resolve("PrintClassPath.java").toString(),
                example.toString(),
                script.toString(),
                tool.resolve("home").toString(),
                REPOSITORY.toString(),
                System.getProperty("subbit.test.repository")));
    assertEquals(0, run.exitCode(), run.output());
    List<String> jars = run.output().lines().filter(line -> line.endsWith(".jar")).toList();
    assertTrue(jars.stream().anyMatch(jar -> jar.contains("tribuo-onnx-")), run.output());
    assertTrue(jars.stream().anyMatch(jar -> jar.contains("subbit-model-")), run.output());

    List<String> entries = new ArrayList<>(jars);
    entries.add(EXAMPLES.resolve("maven/target/classes").toString());
    ChildProcess predict =
        ChildProcess.run(
            WORK,
            Map.of("CLASSPATH", String.join(File.pathSeparator, entries)),
            List.of(java(), "example.Predict", MODEL.toString(), exported("gradle")));
    assertEquals(0, predict.exitCode(), predict.output());
    assertTrue(predict.output().contains("back end native"), predict.output());
  }

  private static Path shaded() {
    return EXAMPLES.resolve("shaded/target/predict-shaded-1.jar");
  }

  private static String exported(String name) {
    return WORK.resolve(name + ".onnx").toString();
  }

  private static ChildProcess runJar(Path jar, String backend) throws Exception {
    String onnx = exported(jar.getFileName() + "-" + backend.replace(' ', '-'));
    List<String> command =
        new ArrayList<>(List.of(java(), "-jar", jar.toString(), MODEL.toString(), onnx));
    command.addAll(List.of(backend.split(" ")));
    return ChildProcess.run(WORK, Map.of(), command);
  }

  private static String assertRuns(String expected, String example, String... arguments)
      throws Exception {
    List<String> entries = new ArrayList<>();
    entries.add(EXAMPLES.resolve(example).resolve("target/classes").toString());
    classPath(example).forEach(jar -> entries.add(jar.toString()));
    List<String> command = new ArrayList<>(List.of(java(), "example.Predict"));
    command.addAll(List.of(arguments));
    ChildProcess run =
        ChildProcess.run(
            WORK, Map.of("CLASSPATH", String.join(File.pathSeparator, entries)), command);
    assertEquals(0, run.exitCode(), run.output());
    assertTrue(run.output().contains(expected), run.output());
    return run.output();
  }

  private static List<Path> classPath(String example) throws IOException {
    return Arrays.stream(
            Files.readString(EXAMPLES.resolve(example).resolve("target/classpath.txt"))
                .strip()
                .split(File.pathSeparator))
        .map(Path::of)
        .toList();
  }

  /** Runs the Maven of this build with its repository, and this test's behind it. */
  private static ChildProcess maven(Path folder, String... arguments) throws Exception {
    Properties build = System.getProperties();
    boolean windows = build.getProperty("os.name").startsWith("Windows");
    List<String> command =
        new ArrayList<>(
            List.of(
                Path.of(build.getProperty("subbit.test.maven"), "bin", windows ? "mvn.cmd" : "mvn")
                    .toString(),
                "-B",
                "-q",
                "-Dmaven.repo.local=" + build.getProperty("subbit.test.repository"),
                "-Dmaven.repo.local.tail=" + REPOSITORY,
                "-Dsubbit.version=" + VERSION));
    command.addAll(List.of(arguments));
    return ChildProcess.run(folder, Map.of("JAVA_HOME", build.getProperty("java.home")), command);
  }

  private static String java() {
    return Path.of(System.getProperty("java.home"), "bin", "java").toString();
  }

  private static void copyFolder(Path from, Path to) throws IOException {
    try (Stream<Path> all = Files.walk(from)) {
      for (Path source :
          all.filter(path -> !from.relativize(path).toString().contains("target")).toList()) {
        Files.copy(
            source,
            to.resolve(from.relativize(source).toString()),
            StandardCopyOption.REPLACE_EXISTING);
      }
    }
  }

  private static void deleteFolder(Path folder) throws IOException {
    if (Files.exists(folder)) {
      try (Stream<Path> all = Files.walk(folder)) {
        for (Path path : all.sorted(java.util.Comparator.reverseOrder()).toList()) {
          Files.delete(path);
        }
      }
    }
    Files.createDirectories(folder);
  }
}
