package dev.subbit.integration;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assumptions.abort;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * ONNX Runtime in another language, installed under {@code target}, and the script that runs models
 * with it.
 */
final class ForeignRuntime {

  private static final Path SCRIPTS = Path.of("src", "test", "resources", "interoperability");
  private static final Path INSTALLED = Path.of("target", "interoperability").toAbsolutePath();

  private final List<String> command;

  private ForeignRuntime(List<String> command) {
    this.command = command;
  }

  /** Node.js, which is available in every build of Subbit, because npm requires it. */
  static ForeignRuntime node() throws IOException, InterruptedException {
    try (FileChannel lock = installing()) {
      lock.lock();
      return installedNode();
    }
  }

  /** The file whose lock keeps tests that run at the same time from installing the same. */
  private static FileChannel installing() throws IOException {
    Files.createDirectories(INSTALLED);
    return FileChannel.open(
        INSTALLED.resolve("lock"), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
  }

  private static ForeignRuntime installedNode() throws IOException, InterruptedException {
    Path folder = INSTALLED.resolve("node");
    install(
        folder,
        SCRIPTS.resolve("node"),
        "package-lock.json",
        List.of("package.json", "package-lock.json", "run.js"),
        // The package's own script would fetch a library for GPUs.
        List.of("npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund"));
    return new ForeignRuntime(List.of("node", folder.resolve("run.js").toString()));
  }

  /**
   * Python 3. If it is not available, the calling test is skipped, or fails in continuous
   * integration ({@code CI=true}).
   */
  static ForeignRuntime python() throws IOException, InterruptedException {
    try (FileChannel lock = installing()) {
      lock.lock();
      return installedPython();
    }
  }

  private static ForeignRuntime installedPython() throws IOException, InterruptedException {
    Path folder = INSTALLED.resolve("python");
    Path python = folder.resolve(Path.of("venv", "bin", "python"));
    if (!Files.exists(python)) {
      Files.createDirectories(folder);
      ChildProcess made = makeEnvironment(folder);
      if (made.exitCode() != 0) {
        assertNotEquals("true", System.getenv("CI"), "CI needs Python 3: " + made.output());
        abort("No Python 3 with its venv module here: " + made.output());
      }
    }
    install(
        folder,
        SCRIPTS.resolve("python"),
        "requirements.txt",
        List.of("requirements.txt", "run.py", "notebook.py"),
        // Of the packages' thousands of modules, few are imported; these compile themselves.
        List.of(
            python.toString(),
            "-m",
            "pip",
            "install",
            "--quiet",
            "--no-compile",
            "-r",
            "requirements.txt"));
    return new ForeignRuntime(List.of(python.toString(), folder.resolve("run.py").toString()));
  }

  private static ChildProcess makeEnvironment(Path folder) throws InterruptedException {
    try {
      return ChildProcess.run(
          folder, Map.of(), List.of("python3", "-m", "venv", "--clear", "venv"));
    } catch (IOException e) {
      return new ChildProcess(127, e.getMessage());
    }
  }

  /** Runs the installer unless it has already run with the same {@code pinned} file. */
  private static void install(
      Path folder, Path scripts, String pinned, List<String> files, List<String> installer)
      throws IOException, InterruptedException {
    Files.createDirectories(folder);
    Path installed = folder.resolve("installed");
    for (String file : files) {
      Files.write(folder.resolve(file), Files.readAllBytes(scripts.resolve(file)));
    }
    if (Files.exists(installed) && Files.mismatch(installed, scripts.resolve(pinned)) == -1) {
      return;
    }
    ChildProcess child = ChildProcess.run(folder, Map.of(), installer);
    assertEquals(0, child.exitCode(), child.output());
    Files.copy(
        scripts.resolve(pinned), installed, java.nio.file.StandardCopyOption.REPLACE_EXISTING);
  }

  /** Runs the script and returns what it printed. */
  String run(Path folder, Object... arguments) throws IOException, InterruptedException {
    List<String> line = new ArrayList<>(command);
    for (Object argument : arguments) {
      line.add(argument.toString());
    }
    ChildProcess child = ChildProcess.run(folder, Map.of(), line);
    assertEquals(0, child.exitCode(), child.output());
    return child.output().strip();
  }

  /** Runs a script of its own in place of the common one, and returns what it printed. */
  String runScript(Path folder, Path script) throws IOException, InterruptedException {
    return runScript(folder, Map.of(), script);
  }

  /** The same with arguments, and more in the environment. */
  String runScript(Path folder, Map<String, String> environment, Path script, Path... arguments)
      throws IOException, InterruptedException {
    List<String> line = new ArrayList<>(List.of(command.get(0), script.toString()));
    for (Path argument : arguments) {
      line.add(argument.toString());
    }
    ChildProcess child = ChildProcess.run(folder, environment, line);
    assertEquals(0, child.exitCode(), child.output());
    return child.output().strip();
  }
}
