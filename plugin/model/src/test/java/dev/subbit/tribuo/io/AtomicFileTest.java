package dev.subbit.tribuo.io;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** Files that appear whole or not at all, in whatever place a user names. */
class AtomicFileTest {

  @TempDir private Path folder;

  private static AtomicFile.Content bytes(int count) {
    return out -> out.write(new byte[count]);
  }

  private List<String> names() throws IOException {
    try (Stream<Path> files = Files.list(folder)) {
      return files.map(file -> file.getFileName().toString()).sorted().toList();
    }
  }

  @Test
  void writesANewFileAndReplacesAnOldOne() throws IOException {
    Path file = folder.resolve("a.bin");
    AtomicFile.write(file, bytes(70_001));
    assertEquals(70_001, Files.size(file));
    AtomicFile.write(file, bytes(3));
    assertEquals(3, Files.size(file));
    assertEquals(List.of("a.bin"), names());
  }

  @Test
  void aFailureLeavesTheFileAsItWas() throws IOException {
    Path file = Files.write(folder.resolve("a.bin"), new byte[] {7});
    IOException failure =
        assertThrows(
            IOException.class,
            () ->
                AtomicFile.write(
                    file,
                    out -> {
                      out.write(new byte[200_000]);
                      throw new IOException("half of it");
                    }));
    assertEquals("half of it", failure.getMessage());
    assertArrayEquals(new byte[] {7}, Files.readAllBytes(file));
    assertEquals(List.of("a.bin"), names());
  }

  @Test
  @DisabledOnOs(OS.WINDOWS)
  void linksStayAndLeadToTheNewContent() throws IOException {
    Path inner = Files.createDirectory(folder.resolve("inner"));
    Path file = Files.write(inner.resolve("real"), new byte[1]);
    Path second = Files.createSymbolicLink(folder.resolve("second"), Path.of("inner/real"));
    Path first = Files.createSymbolicLink(folder.resolve("first"), Path.of("second"));
    AtomicFile.write(first, bytes(5));
    assertTrue(Files.isSymbolicLink(first) && Files.isSymbolicLink(second));
    assertEquals(5, Files.size(file));

    Path dangling = Files.createSymbolicLink(folder.resolve("d"), Path.of("inner/../inner/new"));
    AtomicFile.write(dangling, bytes(6));
    assertTrue(Files.isSymbolicLink(dangling));
    assertEquals(6, Files.size(inner.resolve("new")));

    Path circle = Files.createSymbolicLink(folder.resolve("circle"), Path.of("circle"));
    IOException failure = assertThrows(IOException.class, () -> AtomicFile.write(circle, bytes(1)));
    assertTrue(failure.getMessage().contains("circle"), failure.getMessage());
  }

  @Test
  @DisabledOnOs(OS.WINDOWS)
  void permissionsStay() throws IOException {
    Path file = Files.write(folder.resolve("secret"), new byte[1]);
    for (String permissions : List.of("rw-------", "rw-rw-rw-", "rwxr-x---")) {
      Files.setPosixFilePermissions(file, PosixFilePermissions.fromString(permissions));
      AtomicFile.write(
          file,
          out -> {
            out.write(1);
            try (Stream<Path> files = Files.list(folder)) {
              Path part = files.filter(each -> !each.equals(file)).findFirst().orElseThrow();
              assertEquals(
                  permissions,
                  PosixFilePermissions.toString(Files.getPosixFilePermissions(part)),
                  "while it is written");
            }
          });
      assertEquals(permissions, PosixFilePermissions.toString(Files.getPosixFilePermissions(file)));
    }
  }

  @Test
  @EnabledOnOs(OS.LINUX)
  void ownersStayWhereTheSystemAllowsThat() throws Exception {
    Path file = Files.write(folder.resolve("theirs"), new byte[1]);
    Process chown = new ProcessBuilder("chown", "65534:65534", file.toString()).start();
    boolean administrator = chown.waitFor() == 0;
    Object owner = Files.getOwner(file);
    AtomicFile.write(file, bytes(2));
    assertEquals(owner, Files.getOwner(file));
    assertEquals(
        administrator ? 65534 : Files.getAttribute(folder, "unix:gid"),
        Files.getAttribute(file, "unix:gid"));
  }

  @Test
  @EnabledOnOs({OS.LINUX, OS.MAC})
  void devicesAndPipesAreWrittenThrough() throws Exception {
    Object device = Files.getAttribute(Path.of("/dev/null"), "unix:ino");
    AtomicFile.requireWritable(Path.of("/dev/null"));
    AtomicFile.write(Path.of("/dev/null"), bytes(9));
    assertEquals(device, Files.getAttribute(Path.of("/dev/null"), "unix:ino"));

    Path pipe = folder.resolve("pipe");
    assertEquals(0, new ProcessBuilder("mkfifo", pipe.toString()).start().waitFor());
    AtomicFile.requireWritable(pipe);
    CompletableFuture<byte[]> read =
        CompletableFuture.supplyAsync(
            () -> {
              try {
                return Files.readAllBytes(pipe);
              } catch (IOException e) {
                throw new IllegalStateException(e);
              }
            });
    AtomicFile.write(pipe, bytes(99_999));
    assertEquals(99_999, read.get(20, TimeUnit.SECONDS).length);
    assertFalse(Files.isRegularFile(pipe, LinkOption.NOFOLLOW_LINKS));
  }

  @Test
  @EnabledOnOs(OS.LINUX)
  void aFullDeviceIsAFailure() {
    IOException failure =
        assertThrows(
            IOException.class, () -> AtomicFile.write(Path.of("/dev/full"), bytes(100_000)));
    assertTrue(failure.getMessage().contains("No space left"), failure.getMessage());
  }

