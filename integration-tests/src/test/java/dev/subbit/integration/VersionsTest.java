package dev.subbit.integration;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.subbit.cli.Main;
import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Stored models load and predict with other versions of ONNX Runtime, protobuf and Java than those
 * of this build, and versions that are too old are named.
 *
 * <p>The build copies the versions into {@code target/versions}; the profile {@code all-versions}
 * adds those that {@code ./mvnw verify} leaves out. Beside the Java that runs the tests, those are
 * used whose homes the environment variable {@code SUBBIT_JDKS} lists, separated like a class path.
 */
class VersionsTest {

  private static final Path VERSIONS = Path.of("target", "versions").toAbsolutePath();
  private static final Path MODELS =
      Path.of("..", "plugin/model/src/test/resources/stored").toAbsolutePath().normalize();
  private static final String OLD_RUNTIME = "onnxruntime-1.20.0.jar";
  private static final String OLD_PROTOBUF = "protobuf-java-3.19.6.jar";

  /** Between versions of ONNX Runtime, float layers may be rounded differently. */
  private static final double TOLERANCE = 1e-3;

  private static List<String> expected;

  @TempDir private Path folder;

  /** A Java home and an ONNX Runtime's jar. */
  private record Pair(Path javaHome, Path runtime) {}

  @BeforeAll
  static void predictWithTheVersionsOfThisBuild(@TempDir Path folder) throws Exception {
    ChildProcess run = predict(folder, ownJava(), null, "native");
    expected = scores(run, "native");
    assertEquals(6, expected.size(), run.output());
  }

  static Stream<Pair> pairs() throws IOException {
    List<Path> homes = new ArrayList<>(List.of(ownJava()));
    String others = System.getenv("SUBBIT_JDKS");
    if (others != null && !others.isBlank()) {
      Arrays.stream(others.split(File.pathSeparator)).map(Path::of).forEach(homes::add);
    }
    List<Path> runtimes = jars("onnxruntime-");
    runtimes.removeIf(jar -> jar.endsWith(OLD_RUNTIME));
    assertTrue(runtimes.size() >= 2, "Only " + runtimes);
    return homes.stream().flatMap(home -> runtimes.stream().map(jar -> new Pair(home, jar)));
  }

  @ParameterizedTest
  @MethodSource("pairs")
  void predictsOnKernelsAndEmulatorInEveryRuntime(Pair pair) throws Exception {
    assertSameScores(predict(folder, pair.javaHome, pair.runtime, "native"), "native");
    assertSameScores(predict(folder, pair.javaHome, pair.runtime, "fpga", "emulator"), "fpga");
  }

  static Stream<Path> protobufs() throws IOException {
    List<Path> jars = jars("protobuf-java-");
    jars.removeIf(jar -> jar.endsWith(OLD_PROTOBUF));
    assertTrue(jars.size() >= 2, "Only " + jars);
    return jars.stream();
  }

  @ParameterizedTest
  @MethodSource("protobufs")
  void loadsWithEveryProtobuf(Path protobuf) throws Exception {
    assertSameScores(predict(folder, ownJava(), protobuf, "native"), "native");
    assertSameScores(predict(folder, ownJava(), protobuf, "fpga", "emulator"), "fpga");
  }

  @Test
  void anOldProtobufIsNamedAndNoFileCalledDamaged() throws Exception {
    Path old = VERSIONS.resolve(OLD_PROTOBUF);
    String needed = "protobuf-java 3.19.6 was found, but 3.25 or newer is needed";
    ChildProcess library = predict(folder, ownJava(), old, "native");
    assertNotEquals(0, library.exitCode());
    assertTrue(library.output().contains(needed), library.output());

    ChildProcess commandLine =
        run(
            folder,
            ownJava(),
            old,
            Main.class,
            List.of("inspect", MODELS.resolve("tiny-binary-v0.sbm").toString()));
    assertEquals(1, commandLine.exitCode());
    assertTrue(commandLine.output().contains(needed), commandLine.output());
    assertFalse(commandLine.output().contains("damaged"), commandLine.output());
  }

