package dev.subbit.cli.bench.peer;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import java.util.stream.Stream;

/**
 * Packages of the Python package index, fetched once by pip, checked against their SHA-256 and kept
 * in the cache that the native build uses, too: {@code $SUBBIT_CACHE}, else {@code
 * $XDG_CACHE_HOME/subbit}, else {@code ~/.cache/subbit}.
 */
final class PythonPackages {

  private static final String NEEDED =
      " Python 3 with pip is needed once (Debian: apt-get install python3-pip), and the network.";

  private final String python;
  private final Path cache;

  /**
   * Chooses the interpreter and the cache.
   *
   * @param python the program, such as {@code python3}.
   * @param cache the folder of the cache.
   */
  PythonPackages(String python, Path cache) {
    this.python = python;
    this.cache = cache;
  }

  /**
   * The cache that the environment names.
   *
   * @param environment variables of the environment.
   * @return its folder, which need not exist.
   */
  static Path cache(Map<String, String> environment) {
    if (environment.containsKey("SUBBIT_CACHE")) {
      return Path.of(environment.get("SUBBIT_CACHE"));
    }
    return environment.containsKey("XDG_CACHE_HOME")
        ? Path.of(environment.get("XDG_CACHE_HOME"), "subbit")
        : Path.of(System.getProperty("user.home"), ".cache", "subbit");
  }

  /**
   * Fetches packages, unless the cache has them.
   *
   * @param name name of their folder in the cache.
   * @param requirements every package, with version and hashes, as pip reads them.
   * @param notes receives a line before anything is fetched.
   * @return the folder with the packages, for Python's path.
   * @throws IOException if there is no Python or pip cannot get the packages; the message says why
   *     and what helps.
   */
  Path install(String name, String requirements, Consumer<String> notes) throws IOException {
    // A package with native code fits one version of Python.
    String tag = run("-c", "import sys; print('cp%d%d' % sys.version_info[:2])").strip();
    Path folder = cache.resolve(name + "-" + tag);
    if (Files.exists(folder)) {
      return folder;
    }
    Files.createDirectories(cache);
    // Two commands may run side by side: the second waits for the first and then finds the folder.
    try (FileChannel channel =
        FileChannel.open(
            cache.resolve("." + name + ".lock"),
            StandardOpenOption.CREATE,
            StandardOpenOption.WRITE)) {
      // Released with the channel.
      channel.lock();
      if (!Files.exists(folder)) {
        notes.accept("Fetching " + name + " (once; kept in " + cache + ")");
        fetch(folder, requirements);
      }
    }
    return folder;
  }

  private void fetch(Path folder, String requirements) throws IOException {
    Path work = folder.resolveSibling(folder.getFileName() + ".part");
    delete(work);
    Files.createDirectories(work);
    Path list = Files.writeString(work.resolve("requirements.txt"), requirements);
    // Into a folder, since Debian's Python can make no virtual environment without another package.
    run(
        "-m",
        "pip",
        "--disable-pip-version-check",
        "install",
        "--quiet",
        "--no-deps",
        "--only-binary",
        ":all:",
        "--require-hashes",
        "--target",
        work.toString(),
        "--requirement",
        list.toString());
    Files.move(work, folder, StandardCopyOption.ATOMIC_MOVE);
  }

  /** Runs Python and returns what it prints. */
  private String run(String... arguments) throws IOException {
    List<String> command = Stream.concat(Stream.of(python, "-I"), Stream.of(arguments)).toList();
    String printed;
    int code;
    try {
      Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
      process.getOutputStream().close();
      printed = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8).strip();
      code = process.waitFor();
    } catch (IOException e) {
      throw new IOException(e.getMessage() + "." + NEEDED, e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException("Interrupted", e);
    }
    if (code != 0) {
      throw new IOException(printed.substring(printed.lastIndexOf('\n') + 1) + "." + NEEDED);
    }
    return printed;
  }

  private static void delete(Path folder) throws IOException {
    if (Files.exists(folder)) {
      List<Path> files;
      try (Stream<Path> all = Files.walk(folder)) {
        files = all.sorted(Comparator.reverseOrder()).toList();
      }
      for (Path file : files) {
        Files.delete(file);
      }
    }
  }
}
