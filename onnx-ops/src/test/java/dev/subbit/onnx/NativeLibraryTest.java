package dev.subbit.onnx;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class NativeLibraryTest {

  @Test
  void unpacksOnceToAFolderThatOnlyTheUserMayEnter() throws Exception {
    Path library = NativeLibrary.locate(SubBitOps.class, "ops");
    assertTrue(Files.size(library) > 0);
    assertEquals(library, NativeLibrary.locate(SubBitOps.class, "ops"));
    assertEquals(
        "rwx------",
        PosixFilePermissions.toString(Files.getPosixFilePermissions(library.getParent())));
  }

  @Test
  void takesTheLibraryThatThePropertyNames(@TempDir Path folder) throws Exception {
    Path own = Files.createFile(folder.resolve("own.so"));
    System.setProperty("subbit.other.library", own.toString());
    try {
      assertEquals(own, NativeLibrary.locate(SubBitOps.class, "other"));
      Files.delete(own);
      Exception e =
          assertThrows(
              IllegalStateException.class, () -> NativeLibrary.locate(SubBitOps.class, "other"));
      assertTrue(e.getMessage().contains("subbit.other.library"), e.getMessage());
      assertTrue(e.getMessage().contains(own.toString()), e.getMessage());
    } finally {
      System.clearProperty("subbit.other.library");
    }
  }

  @Test
  void saysForWhichPlatformThereIsNoLibraryAndWhatToDo() {
    Exception e =
        assertThrows(
            IllegalStateException.class, () -> NativeLibrary.locate(SubBitOps.class, "absent"));
    assertTrue(e.getMessage().contains(NativeLibrary.platform()), e.getMessage());
    assertTrue(e.getMessage().contains("-Dsubbit.absent.library="), e.getMessage());
  }
}
