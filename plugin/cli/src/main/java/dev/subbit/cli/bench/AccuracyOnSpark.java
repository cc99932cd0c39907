package dev.subbit.cli.bench;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.subbit.cli.report.AccuracyRow;
import dev.subbit.cli.spark.SparkSubmit;
import dev.subbit.cli.spark.SparkSubmit.Program;
import dev.subbit.cli.terminal.UserError;
import dev.subbit.onnx.TemporaryFiles;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * Trainings of {@code bench accuracy} on Apache Spark: one command for each trainer and seed, which
 * trains just as it would here.
 *
 * @param config the configuration.
 * @param settings what was set besides.
 * @param trainers the components of the trainers.
 * @param seeds the seeds.
 */
record AccuracyOnSpark(
    Path config, Map<String, String> settings, List<String> trainers, List<Long> seeds) {

  private static final String BETWEEN_WORDS = "\t";

  /**
   * Trains.
   *
   * @param master the cluster, as {@code spark-submit --master} takes it.
   * @param sparkSettings settings of Spark by name.
   * @return a row per trainer, in their order.
   * @throws UserError if Spark is not found or fails, or a training does.
   * @throws IOException if files of the exchange with Spark cannot be written or read.
   */
  List<AccuracyRow> train(String master, Map<String, String> sparkSettings) throws IOException {
    String home = System.getProperty("subbit.home");
    if (home == null) {
      throw new UserError(
          "--spark starts ./subbit on other machines; start this command by it, too.");
    }
    SparkSubmit submit = SparkSubmit.find(System.getenv(), home);
    Path folder = Files.createTempDirectory("subbit-sweep");
    try {
      Path commands = Files.write(folder.resolve("commands"), commands(Path.of(home)));
      String here = Path.of("").toAbsolutePath().toString();
      submit.run(
          Program.RUN_COMMANDS,
          master,
          sparkSettings,
          List.of(here, commands.toString(), folder.toString()));
      return rows(folder);
    } finally {
      TemporaryFiles.remove(folder);
    }
  }

  /** The commands, trainer by trainer; their words are separated by tabs. */
  List<String> commands(Path home) {
    List<String> commands = new ArrayList<>();
    for (String trainer : trainers) {
      for (long seed : seeds) {
        List<String> words = new ArrayList<>();
        words.add(home.resolve("subbit").toString());
        words.addAll(List.of("bench", "accuracy", config.toAbsolutePath().toString()));
        words.addAll(List.of("--quiet", "--trainers", trainer, "--seeds", Long.toString(seed)));
        settings.forEach((name, value) -> words.addAll(List.of("--set", name + "=" + value)));
        words.stream()
            .filter(word -> word.contains(BETWEEN_WORDS) || word.contains("\n"))
            .findAny()
            .ifPresent(
                word -> {
                  throw new UserError("--spark cannot pass on tabs and line ends: '" + word + "'.");
                });
        commands.add(String.join(BETWEEN_WORDS, words));
      }
    }
    return commands;
  }

  /** Puts the results of all commands together. */
  List<AccuracyRow> rows(Path folder) throws IOException {
    ObjectMapper mapper = new ObjectMapper();
    List<AccuracyRow> rows = new ArrayList<>();
    int command = 0;
    for (String trainer : trainers) {
      List<AccuracyRow.Run> runs = new ArrayList<>();
      for (int i = 0; i < seeds.size(); i++) {
        JsonNode result = mapper.readTree(folder.resolve(command++ + ".json").toFile());
        runs.add(mapper.treeToValue(result.at("/0/runs/0"), AccuracyRow.Run.class));
      }
      rows.add(new AccuracyRow(trainer, runs));
    }
    return rows;
  }
}
