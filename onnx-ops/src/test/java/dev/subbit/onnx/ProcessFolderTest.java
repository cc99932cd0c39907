package dev.subbit.onnx;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.UserPrincipal;
import java.time.Instant;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ProcessFolderTest {

  private static final Platform WINDOWS = Platform.of("Windows 11", "amd64");
  private static final Platform LINUX = Platform.of("Linux", "amd64");
  private static final String NO_PREFIX = "subbit-none-";

  @TempDir Path parent;

  /** Another process: makes a folder with a library in it, says so, and ends when it is told to. */
  static final class Other {
    public static void main(String[] arguments) throws IOException {
      Path folder = ProcessFolder.create(Path.of(arguments[0]), new Platform(arguments[1]));
      Files.createFile(folder.resolve("subbit_ops.dll"));
      System.out.println(folder);
      System.in.read();
    }
  }

  private Process startOther(Platform platform) throws IOException {
    return new ProcessBuilder(
            Path.of(System.getProperty("java.home"), "bin", "java").toString(),
            "-cp",
            System.getProperty("java.class.path"),
            Other.class.getName(),
            parent.toString(),
            platform.name())
        .redirectError(ProcessBuilder.Redirect.INHERIT)
        .start();
  }

  private static Path folderOf(Process process) throws IOException {
    return Path.of(
        new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8))
            .readLine());
  }

  private UserPrincipal user() throws IOException {
    return Files.getOwner(parent);
  }

  /** As a process on Windows leaves it. */
  private Path abandoned(String name) throws IOException {
    Path folder = Files.createDirectory(parent.resolve(name));
    Files.createFile(folder.resolve("lock"));
    Files.createFile(folder.resolve("subbit_ops.dll"));
    return folder;
  }

  @Test
  void keepsTheFolderOfAProcessThatLivesAndRemovesItOnceThatWasKilled() throws Exception {
    Process other = startOther(LINUX);
    try {
      Path folder = folderOf(other);
      ProcessFolder.sweep(parent, NO_PREFIX, user());
      assertTrue(Files.exists(folder.resolve("subbit_ops.dll")));
      other.destroyForcibly().waitFor();
      assertTrue(Files.exists(folder));
      ProcessFolder.sweep(parent, NO_PREFIX, user());
      assertFalse(Files.exists(folder));
    } finally {
      other.destroyForcibly();
    }
  }

  @Test
  void leavesNothingBehindWhereOneMayDeleteALoadedLibrary() throws Exception {
    Process other = startOther(LINUX);
    Path folder = folderOf(other);
    Path inner = Files.createDirectory(folder.resolve("tmp-peer-1"));
    Files.createFile(inner.resolve("model.onnx"));
    other.getOutputStream().close();
    assertEquals(0, other.waitFor());
    assertFalse(Files.exists(folder));
  }

  @Test
  void leavesTheLockOnWindowsSoThatTheNextProcessSweeps() throws Exception {
    Process other = startOther(WINDOWS);
    Path folder = folderOf(other);
    other.getOutputStream().close();
    assertEquals(0, other.waitFor());
    assertTrue(Files.exists(folder.resolve("lock")));
    Process next = startOther(WINDOWS);
    assertNotEquals(folder, folderOf(next));
    next.getOutputStream().close();
    assertEquals(0, next.waitFor());
    assertFalse(Files.exists(folder));
  }

  @Test
  void leavesTheFoldersOfItsOwnProcessAlone() throws Exception {
    Path own = ProcessFolder.create(parent, LINUX);
    ProcessFolder.create(parent, LINUX);
    assertTrue(Files.exists(own.resolve("lock")));
  }

  @Test
  void leavesOtherUsersFoldersAlone() throws Exception {
    Path folder = abandoned("subbit-1-a");
    ProcessFolder.sweep(parent, NO_PREFIX, () -> "somebody");
    assertTrue(Files.exists(folder.resolve("subbit_ops.dll")));
    ProcessFolder.sweep(parent, NO_PREFIX, user());
    assertFalse(Files.exists(folder));
  }

  @Test
  void followsNoLinks() throws Exception {
    Path elsewhere = abandoned("elsewhere");
    Path link = Files.createSymbolicLink(parent.resolve("subbit-1-link"), elsewhere);
    Path folder = abandoned("subbit-1-locklink");
    Files.delete(folder.resolve("lock"));
    Files.createSymbolicLink(folder.resolve("lock"), elsewhere.resolve("lock"));
    ProcessFolder.sweep(parent, NO_PREFIX, user());
    assertTrue(Files.exists(elsewhere.resolve("subbit_ops.dll")));
    assertTrue(Files.exists(link));
    assertTrue(Files.exists(folder.resolve("subbit_ops.dll")));
  }

  @Test
  void deletesNothingThatProcessesDoNotPutThere() throws Exception {
    Path folder = abandoned("subbit-1-a");
    Path inner = Files.createDirectory(folder.resolve("tmp-peer-1"));
    Path outside = Files.createFile(parent.resolve("outside.txt"));
    Files.createSymbolicLink(inner.resolve("link"), outside);
    Path letter = Files.createFile(folder.resolve("letter.txt"));
    ProcessFolder.sweep(parent, NO_PREFIX, user());
    assertTrue(Files.exists(letter) && Files.exists(outside));
    assertFalse(Files.exists(inner));
    assertFalse(Files.exists(folder.resolve("subbit_ops.dll")));
  }

  @Test
  void leavesAFolderAloneThatIsBeingMade() throws Exception {
    Path half = Files.createDirectory(parent.resolve("subbit-1-a"));
    Path foreign = Files.createDirectory(parent.resolve("subbit-2-a"));
    Files.createFile(foreign.resolve("letter.txt"));
    ProcessFolder.sweep(parent, NO_PREFIX, user());
    assertTrue(Files.exists(half));
    for (Path folder : new Path[] {half, foreign}) {
      Files.setLastModifiedTime(folder, FileTime.from(Instant.now().minusSeconds(3700)));
    }
    ProcessFolder.sweep(parent, NO_PREFIX, user());
    assertFalse(Files.exists(half), "its process was killed before it could lock the folder");
    assertTrue(Files.exists(foreign.resolve("letter.txt")));
  }
}
