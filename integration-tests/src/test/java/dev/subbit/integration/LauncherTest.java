package dev.subbit.integration;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** Tests the launcher with substitutes for Java and Maven that report how they were called. */
@DisabledOnOs(OS.WINDOWS)
class LauncherTest {

  @TempDir Path folder;
  private Path home;
  private Path javaHome;
  private String locale = "C.UTF-8";

  @BeforeEach
  void makeCheckout() throws IOException {
    home = folder.resolve("a checkout");
    Files.createDirectories(home);
    Files.copy(Path.of("..", "subbit"), home.resolve("subbit"));
    Files.writeString(home.resolve("pom.xml"), "<project/>");
    for (String module :
        List.of(
            "onnx-ops",
            "fpga-backend",
            "plugin/model",
            "plugin/zoo",
            "plugin/quantizer",
            "plugin/training",
            "plugin/cli")) {
      Files.createDirectories(home.resolve(module + "/src/main"));
      Files.writeString(home.resolve(module + "/pom.xml"), "<project/>");
    }
    Files.createDirectories(home.resolve("plugin/cli/target"));
    script(home.resolve("mvnw"), "echo \"$@\" > maven.txt; : > plugin/cli/target/dependencies.txt");
    javaHome = folder.resolve("jdk");
    installJava("25.0.1");
    build();
  }

  @Test
  void passesArgumentsAndExitCodeThrough() throws Exception {
    Result result = launch(home.resolve("subbit"), "demo", "--out", "a b");
    assertEquals(7, result.code, result.text);
    assertTrue(result.text.contains("<dev.subbit.cli.Main><demo><--out><a b>"), result.text);
    assertTrue(result.text.contains("<-Dsubbit.home=" + home.toRealPath() + ">"), result.text);
    assertTrue(
        result.text.contains("CLASSPATH=" + home.toRealPath() + "/plugin/cli/target/classes:"),
        result.text);
    assertTrue(Files.notExists(home.resolve("maven.txt")), "built unnecessarily");
  }

  @Test
  void readsFileNamesAsUtf8WhereTheLocaleIsC() throws Exception {
    locale = "POSIX";
    assertTrue(launch(home.resolve("subbit")).text.contains("LC_ALL=C.UTF-8\n"));
    locale = "de_DE.UTF-8";
    assertTrue(launch(home.resolve("subbit")).text.contains("LC_ALL=de_DE.UTF-8\n"));
  }

  @Test
  void archivesTheClassesOfAStartOncePerBuildAndJava() throws Exception {
    script(
        javaHome.resolve("bin/java"),
        "if [ \"$1\" = -version ]; then echo 'openjdk version \"25.0.1\"' >&2; exit 0; fi;"
            + " for a in \"$@\"; do case \"$a\" in -XX:ArchiveClassesAtExit=*)"
            + " echo made >> made.txt; : > \"${a#*=}\"; touch -d '+1 minute' \"${a#*=}\";; esac;"
            + " printf '<%s>' \"$a\"; done; echo");
    Path archive = home.toRealPath().resolve("plugin/cli/target/start-25.0.1.jsa");
    for (int start = 0; start < 2; start++) {
      Result result = launch(home.resolve("subbit"), "demo");
      assertTrue(
          result.text.contains("<-Xshare:auto><-XX:SharedArchiveFile=" + archive + ">"),
          result.text);
    }
    assertEquals(1, Files.readAllLines(folder.resolve("made.txt")).size());
    assertTrue(launch(home.resolve("subbit"), "--help").text.contains("<-XX:TieredStopAtLevel=1>"));
  }

  @Test
  void runsThroughSymbolicLinks() throws Exception {
    Path link = Files.createSymbolicLink(folder.resolve("link"), home.resolve("subbit"));
    Path second = Files.createSymbolicLink(folder.resolve("second"), Path.of("link"));
    assertEquals(7, launch(link).code);
    assertEquals(7, launch(second).code);
  }

  @Test
  void buildsWhatIsMissingOrOlderThanItsSources() throws Exception {
    Files.delete(home.resolve("plugin/cli/target/dependencies.txt"));
    assertEquals(7, launch(home.resolve("subbit")).code);
    assertTrue(Files.readString(home.resolve("maven.txt")).contains("package"));

    Files.delete(home.resolve("maven.txt"));
    Path source = Files.writeString(home.resolve("plugin/model/src/main/New.java"), "");
    Files.setLastModifiedTime(source, FileTime.from(Instant.now().plusSeconds(60)));
    Result result = launch(home.resolve("subbit"));
    assertTrue(result.text.contains("building"), result.text);
    assertTrue(Files.exists(home.resolve("maven.txt")));
  }

