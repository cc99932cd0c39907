package dev.subbit.cli;

import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import javax.tools.Diagnostic;
import javax.tools.DiagnosticCollector;
import javax.tools.JavaCompiler;
import javax.tools.JavaFileObject;
import javax.tools.SimpleJavaFileObject;
import javax.tools.ToolProvider;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import picocli.CommandLine;

/** The commands and code in README, docs/ and the commands' help work as printed. */
class DocumentationTest {

  private static final Path HOUSE = Path.of("../..");

  /** The parts that snippets leave to their reader: imports, and variables of earlier sentences. */
  private static final String AROUND_A_SNIPPET =
      """
      import ai.onnxruntime.*;
      import dev.subbit.onnx.*;
      import dev.subbit.tribuo.*;
      import dev.subbit.tribuo.data.*;
      import dev.subbit.tribuo.network.*;
      import dev.subbit.tribuo.quantizer.*;
      import dev.subbit.tribuo.training.*;
      import dev.subbit.tribuo.training.metrics.*;
      import dev.subbit.tribuo.training.recipe.*;
      import dev.subbit.tribuo.training.teacher.*;
      import dev.subbit.tribuo.zoo.*;
      import java.nio.file.*;
      import java.util.*;
      import org.tribuo.*;
      import org.tribuo.classification.*;

      class Snippet {
        ImageShape shape;
        Dataset<Label> dataset;
        SubBitTrainer trainer;

        void run() throws Exception {
      %s
        }
      }
      """;

  @TempDir private Path folder;

  @ParameterizedTest
  @MethodSource("documentedCommands")
  void commandLinesAreUnderstood(String line) {
    List<String> words = new ArrayList<>(Arrays.asList(line.strip().split("\\s+")));
    words.subList(0, words.indexOf("./subbit") + 1).clear();
    // A word in capitals is a placeholder, here for numbers.
    words.replaceAll(word -> word.equals("SEEDS") ? "1" : word);
    assertDoesNotThrow(() -> Main.commandLine().parseArgs(words.toArray(String[]::new)), line);
  }

  static Stream<String> documentedCommands() throws IOException {
    List<String> lines = new ArrayList<>(blocks("").flatMap(String::lines).toList());
    addExamples(Main.commandLine(), lines);
    return lines.stream()
        .filter(line -> line.matches("\\s*([A-Z_]+=\\S+ )*\\./subbit .*"))
        .map(line -> line.replaceFirst("\\s#.*", ""));
  }

  private static void addExamples(CommandLine command, List<String> lines) {
    lines.addAll(List.of(command.getCommandSpec().usageMessage().footer()));
    command.getSubcommands().values().forEach(subcommand -> addExamples(subcommand, lines));
  }

  @ParameterizedTest
  @MethodSource("documentedSnippets")
  void javaCompiles(String snippet) {
    JavaCompiler compiler = ToolProvider.getSystemJavaCompiler();
    DiagnosticCollector<JavaFileObject> said = new DiagnosticCollector<>();
    compiler
        .getTask(
            null,
            null,
            said,
            List.of("-d", folder.toString()),
            null,
            List.of(source(AROUND_A_SNIPPET.formatted(snippet))))
        .call();
    List<String> errors =
        said.getDiagnostics().stream()
            .filter(diagnostic -> diagnostic.getKind() == Diagnostic.Kind.ERROR)
            .map(diagnostic -> diagnostic.getMessage(null))
            .toList();
    assertEquals(List.of(), errors, snippet);
  }

  static Stream<String> documentedSnippets() throws IOException {
    return blocks("java");
  }

  /** The fenced blocks of a language in the README and docs/. */
  private static Stream<String> blocks(String language) throws IOException {
    List<String> blocks = new ArrayList<>();
    List<Path> pages = new ArrayList<>(List.of(HOUSE.resolve("README.md")));
    try (Stream<Path> docs = Files.list(HOUSE.resolve("docs"))) {
      docs.filter(page -> page.toString().endsWith(".md")).sorted().forEach(pages::add);
    }
    for (Path page : pages) {
      Matcher block =
          Pattern.compile("(?ms)^```(\\w*)\\n(.*?)^```$").matcher(Files.readString(page));
      while (block.find()) {
        if (block.group(1).equals(language)) {
          blocks.add(block.group(2));
        }
      }
    }
    assertTrue(blocks.size() > 1, "No blocks of '" + language + "' found");
    return blocks.stream();
  }

  private static JavaFileObject source(String text) {
    return new SimpleJavaFileObject(
        URI.create("string:///Snippet.java"), JavaFileObject.Kind.SOURCE) {
      @Override
      public CharSequence getCharContent(boolean ignoreEncodingErrors) {
        return text;
      }
    };
  }
}
