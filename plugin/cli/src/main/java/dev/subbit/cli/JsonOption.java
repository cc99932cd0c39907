package dev.subbit.cli;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import java.nio.file.Path;
import picocli.CommandLine.Option;

/** The option {@code --json FILE}, which writes the results of a command for other programs. */
final class JsonOption {

  private static final ObjectMapper JSON =
      new ObjectMapper().enable(SerializationFeature.INDENT_OUTPUT);

  private Path file;

  @Option(
      names = "--json",
      paramLabel = "FILE",
      description = "Also write the results to FILE as JSON.")
  void setFile(Path file) {
    this.file = file;
  }

  /**
   * Fails at once if the file could not be written at the end.
   *
   * @throws UserError if it could not be written.
   */
  void requireWritable() {
    if (file != null) {
      OutputFile.requireWritable(file);
    }
  }

  /**
   * Writes the results if the user asked for them.
   *
   * @param results a record, map or list.
   * @throws UserError if the file cannot be written.
   */
  void write(Object results) {
    if (file != null) {
      write(file, results);
    }
  }

  /**
   * Writes results to a file.
   *
   * @param file the file.
   * @param results a record, map or list.
   * @throws UserError if the file cannot be written.
   */
  static void write(Path file, Object results) {
    OutputFile.write(file, out -> out.write(JSON.writeValueAsBytes(results)));
  }
}
