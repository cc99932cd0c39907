package dev.subbit.cli.files;

import dev.subbit.cli.terminal.UserError;
import dev.subbit.tribuo.io.AtomicFile;
import java.io.IOException;
import java.nio.file.FileSystemException;
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
    try {
      AtomicFile.requireWritable(target);
    } catch (IOException e) {
      throw notWritten(target, e);
    }
  }

  /**
   * Fails if a file to be written is one that is read, which it would replace.
   *
   * @param target the file to be written later.
   * @param read the file that is read.
   * @throws UserError if they are the same file, by whatever names.
   */
  public static void requireOther(Path target, Path read) {
    try {
      if (Files.exists(target) && Files.exists(read) && Files.isSameFile(target, read)) {
        throw new UserError(
            "Cannot write " + target + ": it is the file that is read. Name another file.");
      }
    } catch (IOException e) {
      throw notWritten(target, e);
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
      throw notWritten(target, e);
    }
  }

  private static UserError notWritten(Path target, IOException e) {
    String reason = e.getMessage();
    if (e instanceof FileSystemException failure && failure.getReason() != null) {
      // The message begins with the name of a file, perhaps of a temporary one.
      reason = failure.getReason();
    }
    return new UserError("Cannot write " + target + ": " + reason, e);
  }
}