  @Test
  void aFailedBuildShowsItsEnd() throws Exception {
    Files.delete(home.resolve("plugin/cli/target/dependencies.txt"));
    script(home.resolve("mvnw"), "echo the compiler said no; exit 1");
    Result result = launch(home.resolve("subbit"));
    assertEquals(1, result.code);
    assertTrue(result.text.contains("the compiler said no"), result.text);
    assertTrue(result.text.contains("subbit: the build failed"), result.text);
  }

  @Test
  void refusesAnOldJava() throws Exception {
    installJava("11.0.2");
    Result result = launch(home.resolve("subbit"));
    assertEquals(1, result.code);
    assertTrue(result.text.contains("needs 17 or newer"), result.text);
  }

  @Test
  void namesAWrongJavaHome() throws Exception {
    Files.delete(javaHome.resolve("bin/java"));
    Result result = launch(home.resolve("subbit"));
    assertEquals(1, result.code);
    assertTrue(result.text.contains(javaHome.toString()), result.text);
  }

  @Test
  void saysNothingOfNativeAccessToAnOlderJava() throws Exception {
    installJava("17.0.15");
    Result older = launch(home.resolve("subbit"));
    assertTrue(!older.text.contains("native-access"), older.text);
    installJava("25.0.1");
    Result newer = launch(home.resolve("subbit"));
    assertTrue(newer.text.contains("<--enable-native-access=ALL-UNNAMED>"), newer.text);
  }

  /** The one for Windows is not run here; it must at least know the same of Java. */
  @Test
  void bothLaunchersGiveJavaTheSameOptions() throws Exception {
    String posix = Files.readString(Path.of("..", "subbit"));
    String windows = Files.readString(Path.of("..", "subbit.cmd"));
    assertEquals(javaOptions(posix), javaOptions(windows));
    assertTrue(javaOptions(windows).contains("-XX:SharedArchiveFile"), windows);
    Set<String> labels = matches("(?m)^:(\\w+)", windows);
    assertEquals(labels, matches("(?:goto|call) :(\\w+)", windows), "labels and jumps");
    assertFalse(windows.replace("\r\n", "").contains("\n"), "lines end as Windows's do");
  }

  private static Set<String> javaOptions(String script) {
    Set<String> options = new TreeSet<>(matches("(-XX:\\w+|-Xshare:\\w+|-Dsubbit[.]home)", script));
    options.addAll(matches("(--enable-native-access|--sun-misc-unsafe-memory-access)=", script));
    options.addAll(matches("(TF_CPP_MIN_LOG_LEVEL|SUBBIT_JAVA_OPTS)", script));
    return options;
  }

  private static Set<String> matches(String pattern, String text) {
    return Pattern.compile(pattern)
        .matcher(text)
        .results()
        .map(match -> match.group(1))
        .collect(Collectors.toCollection(TreeSet::new));
  }

  private void build() throws IOException {
    Path file =
        Files.writeString(home.resolve("plugin/cli/target/dependencies.txt"), home + "/pom.xml");
    Files.setLastModifiedTime(file, FileTime.from(Instant.now().plusSeconds(10)));
  }

  private void installJava(String version) throws IOException {
    Files.createDirectories(javaHome.resolve("bin"));
    Files.deleteIfExists(javaHome.resolve("bin/javac"));
    script(javaHome.resolve("bin/javac"), "exit 0");
    script(
        javaHome.resolve("bin/java"),
        "if [ \"$1\" = -version ]; then echo 'openjdk version \""
            + version
            + "\" 2026-01-01' >&2; exit 0; fi; echo \"CLASSPATH=$CLASSPATH\"; echo"
            + " \"LC_ALL=$LC_ALL\"; for a in \"$@\"; do printf '<%s>' \"$a\"; done; exit 7");
  }

  private static void script(Path file, String body) throws IOException {
    Files.deleteIfExists(file);
    Files.writeString(file, "#!/bin/sh\n" + body + "\n");
    Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rwxr-xr-x"));
  }

  private Result launch(Path launcher, String... args) throws Exception {
    List<String> command = new ArrayList<>(List.of(launcher.toString()));
    command.addAll(List.of(args));
    ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true);
    builder.directory(folder.toFile());
    builder.environment().putAll(Map.of("JAVA_HOME", javaHome.toString(), "LC_ALL", locale));
    builder.environment().remove("SUBBIT_JAVA_OPTS");
    Process process = builder.start();
    process.getOutputStream().close();
    String text = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    return new Result(process.waitFor(), text);
  }

  private record Result(int code, String text) {}
}
