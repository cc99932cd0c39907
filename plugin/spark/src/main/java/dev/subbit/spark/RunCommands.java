package dev.subbit.spark;

import java.io.File;
import java.io.IOException;
import java.io.Serializable;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.sql.SparkSession;

/**
 * A program for {@code spark-submit}: runs commands of Subbit on the executors' machines, each in a
 * process of its own, so that Spark says where and when, and runs those of a lost machine again.
 * Its arguments are the working folder, a file with a command per line, its words separated by
 * tabs, and the folder to write. Every command gets {@code --json FILE} as its last words; what it
 * writes there becomes the file {@code <line>.json} of the folder, from {@code 0.json} on.
 *
 * <p>The program that a command names and all files that it reads must be on every executor's
 * machine, under the same paths.
 */
public final class RunCommands {

  private static final int ARGUMENTS = 3;
  private static final Pattern BETWEEN_WORDS = Pattern.compile("\t");

  /** Lines of a failed command's output that are shown. */
  private static final int LAST_LINES = 20;

  private RunCommands() {}

  /**
   * One command.
   *
   * @param folder its working folder.
   * @param words the program and its arguments.
   */
  private record Command(String folder, List<String> words) implements Serializable {}

  /**
   * What became of a command.
   *
   * @param json what it wrote; null if it failed.
   * @param failure the end of its output; null if it did not fail.
   */
  private record Outcome(String json, String failure) implements Serializable {}

  /**
   * Runs the program.
   *
   * @param arguments working folder, file of commands, and folder to write.
   * @throws IOException if a file cannot be read or written.
   */
  public static void main(String[] arguments) throws IOException {
    if (arguments.length != ARGUMENTS) {
      System.err.println("subbit: The arguments are: FOLDER COMMANDS OUTPUT");
      System.exit(1);
    }
    List<List<String>> commands =
        Files.readAllLines(Path.of(arguments[1])).stream()
            .map(line -> List.of(BETWEEN_WORDS.split(line, -1)))
            .toList();
    List<String> failures;
    try (SparkSession spark = SparkSession.builder().appName("subbit").getOrCreate()) {
      failures = run(spark, arguments[0], commands, Path.of(arguments[2]));
    }
    failures.forEach(failure -> System.err.println("subbit: " + failure));
    if (!failures.isEmpty()) {
      System.exit(1);
    }
  }

  /**
   * Runs commands, as many at once as the executors have cores for.
   *
   * @param spark the session.
   * @param folder the working folder of the commands.
   * @param commands program and arguments of each.
   * @param output the folder for what they write.
   * @return a message for each command that failed.
   * @throws IOException if what they wrote cannot be stored.
   */
  static List<String> run(
      SparkSession spark, String folder, List<List<String>> commands, Path output)
      throws IOException {
    JavaSparkContext context = JavaSparkContext.fromSparkContext(spark.sparkContext());
    List<Command> all = commands.stream().map(words -> new Command(folder, words)).toList();
    List<Outcome> outcomes =
        context
            .parallelize(new ArrayList<>(all), Math.max(1, all.size()))
            .map(RunCommands::outcome)
            .collect();
    List<String> failures = new ArrayList<>();
    for (int i = 0; i < outcomes.size(); i++) {
      Outcome outcome = outcomes.get(i);
      if (outcome.failure() == null) {
        Files.writeString(output.resolve(i + ".json"), outcome.json());
      } else {
        failures.add(String.join(" ", commands.get(i)) + "\n" + outcome.failure());
      }
    }
    return failures;
  }

  /** Runs a command on this machine. It ends with the task, should Spark cancel that. */
  private static Outcome outcome(Command command) throws IOException, InterruptedException {
    Path files = Files.createTempDirectory("subbit-command");
    Path json = files.resolve("result.json");
    Path log = files.resolve("log");
    try {
      List<String> words = new ArrayList<>(command.words());
      words.addAll(List.of("--json", json.toString()));
      ProcessBuilder builder =
          new ProcessBuilder(words)
              .directory(new File(command.folder()))
              .redirectErrorStream(true)
              .redirectOutput(log.toFile());
      // That of Spark's process, which a Java of ours must not see.
      builder.environment().remove("CLASSPATH");
      Process process = builder.start();
      Thread end = new Thread(process::destroy, "end command");
      Runtime.getRuntime().addShutdownHook(end);
      try {
        int code = process.waitFor();
        return code == 0
            ? new Outcome(Files.readString(json), null)
            : new Outcome(null, "ended with " + code + ":\n" + lastLines(log));
      } finally {
        process.destroy();
        Runtime.getRuntime().removeShutdownHook(end);
      }
    } catch (IOException e) {
      return new Outcome(null, "cannot be run here: " + e.getMessage());
    } finally {
      Files.deleteIfExists(json);
      Files.deleteIfExists(log);
      Files.deleteIfExists(files);
    }
  }

  private static String lastLines(Path log) throws IOException {
    // Not every program writes UTF-8.
    List<String> lines =
        new String(Files.readAllBytes(log), StandardCharsets.UTF_8).lines().toList();
    return String.join("\n", lines.subList(Math.max(0, lines.size() - LAST_LINES), lines.size()));
  }
}
