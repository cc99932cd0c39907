package dev.subbit.cli.terminal;

import com.sun.jna.Library;
import com.sun.jna.Native;
import com.sun.jna.Platform;
import dev.subbit.onnx.TemporaryFiles;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Pattern;

/**
 * Keeps notes of native libraries off the terminal. TensorFlow writes some of them to standard
 * error whatever its settings say. While they are hidden, what the process writes there goes to a
 * temporary file; afterwards everything in it that is not known to be of no use is written after
 * all. Where standard error cannot be turned aside, nothing is hidden.
 */
final class LibraryNoise implements AutoCloseable {

  private static final int STANDARD_ERROR = 2;
  private static final int OWNER_ONLY = 0600;

  /**
   * Notes, as opposed to warnings and errors, in the form of the library absl; and what TensorFlow
   * calls an error and is none: where it is fed bytes, which it converts by itself then, to the
   * same bits, and where its library for GPUs is loaded, which registers its parts twice.
   */
  private static final Pattern OF_NO_USE =
      Pattern.compile(
          "WARNING: All log messages before absl::InitializeLog\\(\\) .*|I\\d{4} \\d\\d:\\d\\d:.*"
              + "|.* E tensorflow/core/util/util\\.cc:\\d+\\] oneDNN supports DT_UINT8 only on .*"
              + "|.*\\] Unable to register cu[A-Z]+ factory: .* already been registered");

  // What hides now; standard error can be turned aside only once at a time.
  private static LibraryNoise current;

  /** The functions of C's library that move a file descriptor. */
  private interface FileDescriptors extends Library {
    int creat(String path, int mode);

    int dup(int descriptor);

    int dup2(int descriptor, int copy);

    int close(int descriptor);
  }

  // Null where nothing is hidden.
  private FileDescriptors system;
  private InputStream written;
  private int terminal;

  private LibraryNoise() {}

  /**
   * Hides nothing.
   *
   * @return an object without an effect.
   */
  static LibraryNoise none() {
    return new LibraryNoise();
  }

  /**
   * Hides notes from now on.
   *
   * @return what makes standard error go where it went before; without an effect while another one
   *     hides.
   */
  static LibraryNoise hide() {
    synchronized (LibraryNoise.class) {
      if (current != null || Platform.isWindows()) {
        return none();
      }
      LibraryNoise noise = new LibraryNoise();
      noise.begin();
      current = noise.system == null ? null : noise;
      return noise;
    }
  }

  /** Ends the hiding, if there is one, for what must be seen. */
  static void show() {
    synchronized (LibraryNoise.class) {
      if (current != null) {
        current.close();
      }
    }
  }

  private void begin() {
    try {
      FileDescriptors found = Native.load("c", FileDescriptors.class);
      Path file = TemporaryFiles.file("stderr", ".txt");
      int copy = found.creat(file.toString(), OWNER_ONLY);
      written = Files.newInputStream(file);
      // An open file works without its name, and a killed process leaves none behind.
      Files.delete(file);
      terminal = found.dup(STANDARD_ERROR);
      if (copy >= 0 && terminal >= 0 && found.dup2(copy, STANDARD_ERROR) >= 0) {
        system = found;
      }
      if (copy >= 0) {
        found.close(copy);
      }
    } catch (IOException | LinkageError e) {
      // Then the notes are seen.
      system = null;
    }
  }

  /** Ends the hiding and writes what is of use; a second call has no effect. */
  @Override
  public void close() {
    synchronized (LibraryNoise.class) {
      if (system == null) {
        return;
      }
      System.err.flush();
      system.dup2(terminal, STANDARD_ERROR);
      system.close(terminal);
      system = null;
      current = null;
      try (InputStream in = written) {
        useful(new String(in.readAllBytes(), StandardCharsets.UTF_8)).stream()
            .map(ControlFilter::visible)
            .forEach(System.err::println);
      } catch (IOException e) {
        System.err.println("subbit: cannot read what a library wrote: " + e.getMessage());
      }
    }
  }

  /**
   * Sorts out the notes.
   *
   * @param written what was written.
   * @return its other lines.
   */
  static List<String> useful(String written) {
    return written.lines().filter(line -> !OF_NO_USE.matcher(line).matches()).toList();
  }
}
