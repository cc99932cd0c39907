package dev.subbit.onnx;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.UserPrincipal;
import java.time.Instant;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class AbandonedRuntimesTest {

  @TempDir Path parent;

  private Path folder(String name, long ageSeconds, String... files) throws IOException {
    Path folder = Files.createDirectory(parent.resolve(name));
    for (String file : files) {
      Files.write(folder.resolve(file), new byte[] {1});
    }
    Instant made = Instant.now().minusSeconds(ageSeconds);
    Files.setLastModifiedTime(folder, FileTime.from(made));
    return folder;
  }

  private static final String[] LIBRARIES = {"libonnxruntime.so", "libonnxruntime4j_jni.so"};

  private String[] leftAfterSweep(UserPrincipal user) throws IOException {
    AbandonedRuntimes.sweep(parent, user);
    try (var files = Files.list(parent)) {
      return files.map(file -> file.getFileName().toString()).sorted().toArray(String[]::new);
    }
  }

  @Test
  void onlyAnOldCopyOfTheUsersOwnIsRemoved() throws Exception {
    UserPrincipal user = Files.getOwner(parent);
    folder("onnxruntime-java1", 3700, LIBRARIES);
    folder("onnxruntime-java2", 3700, "onnxruntime.dll");
    folder("onnxruntime-java3", 3500, LIBRARIES);
    folder("onnxruntime-java4", 3700, "libonnxruntime.so", "letter.txt");
    folder("onnxruntime-javascript", 3700, LIBRARIES);
    Files.createSymbolicLink(
        parent.resolve("onnxruntime-java5"), folder("elsewhere", 3700, LIBRARIES));
    assertEquals(7, leftAfterSweep(() -> "somebody").length);
    assertEquals(
        "elsewhere onnxruntime-java3 onnxruntime-java4 onnxruntime-java5 onnxruntime-javascript",
        String.join(" ", leftAfterSweep(user)));
    assertTrue(Files.exists(parent.resolve("elsewhere/libonnxruntime.so")));
  }

  @Test
  void aCopyThatAProcessHasMappedStays() throws Exception {
    assumeTrue(Files.isDirectory(Path.of("/proc/self")), "Mapped files are seen on Linux only");
    Path used = folder("onnxruntime-java1", 9000, LIBRARIES);
    ByteBuffer mapped;
    try (FileChannel channel = FileChannel.open(used.resolve(LIBRARIES[0]))) {
      mapped = channel.map(FileChannel.MapMode.READ_ONLY, 0, 1);
    }
    assertEquals(1, leftAfterSweep(Files.getOwner(parent)).length);
    assertEquals(1, mapped.get(0));
  }
}
