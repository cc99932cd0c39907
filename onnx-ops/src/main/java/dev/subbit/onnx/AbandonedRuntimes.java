package dev.subbit.onnx;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.UserPrincipal;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * Copies of ONNX Runtime that killed processes left behind. Its Java part unpacks the library into
 * a temporary folder of its own, 24 MB, and removes it when the process ends; nothing sweeps it.
 *
 * <p>Such a folder has no lock, so this is careful: it must belong to the user, hold nothing but
 * the two libraries, be an hour old, when every process has long loaded them, and no process that
 * can be seen may have them mapped. Should one be mistaken for abandoned after all, its process
 * does not notice: a loaded library works without its file, and Windows does not delete it.
 */
final class AbandonedRuntimes {

  private static final String FOLDERS = "onnxruntime-java[0-9]*";
  private static final Duration LOADING = Duration.ofHours(1);
  private static final Path PROCESSES = Path.of("/proc");

  private AbandonedRuntimes() {}

  /**
   * Removes abandoned copies. Whatever cannot be removed stays, which is not an error.
   *
   * @param parent the folder of temporary files.
   * @param user owner of the folders to remove.
   */
  static void sweep(Path parent, UserPrincipal user) {
    try (DirectoryStream<Path> folders = Files.newDirectoryStream(parent, FOLDERS)) {
      for (Path folder : folders) {
        removeIfAbandoned(folder, user);
      }
    } catch (IOException | RuntimeException e) {
      // The folders of others must not keep this process from its work.
      return;
    }
  }

  private static void removeIfAbandoned(Path folder, UserPrincipal user) {
    try {
      if (!Files.isDirectory(folder, LinkOption.NOFOLLOW_LINKS)
          || !Files.getOwner(folder, LinkOption.NOFOLLOW_LINKS).equals(user)) {
        return;
      }
      List<Path> files;
      try (Stream<Path> all = Files.list(folder)) {
        files = all.toList();
      }
      Set<String> names =
          files.stream()
              .map(file -> file.getFileName().toString().replaceFirst("\\.(so|dll|dylib)$", ""))
              .map(name -> name.replaceFirst("^lib", ""))
              .collect(Collectors.toSet());
      Instant made = Files.getLastModifiedTime(folder, LinkOption.NOFOLLOW_LINKS).toInstant();
      if (!Set.of("onnxruntime", "onnxruntime4j_jni").containsAll(names)
          || made.isAfter(Instant.now().minus(LOADING))
          || isMapped(folder)) {
        return;
      }
      for (Path file : files) {
        Files.deleteIfExists(file);
      }
      Files.deleteIfExists(folder);
    } catch (IOException | UncheckedIOException e) {
      // In use, or removed by somebody else at this moment.
      return;
    }
  }

  /** Whether a process has a file of the folder in its memory, as far as this process may see. */
  private static boolean isMapped(Path folder) throws IOException {
    if (!Files.isDirectory(PROCESSES)) {
      return false;
    }
    try (DirectoryStream<Path> processes = Files.newDirectoryStream(PROCESSES, "[0-9]*")) {
      for (Path process : processes) {
        try (Stream<String> maps = Files.lines(process.resolve("maps"))) {
          if (maps.anyMatch(line -> line.contains(folder + "/"))) {
            return true;
          }
        } catch (IOException | UncheckedIOException e) {
          // It ended, or is somebody else's, who cannot have loaded a file of this user's folder.
          continue;
        }
      }
    }
    return false;
  }
}
