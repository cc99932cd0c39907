package dev.subbit.tribuo.training.internal.checkpoint;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.subbit.tribuo.training.internal.codebook.CodebookState;
import dev.subbit.tribuo.training.internal.protos.CheckpointHeaderProto;
import dev.subbit.tribuo.training.internal.protos.CheckpointPartProto;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Whatever happens while a checkpoint is written, a complete one exists. */
class CheckpointFolderTest {

  @TempDir Path temporary;
  private Path path;

  @BeforeEach
  void nameFolder() {
    path = temporary.resolve("long/run");
  }

  private static void assertSame(Checkpoint expected, Checkpoint actual) {
    assertEquals(expected.fingerprint(), actual.fingerprint());
    assertEquals(expected.stage(), actual.stage());
    assertEquals(expected.sums(), actual.sums());
    assertEquals(expected.history(), actual.history());
    assertEquals(expected.best(), actual.best());
    assertEquals(expected.state().step(), actual.state().step());
    Map<String, float[]> variables = expected.state().variables();
    assertEquals(variables.keySet(), actual.state().variables().keySet());
    variables.forEach(
        (name, values) -> assertArrayEquals(values, actual.state().variables().get(name), name));
    CodebookState codebook = expected.state().codebooks().get("conv");
    CodebookState read = actual.state().codebooks().get("conv");
    assertEquals(1, actual.state().codebooks().size());
    assertArrayEquals(codebook.codewords(), read.codewords());
    assertEquals(codebook.floats().keySet(), read.floats().keySet());
    assertArrayEquals(codebook.floats().get("p"), read.floats().get("p"));
    assertEquals(codebook.integers().keySet(), read.integers().keySet());
    assertArrayEquals(codebook.integers().get("steps"), read.integers().get("steps"));
  }

  private static byte[] bytes(Checkpoint checkpoint) throws IOException {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    CheckpointWriter.write(checkpoint, out);
    return out.toByteArray();
  }

  @Test
  void givesBackWhatWasWrittenLast() throws IOException {
    try (CheckpointFolder folder = CheckpointFolder.open(path)) {
      assertTrue(folder.read().isEmpty());
      folder.write(SampleCheckpoint.of(5));
      folder.write(SampleCheckpoint.of(6));
      assertSame(SampleCheckpoint.of(6), folder.read().orElseThrow());
    }
    try (CheckpointFolder again = CheckpointFolder.open(path)) {
      assertSame(SampleCheckpoint.of(6), again.read().orElseThrow());
      again.delete();
      assertTrue(again.read().isEmpty());
    }
  }

  @Test
  void largeVariablesArePutTogetherAgain() throws IOException {
    float[] large = new float[(1 << 19) + 3];
    for (int i = 0; i < large.length; i++) {
      large[i] = i;
    }
    Checkpoint checkpoint = SampleCheckpoint.of(5, large);
    assertSame(checkpoint, CheckpointReader.read(new ByteArrayInputStream(bytes(checkpoint))));
  }

  /** Version 0 as it was first written. This file stays when the format moves on. */
  @Test
  void readsFilesOfVersion0() throws IOException {
    try (InputStream file = getClass().getResourceAsStream("/stored/checkpoint-v0")) {
      byte[] stored = file.readAllBytes();
      assertSame(SampleCheckpoint.of(10), CheckpointReader.read(new ByteArrayInputStream(stored)));
      assertArrayEquals(stored, bytes(SampleCheckpoint.of(10)), "and writes the same");
    }
  }

  /** A disk that is full after a number of bytes. */
  private record FullDisk(FileChannel file, int capacity) implements CheckpointFolder.Target {

    static CheckpointFolder.Opening after(int capacity) {
      return path ->
          new FullDisk(
              FileChannel.open(
                  path,
                  StandardOpenOption.CREATE,
                  StandardOpenOption.TRUNCATE_EXISTING,
                  StandardOpenOption.WRITE),
              capacity);
    }

    @Override
    public int write(ByteBuffer bytes) throws IOException {
      int room = (int) (capacity - file.size());
      if (room < bytes.remaining()) {
        file.write(bytes.slice(bytes.position(), room));
        throw new IOException("No space left on device");
      }
      return file.write(bytes);
    }

    @Override
    public void force() throws IOException {
      if (file.size() == capacity) {
        throw new IOException("Input/output error");
      }
    }

    @Override
    public boolean isOpen() {
      return file.isOpen();
    }

    @Override
    public void close() throws IOException {
      file.close();
    }
  }