  @Test
  void anOldRuntimeRunsFunctionBodiesAndWarnsOnce() throws Exception {
    ChildProcess run = predict(folder, ownJava(), VERSIONS.resolve(OLD_RUNTIME), "default");
    assertSameScores(run, "onnxruntime");
    assertEquals(2, run.output().split("WARNING", -1).length, run.output());
    assertTrue(run.output().contains("ONNX Runtime 1.20.0 was found"), run.output());
  }

  @ParameterizedTest
  @ValueSource(strings = {"native", "fpga"})
  void anOldRuntimeIsAnErrorForABackEndThatIsNamed(String backend) throws Exception {
    ChildProcess run = predict(folder, ownJava(), VERSIONS.resolve(OLD_RUNTIME), backend);
    assertNotEquals(0, run.exitCode());
    assertTrue(
        run.output()
            .contains(
                "Back end '"
                    + backend
                    + "' cannot run here: ONNX Runtime 1.20.0 was found, but Subbit's native code"
                    + " needs 1.24 or newer"),
        run.output());
  }

  private static void assertSameScores(ChildProcess run, String backend) {
    List<String> actual = scores(run, backend);
    assertEquals(expected.size(), actual.size(), run.output());
    for (int i = 0; i < actual.size(); i++) {
      String[] wanted = expected.get(i).split(" ");
      String[] found = actual.get(i).split(" ");
      assertEquals(wanted[0] + " " + wanted[2], found[0] + " " + found[2], run.output());
      assertEquals(Double.parseDouble(wanted[3]), Double.parseDouble(found[3]), TOLERANCE);
    }
  }

  /** The lines of {@link StoredModelsRun}; newer JVMs print warnings beside them. */
  private static List<String> scores(ChildProcess run, String backend) {
    assertEquals(0, run.exitCode(), run.output());
    return run.output().lines().filter(line -> line.contains(".sbm " + backend + " ")).toList();
  }

  private static ChildProcess predict(
      Path folder, Path javaHome, Path replacement, String... backend) throws Exception {
    List<String> arguments = new ArrayList<>(List.of(MODELS.toString()));
    arguments.addAll(List.of(backend));
    return run(folder, javaHome, replacement, StoredModelsRun.class, arguments);
  }

  /** Runs a class with one library in another version, or with none replaced (null). */
  private static ChildProcess run(
      Path folder, Path javaHome, Path replacement, Class<?> main, List<String> arguments)
      throws Exception {
    String artifact =
        replacement == null
            ? "/"
            : replacement.getFileName().toString().replaceAll("-[0-9.]+jar$", "-");
    Stream<String> kept =
        Arrays.stream(System.getProperty("java.class.path").split(File.pathSeparator))
            .filter(entry -> !Path.of(entry).getFileName().toString().startsWith(artifact));
    Stream<String> first = Stream.ofNullable(replacement).map(Path::toString);
    Map<String, String> environment = new HashMap<>();
    environment.put(
        "CLASSPATH", Stream.concat(first, kept).collect(Collectors.joining(File.pathSeparator)));
    // On by default in 1.29 on Linux.
    environment.put("ORT_DISABLE_TELEMETRY", "1");
    List<String> command = new ArrayList<>();
    command.add(javaHome.resolve("bin").resolve("java").toString());
    command.addAll(ChildProcess.SHORT_LIVED);
    command.add("-Xmx256m");
    command.add(main.getName());
    command.addAll(arguments);
    return ChildProcess.run(folder, environment, command);
  }

  private static Path ownJava() {
    return Path.of(System.getProperty("java.home"));
  }

  private static List<Path> jars(String prefix) throws IOException {
    try (Stream<Path> all = Files.list(VERSIONS)) {
      return new ArrayList<>(
          all.filter(jar -> jar.getFileName().toString().startsWith(prefix)).sorted().toList());
    }
  }
}