  @Test
  void whatAKilledProcessLeftBehindIsRemoved() throws IOException {
    Path left = Files.write(folder.resolve(".a.bin.4711-k3x9-2.part"), new byte[10]);
    Path fresh = Files.write(folder.resolve(".a.bin.4711-k3x9-3.part"), new byte[10]);
    Path others = Files.write(folder.resolve(".b.bin.4711-k3x9-2.part"), new byte[10]);
    Path own = Files.write(folder.resolve(".a.bin.part"), new byte[10]);
    FileTime hourAgo = FileTime.from(Instant.now().minus(Duration.ofHours(1)));
    for (Path old : List.of(left, others, own)) {
      Files.setLastModifiedTime(old, hourAgo);
    }
    AtomicFile.write(folder.resolve("a.bin"), bytes(1));
    assertFalse(Files.exists(left), "nobody writes it any more");
    assertTrue(Files.exists(fresh), "its process may be about to lock it");
    assertTrue(Files.exists(others), "another file's");
    assertTrue(Files.exists(own), "a file of the user's");
  }

  @Test
  @EnabledOnOs({OS.LINUX, OS.MAC})
  void whatAnotherProcessWritesIsLeftAlone() throws Exception {
    Path part = Files.write(folder.resolve(".a.bin.4711-k3x9-2.part"), new byte[10]);
    Files.setLastModifiedTime(part, FileTime.from(Instant.now().minus(Duration.ofHours(1))));
    // A lock of this process stands for one of another: the JVM refuses a second one, too.
    try (FileChannel channel = FileChannel.open(part, StandardOpenOption.WRITE)) {
      assertTrue(channel.lock().isValid());
      AtomicFile.write(folder.resolve("a.bin"), bytes(1));
    }
    assertTrue(Files.exists(part));
  }

  @Test
  void saysBeforehandWhatCannotBeWritten() throws IOException {
    assertRefused(folder, "it is a folder");
    assertRefused(folder.resolve("none/x"), "Create it first");
    AtomicFile.requireWritable(folder.resolve("x"));
    assertFalse(Files.exists(folder.resolve("x")), "nothing is tried out");
  }

  private static void assertRefused(Path path, String part) {
    IOException failure = assertThrows(IOException.class, () -> AtomicFile.requireWritable(path));
    assertTrue(failure.getMessage().contains(part), failure.getMessage());
  }

  /** A process that prints, writes a file of some bytes, and prints again. */
  static final class Writer {

    private Writer() {}

    public static void main(String[] args) throws IOException {
      System.out.println("before");
      try {
        AtomicFile.write(
            Path.of(args[0]),
            out ->
                out.write(
                    "x".repeat(Integer.parseInt(args[1])).getBytes(StandardCharsets.US_ASCII)));
      } catch (IOException e) {
        System.out.print(e.getMessage());
      }
      System.out.println("|after");
    }
  }

  /** Runs {@link Writer} in a shell, with its output in a file; returns what it printed. */
  private String write(String setting, Path file, int count) throws Exception {
    Path printed = folder.resolve("printed");
    String command =
        String.format(
            "%s; exec '%s' -Xshare:auto -cp '%s' '%s' '%s' %d > '%s' 2>&1",
            setting,
            Path.of(System.getProperty("java.home"), "bin", "java"),
            System.getProperty("java.class.path"),
            Writer.class.getName(),
            file,
            count,
            printed);
    assertEquals(0, new ProcessBuilder("sh", "-c", command).start().waitFor());
    String text = Files.readString(printed);
    Files.delete(printed);
    return text;
  }

  @Test
  @EnabledOnOs(OS.LINUX)
  void standardOutputIsWrittenInOrderAndNotReplaced() throws Exception {
    assertEquals("before\nxxxxx|after\n", write("true", Path.of("/dev/stdout"), 5));
    assertEquals("before\nxxx|after\n", write("true", Path.of("/proc/self/fd/1"), 3));
    Path link = Files.createSymbolicLink(folder.resolve("link"), Path.of("/dev/stdout"));
    assertEquals("before\nxx|after\n", write("true", link, 2));
    Path other = Files.writeString(folder.resolve("other"), "kept,");
    String opened = "exec 7>>'" + other + "'";
    assertEquals("before\n|after\n", write(opened, Path.of("/dev/fd/7"), 4));
    assertEquals("kept,xxxx", Files.readString(other));
    assertTrue(Files.isSymbolicLink(Path.of("/dev/stdout")));
  }

  /**
   * On a file system of 64 KB where this process may mount one, else under a limit of the shell.
   */
  @Test
  @EnabledOnOs(OS.LINUX)
  void aFullDiskLeavesTheFileAsItWas() throws Exception {
    Path disk = Files.createDirectory(folder.resolve("disk"));
    boolean mounted = run("mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", disk.toString());
    try {
      Path file = Files.write(disk.resolve("a.bin"), new byte[] {7});
      if (mounted) {
        IOException failure =
            assertThrows(IOException.class, () -> AtomicFile.write(file, bytes(300_000)));
        assertTrue(failure.getMessage().contains("No space left"), failure.getMessage());
      } else {
        String said = write("ulimit -f 64", file, 300_000);
        assertTrue(said.contains("File too large"), said);
      }
      assertArrayEquals(new byte[] {7}, Files.readAllBytes(file));
      try (Stream<Path> files = Files.list(disk)) {
        assertEquals(List.of(file), files.toList());
      }
    } finally {
      if (mounted) {
        assertTrue(run("umount", disk.toString()));
      }
    }
  }

  private static boolean run(String... command) throws Exception {
    return new ProcessBuilder(command)
            .redirectErrorStream(true)
            .redirectOutput(ProcessBuilder.Redirect.DISCARD)
            .start()
            .waitFor()
        == 0;
  }
}
