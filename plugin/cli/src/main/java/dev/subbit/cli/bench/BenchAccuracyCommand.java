package dev.subbit.cli.bench;

import dev.subbit.cli.files.ConfigFile;
import dev.subbit.cli.files.ConfiguredImages;
import dev.subbit.cli.options.ConfigSettings;
import dev.subbit.cli.options.JsonOption;
import dev.subbit.cli.options.ProgressOption;
import dev.subbit.cli.report.AccuracyRow;
import dev.subbit.cli.terminal.TextTable;
import dev.subbit.cli.terminal.TrainingDisplay;
import dev.subbit.tribuo.SubBitModel;
import dev.subbit.tribuo.evaluation.TestEvaluation;
import dev.subbit.tribuo.network.NetworkSize;
import dev.subbit.tribuo.training.SubBitTrainer;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import org.tribuo.DataSource;
import org.tribuo.Dataset;
import org.tribuo.classification.Label;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code subbit bench accuracy}: compares trainings, each over several seeds. */
@Command(
    name = "accuracy",
    description = {
      "Train networks that a configuration describes, each once for every seed, and compare"
          + " their accuracy on the test images: mean, lowest and highest.",
      "One accuracy says little: the seed alone changes it by a few tenths of a point."
    },
    mixinStandardHelpOptions = true,
    footer = {
      "",
      "Example:",
      "  ./subbit bench accuracy configs/accuracy-fashion-mnist.xml --trainers real-tau5"
          + " --json rows.json",
      "  ./subbit bench accuracy configs/accuracy-fashion-mnist.xml --trainers real-tau5"
          + " --seeds 1,2,3 --spark spark://host:7077"
    })
final class BenchAccuracyCommand implements Callable<Integer> {

  private static final int LEFT_COLUMNS = 1;

  @Spec private CommandSpec spec;
  @Mixin private JsonOption json;
  @Mixin private ConfigSettings settings;
  @Mixin private ProgressOption progress;

  @Parameters(
      index = "0",
      paramLabel = "CONFIG.xml",
      description =
          "The OLCUT configuration, with SubBitTrainers and the image sources train and test.")
  private Path config;

  @Option(
      names = "--trainers",
      paramLabel = "NAME",
      split = ",",
      required = true,
      description = "The components of the trainers to compare, one row each.")
  private List<String> trainers;

  @Option(
      names = "--seeds",
      paramLabel = "SEED",
      split = ",",
      defaultValue = "1,2",
      description = "Train once with each of these seeds. Default: ${DEFAULT-VALUE}.")
  private List<Long> seeds;

  @Option(
      names = "--spark",
      paramLabel = "MASTER",
      description = {
        "Train on Apache Spark, each training in a process of its own on a machine of the cluster."
            + " MASTER is what its spark-submit takes: yarn, spark://HOST:PORT, local[4]."
            + " spark-submit is looked for in SPARK_HOME and on the PATH.",
        "The folder of Subbit, built, the configuration and the images must be on all machines, at"
            + " the same paths. A task of Spark should have as many cores as the trainer has"
            + " threads: --spark-conf spark.task.cpus=N."
      })
  private String spark;

  @Option(
      names = "--spark-conf",
      paramLabel = "NAME=VALUE",
      description = "A setting of Spark, such as spark.task.cpus=4. May be repeated.")
  private Map<String, String> sparkSettings = new LinkedHashMap<>();

  @Override
  public Integer call() throws IOException {
    json.requireWritable();
    if (spark == null && !sparkSettings.isEmpty()) {
      throw new ParameterException(spec.commandLine(), "--spark-conf needs --spark");
    }
    Dataset<Label> train;
    DataSource<Label> test;
    try (ConfigFile components = new ConfigFile(config, settings.values())) {
      // A wrong name is found now, not after hours.
      trainers.forEach(name -> trainer(components, name));
      train = ConfiguredImages.dataset(source(components, "train"));
      test = source(components, "test");
      TestEvaluation.requireEvaluable(train, test);
    }
    PrintWriter terminal = spec.commandLine().getOut();
    List<AccuracyRow> rows =
        spark == null
            ? trainHere(train, test, terminal)
            : new AccuracyOnSpark(config, settings.values(), trainers, seeds)
                .train(spark, sparkSettings);
    json.write(rows.stream().map(BenchAccuracyCommand::fields).toList());
    terminal.println();
    terminal.print(table(rows));
    return 0;
  }

  private List<AccuracyRow> trainHere(
      Dataset<Label> train, DataSource<Label> test, PrintWriter terminal) {
    List<AccuracyRow> rows = new ArrayList<>();
    for (String name : trainers) {
      List<AccuracyRow.Run> runs = new ArrayList<>();
      for (long seed : seeds) {
        AccuracyRow.Run run = run(name, seed, train, test);
        terminal.printf(
            Locale.ROOT,
            "%s, seed %d: %.2f %% in %.0f s%n",
            name,
            seed,
            100 * run.accuracy(),
            run.trainSeconds());
        runs.add(run);
      }
      rows.add(new AccuracyRow(name, runs));
      json.write(rows.stream().map(BenchAccuracyCommand::fields).toList());
    }
    return rows;
  }

  private AccuracyRow.Run run(
      String name, long seed, Dataset<Label> train, DataSource<Label> test) {
    Map<String, String> values = new LinkedHashMap<>(settings.values());
    values.put(name + ".seed", Long.toString(seed));
    try (ConfigFile components = new ConfigFile(config, values)) {
      long start = System.nanoTime();
      try (SubBitModel model = train(trainer(components, name), name + ", seed " + seed, train)) {
        double seconds = (System.nanoTime() - start) / 1e9;
        NetworkSize size = NetworkSize.of(model.network());
        return new AccuracyRow.Run(
            seed,
            TestEvaluation.confusions(model, test).accuracy(),
            seconds,
            size.subBitWeights() == 0 ? Float.SIZE : size.bitsPerWeight());
      }
    }
  }

  private SubBitModel train(SubBitTrainer trainer, String task, Dataset<Label> images) {
    try (TrainingDisplay display = new TrainingDisplay(progress.of(task))) {
      trainer.addListener(display);
      return trainer.train(images);
    }
  }

  private static SubBitTrainer trainer(ConfigFile components, String name) {
    return components.component(name, SubBitTrainer.class, "trainer", "--trainers");
  }

  private static DataSource<Label> source(ConfigFile components, String name) {
    return ConfiguredImages.source(components, name, "the name of the component");
  }

  private static Map<String, Object> fields(AccuracyRow row) {
    Map<String, Object> fields = new LinkedHashMap<>();
    fields.put("trainer", row.trainer());
    fields.put("bitsPerWeight", row.bitsPerWeight());
    fields.put("mean", row.mean());
    fields.put("lowest", row.lowest());
    fields.put("highest", row.highest());
    fields.put("runs", row.runs());
    return fields;
  }

  private static TextTable table(List<AccuracyRow> rows) {
    TextTable table =
        new TextTable(
            LEFT_COLUMNS, "trainer", "bits/weight", "accuracy, %", "lowest", "highest", "seeds");
    for (AccuracyRow row : rows) {
      table.row(
          row.trainer(),
          String.format(Locale.ROOT, "%.2f", row.bitsPerWeight()),
          percent(row.mean()),
          percent(row.lowest()),
          percent(row.highest()),
          row.runs().stream().map(r -> Long.toString(r.seed())).collect(Collectors.joining(",")));
    }
    return table;
  }

  private static String percent(double share) {
    return String.format(Locale.ROOT, "%.2f", 100 * share);
  }
}
