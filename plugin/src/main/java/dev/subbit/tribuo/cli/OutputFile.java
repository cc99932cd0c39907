package dev.subbit.tribuo.cli;

import java.io.IOException;
import java.nio.file.AtomicMoveNotSupportedException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;

/**
 * Files that appear whole or not at all: written under a temporary name beside the target, then
 * moved.
 */
final class OutputFile {

  private OutputFile() {}

  /** Writes the content to a file. */
  @FunctionalInterface
  interface Content {
    /**
     * Writes.
     *
     * @param file the temporary name; no such file exists.
     * @throws Exception if it cannot.
     */
    void writeTo(Path file) throws Exception;
  }

  /**
   * Fails unless a file of this name could be written, so that long work does not end in nothing.
   *
   * @param target the file to be written later.
   * @throws UserError if its folder is missing or not writable, or if it is a folder itself.
   */
  static void requireWritable(Path target) {
    Path folder = folderOf(target);
    if (!Files.isDirectory(folder)) {
      throw new UserError(
          "Cannot write " + target + ": there is no folder " + folder + ". Make it first.");
    }
    if (Files.isDirectory(target)) {
      throw new UserError("Cannot write " + target + ": it is a folder. Name a file.");
    }
    if (!Files.isWritable(folder)) {
      throw new UserError(
          "Cannot write " + target + ": the folder is not writable. Choose another one.");
    }
  }

  /**
   * Writes a file.
   *
   * @param target the file.
   * @param content writes the content.
   * @throws UserError if it cannot be written.
   * @throws Exception what the content threw.
   */
  static void write(Path target, Content content) throws Exception {
    requireWritable(target);
    // Not createTempFile, which would give the file to its owner alone.
    Path temporary =
        folderOf(target)
            .resolve("." + target.getFileName() + "." + ProcessHandle.current().pid() + ".part");
    try {
      content.writeTo(temporary);
      move(temporary, target);
    } catch (IOException e) {
      throw new UserError("Cannot write " + target + ": " + e.getMessage(), e);
    } finally {
      Files.deleteIfExists(temporary);
    }
  }

  private static void move(Path from, Path to) throws IOException {
    try {
      Files.move(from, to, StandardCopyOption.ATOMIC_MOVE);
    } catch (AtomicMoveNotSupportedException e) {
      Files.move(from, to, StandardCopyOption.REPLACE_EXISTING);
    }
  }

  private static Path folderOf(Path target) {
    return target.toAbsolutePath().getParent();
  }
}