  @Test
  void aFullDiskLeavesTheCheckpointBefore() throws IOException {
    try (CheckpointFolder folder = CheckpointFolder.open(path)) {
      folder.write(SampleCheckpoint.of(5));
    }
    int size = bytes(SampleCheckpoint.of(6)).length;
    // With room for all bytes the failure is that of the last moment, when they are forced.
    for (int capacity : new int[] {0, 1, size / 2, size - 1, size}) {
      try (CheckpointFolder folder = CheckpointFolder.open(path, FullDisk.after(capacity))) {
        assertThrows(IOException.class, () -> folder.write(SampleCheckpoint.of(6)));
        assertSame(SampleCheckpoint.of(5), folder.read().orElseThrow());
        assertFalse(Files.exists(path.resolve("training.checkpoint.part")), "room is given back");
      }
    }
    try (CheckpointFolder folder = CheckpointFolder.open(path, FullDisk.after(size + 1))) {
      folder.write(SampleCheckpoint.of(6));
      assertSame(SampleCheckpoint.of(6), folder.read().orElseThrow());
    }
  }

  @Test
  void theSystemsOwnFullDeviceLeavesTheCheckpointBefore() throws IOException {
    Path full = Path.of("/dev/full");
    assumeTrue(Files.isWritable(full));
    CheckpointFolder.Opening opening =
        file -> new FullDisk(FileChannel.open(full, StandardOpenOption.WRITE), 1 << 20);
    try (CheckpointFolder folder = CheckpointFolder.open(path)) {
      folder.write(SampleCheckpoint.of(5));
    }
    try (CheckpointFolder folder = CheckpointFolder.open(path, opening)) {
      IOException e = assertThrows(IOException.class, () -> folder.write(SampleCheckpoint.of(6)));
      assertTrue(e.getMessage().contains("No space left"), e.getMessage());
      assertSame(SampleCheckpoint.of(5), folder.read().orElseThrow());
    }
  }

  /** The files that a process leaves when it is killed while writing. */
  @Test
  void theRestOfATemporaryFileIsNoMatter() throws IOException {
    byte[] next = bytes(SampleCheckpoint.of(6));
    for (int length : new int[] {0, 20, next.length - 1, next.length}) {
      try (CheckpointFolder folder = CheckpointFolder.open(path)) {
        folder.write(SampleCheckpoint.of(5));
        Files.write(path.resolve("training.checkpoint.part"), Arrays.copyOf(next, length));
        assertSame(SampleCheckpoint.of(5), folder.read().orElseThrow());
        folder.write(SampleCheckpoint.of(7));
        assertSame(SampleCheckpoint.of(7), folder.read().orElseThrow());
      }
    }
  }

  @Test
  void everyDamageIsFound() throws IOException {
    byte[] intact = bytes(SampleCheckpoint.of(5));
    for (int i = 0; i < intact.length; i++) {
      byte[] damaged = intact.clone();
      damaged[i] ^= (byte) (1 << i % 8);
      assertRefused(damaged);
      assertRefused(Arrays.copyOf(intact, i));
    }
    assertRefused(Arrays.copyOf(intact, intact.length + 1));
  }

  private static void assertRefused(byte[] bytes) {
    assertThrows(IOException.class, () -> CheckpointReader.read(new ByteArrayInputStream(bytes)));
  }

  @Test
  void aDamagedCheckpointIsNamedWithWhatToDo() throws IOException {
    try (CheckpointFolder folder = CheckpointFolder.open(path)) {
      Files.writeString(folder.file(), "SUBBITCK and no more");
      IOException e = assertThrows(IOException.class, folder::read);
      assertTrue(e.getMessage().contains(folder.file().toString()), e.getMessage());
      assertTrue(e.getMessage().contains("Delete it"), e.getMessage());
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {-1, 1, Integer.MAX_VALUE})
  void otherVersionsAreRefused(int version) throws IOException {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    out.write(CheckpointWriter.MAGIC);
    CheckpointPartProto.newBuilder()
        .setHeader(CheckpointHeaderProto.newBuilder().setVersion(version))
        .build()
        .writeDelimitedTo(out);
    IOException e =
        assertThrows(
            IOException.class,
            () -> CheckpointReader.read(new ByteArrayInputStream(out.toByteArray())));
    assertTrue(e.getMessage().contains("version " + version), e.getMessage());
  }

  @Test
  void oneFolderIsForOneTrainingAtATime() throws IOException {
    CheckpointFolder first = CheckpointFolder.open(path);
    IOException e = assertThrows(IOException.class, () -> CheckpointFolder.open(path));
    assertTrue(e.getMessage().contains("Another training"), e.getMessage());
    first.close();
    CheckpointFolder.open(path).close();
  }

  @Test
  void aFolderThatCannotBeMadeIsNamed() throws IOException {
    Files.writeString(temporary.resolve("long"), "a file");
    IOException e = assertThrows(IOException.class, () -> CheckpointFolder.open(path));
    assertTrue(e.getMessage().contains(path.toString()), e.getMessage());
  }

  @Test
  void fingerprintsNameWhatDiffers() {
    Fingerprint before = new Fingerprint(Map.of("epochs", "10", "tau", "5"), Map.of("images", "9"));
    Fingerprint now = new Fingerprint(Map.of("epochs", "20", "tau", "5"), Map.of("classes", "2"));
    assertEquals(List.of(), before.differences(before));
    assertEquals(
        List.of(
            "epochs was 10 and is 20", "classes was absent and is 2", "images was 9 and is absent"),
        before.differences(now));
  }
}
