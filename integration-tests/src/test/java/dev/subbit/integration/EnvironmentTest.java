package dev.subbit.integration;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.subbit.cli.Main;
import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/**
 * Commands in places that do not suit them: a locale of ASCII, a temporary folder without leave to
 * run programs, a full disk, a checkout that cannot be written to. Such places are mounted for one
 * process each, in a name space of its own. Terminals of two widths, pipes and Ctrl-C are in {@code
 * TerminalTest} of the command line.
 */
@EnabledOnOs(OS.LINUX)
class EnvironmentTest {

  private static final Path HOME = Path.of("").toAbsolutePath().getParent();
  private static final Path BOOT = HOME.resolve("docs/pictures/boot.jpg");
  private static final String MODEL = "fashion-mnist-int8-tau5";
  private static final String BOOT_LABEL = "ankle boot";

  @TempDir Path folder;
  private Path place;

  @BeforeEach
  void makePlace() throws IOException {
    place = Files.createDirectory(folder.resolve("place"));
  }

  /** The command line in a JVM. */
  private static List<String> subbit(List<String> options, Object... arguments) {
    List<String> command =
        new ArrayList<>(List.of(Path.of(System.getProperty("java.home"), "bin/java").toString()));
    command.addAll(List.of("-Xmx256m", "-XX:TieredStopAtLevel=1"));
    command.addAll(options);
    command.add(Main.class.getName());
    Stream.of(arguments).map(Object::toString).forEach(command::add);
    return command;
  }

  private ChildProcess run(Map<String, String> environment, List<String> command) throws Exception {
    return ChildProcess.run(folder, environment, command);
  }

  private ChildProcess run(List<String> command) throws Exception {
    return run(Map.of("CLASSPATH", System.getProperty("java.class.path")), command);
  }

  /** A command after a mount that only it sees. */
  private List<String> after(String mount, List<String> command) throws Exception {
    List<String> isolated = new ArrayList<>(List.of("unshare", "--mount"));
    if (!System.getProperty("user.name").equals("root")) {
      isolated.add("--map-root-user");
    }
    isolated.addAll(List.of("sh", "-c", mount + " && exec \"$@\"", "sh"));
    List<String> nothing = new ArrayList<>(isolated);
    nothing.add("true");
    ChildProcess possible = run(Map.of(), nothing);
    assumeTrue(
        possible.exitCode() == 0, "This system lets no test mount a folder: " + possible.output());
    isolated.addAll(command);
    return isolated;
  }

  private List<String> onTmpfs(String options, List<String> command) throws Exception {
    return after("mount -t tmpfs -o " + options + " tmpfs '" + place + "'", command);
  }

  private static void assertOneLine(String part, ChildProcess child) {
    List<String> lines =
        child.output().lines().filter(line -> !line.contains("warning: ")).toList();
    assertEquals(1, lines.size(), child.output());
    assertTrue(lines.get(0).startsWith("subbit: "), child.output());
    assertTrue(lines.get(0).contains(part), child.output());
    assertEquals(1, child.exitCode());
  }

  @Test
  void aTemporaryFolderThatAllowsNoProgramsIsNamedWithTheRemedy() throws Exception {
    List<String> options = List.of("-Djava.io.tmpdir=" + place);
    assertOneLine(
        "SUBBIT_JAVA_OPTS=-Djava.io.tmpdir=FOLDER",
        run(onTmpfs("noexec", subbit(options, "predict", MODEL, BOOT))));
  }

  @Test
  void aFullTemporaryFolderIsNamedWithTheRemedy() throws Exception {
    List<String> options = List.of("-Djava.io.tmpdir=" + place);
    assertOneLine(
        "SUBBIT_JAVA_OPTS=-Djava.io.tmpdir=FOLDER",
        run(onTmpfs("size=1m", subbit(options, "predict", MODEL, BOOT))));
  }

  /** The file is 96 KB. The list of what is left comes from the same name space. */
  @Test
  void aFullDiskEndsAnExportWithoutLeavingHalfAFile() throws Exception {
    List<String> command = new ArrayList<>(List.of("sh", "-c"));
    command.add("\"$@\"; code=$?; ls -A '" + place + "'; exit $code");
    command.add("sh");
    command.addAll(subbit(List.of(), "export", MODEL, place.resolve("clothes.onnx")));
    assertOneLine(
        "Cannot write " + place.resolve("clothes.onnx") + ": No space left on device",
        run(onTmpfs("size=32k", command)));
  }

