package dev.subbit.cli.options;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.NullNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
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
   * Writes results to a file. Numbers that are not finite, which JSON has no form for, become null.
   *
   * @param file the file.
   * @param results a record, map or list.
   * @throws UserError if the file cannot be written.
   */
  public static void write(Path file, Object results) {
    JsonNode tree = finite(JSON.valueToTree(results));
    OutputFile.write(file, out -> out.write(JSON.writeValueAsBytes(tree)));
  }

  private static JsonNode finite(JsonNode node) {
    if (node instanceof ObjectNode object) {
      object.properties().forEach(field -> field.setValue(finite(field.getValue())));
    } else if (node instanceof ArrayNode array) {
      for (int i = 0; i < array.size(); i++) {
        array.set(i, finite(array.get(i)));
      }
    } else if (node.isFloatingPointNumber() && !Double.isFinite(node.doubleValue())) {
      return NullNode.getInstance();
    }
    return node;
  }
}
