package dev.subbit.cli.bench.peer;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

class PythonPackagesTest {

  @TempDir Path folder;

  @Test
  void theCacheIsTheOneOfTheNativeBuild() {
    assertEquals(
        Path.of("/a"), PythonPackages.cache(Map.of("SUBBIT_CACHE", "/a", "XDG_CACHE_HOME", "/b")));
    assertEquals(Path.of("/b/subbit"), PythonPackages.cache(Map.of("XDG_CACHE_HOME", "/b")));
    assertEquals(
        Path.of(System.getProperty("user.home"), ".cache", "subbit"),
        PythonPackages.cache(Map.of()));
  }

  @Test
  @DisabledOnOs(OS.WINDOWS)
  void packagesAreFetchedOnceForEachVersionOfPython() throws IOException {
    // Leaves what it was called with in the folder that it installs to.
    Path python = python("echo \"$*\" > \"${12}/arguments\"");
    PythonPackages packages = new PythonPackages(python.toString(), folder.resolve("cache"));
    List<String> notes = new ArrayList<>();
    Path installed = packages.install("some-1.0", "some==1.0 --hash=sha256:00\n", notes::add);
    assertEquals(folder.resolve("cache/some-1.0-cp399"), installed);
    String arguments = Files.readString(installed.resolve("arguments"));
    assertTrue(arguments.contains("--require-hashes"), arguments);
    assertEquals(
        "some==1.0 --hash=sha256:00\n", Files.readString(installed.resolve("requirements.txt")));
    assertEquals(installed, packages.install("some-1.0", "", notes::add));
    assertEquals(1, notes.size(), notes.toString());
  }

  @Test
  @DisabledOnOs(OS.WINDOWS)
  void whatPipCannotGetLeavesNothingBehindAndIsExplained() throws IOException {
    Path python = python("echo noise; echo 'ERROR: no network'; exit 1");
    PythonPackages packages = new PythonPackages(python.toString(), folder.resolve("cache"));
    IOException failed =
        assertThrows(IOException.class, () -> packages.install("some-1.0", "", line -> {}));
    assertEquals(
        "ERROR: no network. Python 3 with pip is needed once (Debian: apt-get install"
            + " python3-pip), and the network.",
        failed.getMessage());
    assertFalse(Files.exists(folder.resolve("cache/some-1.0-cp399")));
  }

  @Test
  void withoutPythonTheMessageSaysSo() {
    PythonPackages packages =
        new PythonPackages(folder.resolve("python3").toString(), folder.resolve("cache"));
    IOException failed =
        assertThrows(IOException.class, () -> packages.install("some-1.0", "", line -> {}));
    assertTrue(failed.getMessage().contains("python3"), failed.getMessage());
    assertTrue(failed.getMessage().contains("apt-get install python3-pip"), failed.getMessage());
  }

  /** A Python 3.99 that runs a shell command instead of pip. */
  private Path python(String insteadOfPip) throws IOException {
    Path python =
        Files.writeString(
            folder.resolve("python3"),
            "#!/bin/sh\nif [ \"$2\" = -c ]; then echo cp399; exit; fi\n" + insteadOfPip + "\n");
    assertTrue(python.toFile().setExecutable(true));
    return python;
  }
}