  @Test
  void resultsThatDoNotFitOnStandardOutputAreAFailure() throws Exception {
    List<String> command = new ArrayList<>(List.of("sh", "-c", "exec \"$@\" > /dev/full", "sh"));
    command.addAll(subbit(List.of(), "inspect", MODEL));
    assertOneLine("cannot write to standard output: No space left on device", run(command));
  }

  @Test
  void aReaderThatHasSeenEnoughIsNoFailure() throws Exception {
    List<String> command = new ArrayList<>(List.of("bash", "-c"));
    command.add("set -o pipefail; \"$@\" | head -n 1");
    command.add("bash");
    command.addAll(subbit(List.of(), "inspect", MODEL, "--codebooks"));
    ChildProcess child = run(command);
    assertEquals(0, child.exitCode(), child.output());
    assertEquals(1, child.output().lines().count(), child.output());
  }

  /**
   * A checkout whose build is done: the launcher, and what it looks at. Its classes are those of
   * this test.
   */
  private Path checkout() throws IOException {
    Path home = Files.createDirectory(folder.resolve("a checkout"));
    Files.copy(HOME.resolve("subbit"), home.resolve("subbit"));
    List<String> modules =
        List.of("onnx-ops", "fpga-backend", "plugin/model", "plugin/zoo", "plugin/quantizer");
    for (String module : Stream.concat(modules.stream(), Stream.of("plugin/training")).toList()) {
      Files.createDirectories(home.resolve(module + "/src/main"));
      Files.writeString(home.resolve(module + "/pom.xml"), "<project/>");
    }
    Files.createDirectories(home.resolve("plugin/cli/src/main"));
    Files.createDirectories(home.resolve("plugin/cli/target"));
    for (String file : List.of("pom.xml", "CMakeLists.txt", "plugin/cli/pom.xml")) {
      Files.writeString(home.resolve(file), "");
    }
    Files.writeString(
        home.resolve("plugin/cli/target/dependencies.txt"), System.getProperty("java.class.path"));
    return home;
  }

  private static Map<String, String> launcher(String... more) {
    Map<String, String> environment = new java.util.HashMap<>();
    environment.put("JAVA_HOME", System.getProperty("java.home"));
    environment.put("SUBBIT_JAVA_OPTS", "-Xmx256m -XX:TieredStopAtLevel=1");
    for (int i = 0; i < more.length; i += 2) {
      environment.put(more[i], more[i + 1]);
    }
    return environment;
  }

  @Test
  void aLocaleOfAsciiKeepsNamesOfAllLetters() throws Exception {
    Path picture = Files.copy(BOOT, folder.resolve("Stiefel größe 靴.jpg"));
    Path json = folder.resolve("żółw.json");
    List<String> command = new ArrayList<>(List.of(checkout().resolve("subbit").toString()));
    command.addAll(List.of("predict", MODEL, picture.toString(), "--json", json.toString()));
    ChildProcess child = run(launcher("LC_ALL", "POSIX"), command);
    assertEquals(0, child.exitCode(), child.output());
    String output =
        new String(child.output().getBytes(StandardCharsets.ISO_8859_1), StandardCharsets.UTF_8);
    assertTrue(output.contains("Stiefel größe 靴.jpg") && output.contains(BOOT_LABEL), output);
    assertTrue(Files.readString(json).contains("Stiefel größe 靴.jpg"), "in the file, too");
  }

  @Test
  void aCheckoutThatCannotBeWrittenToRuns() throws Exception {
    Path home = checkout();
    String options = "'" + home + "' '" + home + "'";
    List<String> command =
        after(
            "mount --bind " + options + " && mount -o remount,ro,bind " + options,
            List.of(home.resolve("subbit").toString(), "predict", MODEL, BOOT.toString()));
    ChildProcess child = run(launcher(), command);
    assertEquals(0, child.exitCode(), child.output());
    assertTrue(child.output().contains(BOOT_LABEL), child.output());
    try (Stream<Path> files = Files.list(home.resolve("plugin/cli/target"))) {
      assertEquals(1, files.count(), "no class archive");
    }
    assertFalse(new File(home.toFile(), ".subbit").exists(), "no build");
  }
}
