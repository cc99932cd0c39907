package dev.subbit.cli.options;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import dev.subbit.cli.files.OutputFile;
import dev.subbit.cli.terminal.UserError;
import java.nio.file.Path;
import picocli.CommandLine.Option;

/** The option {@code --json FILE}, which writes the results of a command for other programs. */
public final class JsonOption {

  private static final ObjectMapper JSON =
      new ObjectMapper().enable(SerializationFeature.INDENT_OUTPUT);

  @Option(
      names = "--json",
      paramLabel = "FILE",
      description = "Also write the results to FILE as JSON.")
  private Path file;

  /**
   * Whether the option was given.
   *
   * @return true if results are to be written.
   */
  public boolean given() {
    return file != null;
  }

  /**
   * Fails at once if the file could not be written at the end.
   *
   * @throws UserError if it could not be written.
   */
  public void requireWritable() {
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
  public void write(Object results) {
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
  public static void write(Path file, Object results) {
    OutputFile.write(file, out -> out.write(JSON.writeValueAsBytes(results)));
  }
}
