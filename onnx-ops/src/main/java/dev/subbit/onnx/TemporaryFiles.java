package dev.subbit.onnx;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;

/**
 * The temporary files of this process, in one folder that only the user may enter: below {@code
 * java.io.tmpdir}, or below the folder that the system property {@code subbit.tmpdir} names. The
 * folder is removed with all that is left in it when the process ends; if that is killed, by the
 * next process that uses Subbit. Thread-safe.
 */
public final class TemporaryFiles {

  private static Path folder;

  private TemporaryFiles() {}

  /**
   * Makes an empty file.
   *
   * @param name what its name contains.
   * @param ending how its name ends, such as {@code .xml}.
   * @return the file; the caller deletes it when it is of no more use.
   * @throws IOException if it cannot be made.
   */
  public static Path file(String name, String ending) throws IOException {
    return Files.createTempFile(folder(), ProcessFolder.TEMPORARY + name + "-", ending);
  }

  /**
   * Makes an empty folder.
   *
   * @param name what its name contains.
   * @return the folder; the caller deletes it with its files when they are of no more use.
   * @throws IOException if it cannot be made.
   */
  public static Path folder(String name) throws IOException {
    return Files.createTempDirectory(folder(), ProcessFolder.TEMPORARY + name + "-");
  }

  /**
   * Removes a file, or a folder with all that is in it. Links are removed, not followed.
   *
   * @param top the file or folder.
   * @throws IOException if something cannot be removed.
   */
  public static void remove(Path top) throws IOException {
    List<Path> files;
    try (Stream<Path> all = Files.walk(top)) {
      files = all.sorted(Comparator.reverseOrder()).toList();
    }
    for (Path file : files) {
      Files.deleteIfExists(file);
    }
  }

  /** The folder of this process, made at the first call. */
  static synchronized Path folder() throws IOException {
    if (folder == null) {
      String usual = System.getProperty("java.io.tmpdir");
      String parent = System.getProperty("subbit.tmpdir", usual);
      folder = ProcessFolder.create(Path.of(parent).toAbsolutePath(), Platform.current());
      AbandonedRuntimes.sweep(Path.of(usual).toAbsolutePath(), Files.getOwner(folder));
    }
    return folder;
  }
}
