package dev.subbit.cli.files;

import dev.subbit.cli.terminal.UserError;
import dev.subbit.tribuo.io.AtomicFile;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** Writes files that the user asked for. They appear complete or not at all. */
public final class OutputFile {

  private OutputFile() {}

  /** A writer that takes care itself that its file appears complete or not at all. */
  @FunctionalInterface
  public interface Writer {
    /**
     * Writes the file.
     *
     * @param file the file.
     * @throws IOException if it cannot be written.
     */
    void write(Path file) throws IOException;
  }

  /**
   * Fails unless a file of this name could be written, so that long work is not lost at its end.
   *
   * @param target the file to be written later.
   * @throws UserError if its folder is missing or not writable, or if it is a folder itself.
   */
  public static void requireWritable(Path target) {
    Path folder = target.toAbsolutePath().getParent();
    if (folder == null || Files.isDirectory(target)) {
      throw new UserError("Cannot write " + target + ": it is a folder. Name a file.");
    }
    if (!Files.isDirectory(folder)) {
      throw new UserError(
          "Cannot write " + target + ": there is no folder " + folder + ". Create it first.");
    }
    if (!Files.isWritable(folder)) {
      throw new UserError(
          "Cannot write " + target + ": its folder is not writable. Choose another one.");
    }
  }

  /**
   * Writes a file.
   *
   * @param target the file.
   * @param content writes the content.
   * @throws UserError if it cannot be written.
   */
  public static void write(Path target, AtomicFile.Content content) {
    save(target, file -> AtomicFile.write(file, content));
  }

  /**
   * Writes a file by a writer that takes care itself that it appears complete or not at all.
   *
   * @param target the file.
   * @param writer the writer.
   * @throws UserError if it cannot be written.
   */
  public static void save(Path target, Writer writer) {
    requireWritable(target);
    try {
      writer.write(target);
    } catch (IOException e) {
      throw new UserError("Cannot write " + target + ": " + e.getMessage(), e);
    }
  }
}
