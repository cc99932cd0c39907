package dev.subbit.integration;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/**
 * A finished process.
 *
 * @param exitCode its exit code; 134 for a JVM that crashed, 137 for one that was killed because it
 *     took too long.
 * @param output what it printed, errors included.
 */
record ChildProcess(int exitCode, String output) {

  private static final int LIMIT_SECONDS = 300;

  /**
   * For JVMs that end after seconds: compiling more, or collecting in parallel, costs them time.
   */
  static final List<String> SHORT_LIVED = List.of("-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC");

  /** Runs a program and waits for it to end. */
  static ChildProcess run(Path folder, Map<String, String> environment, List<String> command)
      throws IOException, InterruptedException {
    Path output = Files.createTempFile(folder, "output", ".txt");
    ProcessBuilder builder =
        new ProcessBuilder(command)
            .directory(folder.toFile())
            .redirectErrorStream(true)
            .redirectOutput(output.toFile());
    builder.environment().putAll(environment);
    Process process = builder.start();
    if (!process.waitFor(LIMIT_SECONDS, TimeUnit.SECONDS)) {
      process.destroyForcibly();
    }
    return new ChildProcess(
        process.waitFor(), Files.readString(output, StandardCharsets.ISO_8859_1));
  }

  /** Runs a class of this module in its own JVM, so that a crash shows as an exit code. */
  static ChildProcess java(
      Path folder,
      Map<String, String> environment,
      List<String> options,
      Class<?> main,
      String... arguments)
      throws IOException, InterruptedException {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(SHORT_LIVED);
    command.add("-Xmx256m");
    command.addAll(options);
    command.add(main.getName());
    command.addAll(List.of(arguments));
    Map<String, String> withClassPath = new java.util.HashMap<>(environment);
    withClassPath.put("CLASSPATH", System.getProperty("java.class.path"));
    return run(folder, withClassPath, command);
  }
}
