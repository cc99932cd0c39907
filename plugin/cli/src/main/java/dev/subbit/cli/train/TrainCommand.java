package dev.subbit.cli.train;

import dev.subbit.cli.files.ConfigFile;
import dev.subbit.cli.files.ConfiguredImages;
import dev.subbit.cli.files.ModelFile;
import dev.subbit.cli.files.OutputFile;
import dev.subbit.cli.options.ConfigSettings;
import dev.subbit.cli.options.JsonOption;
import dev.subbit.cli.options.ProvenanceOption;
import dev.subbit.cli.report.TrainingPage;
import dev.subbit.cli.terminal.UserError;
import dev.subbit.tribuo.SubBitModel;
import dev.subbit.tribuo.evaluation.ConfusionMatrix;
import dev.subbit.tribuo.evaluation.TestEvaluation;
import dev.subbit.tribuo.quantizer.SubBitQuantizer;
import dev.subbit.tribuo.training.SubBitTrainer;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.Callable;
import org.tribuo.ConfigurableDataSource;
import org.tribuo.DataSource;
import org.tribuo.Dataset;
import org.tribuo.classification.Label;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code subbit train}: trains a network as a configuration says. */
@Command(
    name = "train",
    description = {
      "Train a network as an OLCUT configuration says, save it and, where the configuration has a"
          + " test source, evaluate it.",
      "The configuration names a SubBitTrainer and sources of training and test images; configs/"
          + " has examples.",
      "If it has a SubBitQuantizer named 'quantizer', the trained model is quantized on the"
          + " training images."
    },
    mixinStandardHelpOptions = true,
    footer = {
      "",
      "Examples:",
      "  ./subbit train configs/fashion-mnist.xml --out clothes.sbm",
      "  ./subbit train configs/fashion-mnist.xml --report clothes.html",
      "  ./subbit train configs/fashion-mnist.xml --checkpoints run1 --metrics run1.jsonl",
      "  ./subbit train subbit-demo/demo.xml --trainer binary --out binary.sbm --json train.json"
    })
public final class TrainCommand implements Callable<Integer> {

  /** Name of the component that quantizes the trained model. */
  private static final String QUANTIZER = "quantizer";

  @Spec private CommandSpec spec;
  @Mixin private JsonOption json;
  @Mixin private ConfigSettings settings;
  @Mixin private LongRun longRun;
  @Mixin private ProvenanceOption provenance;

  @Parameters(index = "0", paramLabel = "CONFIG.xml", description = "The OLCUT configuration.")
  private Path config;

  @Option(
      names = "--out",
      paramLabel = "FILE.sbm",
      defaultValue = "model.sbm",
      description = "Where to save the model. Default: ${DEFAULT-VALUE}.")
  private Path out;

  @Option(
      names = "--trainer",
      paramLabel = "NAME",
      description = "The trainer's component. Default: the only one.")
  private String trainerName;

  @Option(
      names = "--train-source",
      paramLabel = "NAME",
      defaultValue = "train",
      description = "The component of the training images. Default: ${DEFAULT-VALUE}.")
  private String trainSource;

  @Option(
      names = "--test-source",
      paramLabel = "NAME",
      description = "The component of the test images. Default: test, if there is one.")
  private String testSource;

  @Option(
      names = "--report",
      paramLabel = "FILE.html",
      description = {
        "Write a report about the training to this HTML file: curves, kernels before and after,"
            + " codebooks, mistakes, costs. One file, for any browser."
      })
  private Path report;

  @Override
  public Integer call() throws Exception {
    json.requireWritable();
    OutputFile.requireWritable(out);
    if (report != null) {
      OutputFile.requireWritable(report);
    }
    longRun.requireUsable();
    try (ConfigFile components = new ConfigFile(config, settings.values())) {
      String name = components.name(trainerName, SubBitTrainer.class, "trainer", "--trainer");
      longRun.configure(components, name);
      SubBitTrainer trainer =
          components.component(name, SubBitTrainer.class, "trainer", "--trainer");
      Dataset<Label> train =
          ConfiguredImages.dataset(
              ConfiguredImages.source(components, trainSource, "--train-source"));
      DataSource<Label> test = null;
      if (testSource != null || components.has("test", ConfigurableDataSource.class)) {
        test =
            ConfiguredImages.source(
                components, testSource == null ? "test" : testSource, "--test-source");
        TestEvaluation.requireEvaluable(train, test);
      }
      SubBitQuantizer quantizer =
          components.has(QUANTIZER, SubBitQuantizer.class)
              ? components.component(QUANTIZER, SubBitQuantizer.class, "quantizer", "its name")
              : null;
      train(trainer, quantizer, train, test);
    }
    return 0;
  }

  private void train(
      SubBitTrainer trainer,
      SubBitQuantizer quantizer,
      Dataset<Label> images,
      DataSource<Label> test)
      throws Exception {
    PrintWriter terminal = spec.commandLine().getOut();
    long start = System.nanoTime();
    Map<String, Object> results = new LinkedHashMap<>();
    TrainingRecord record = new TrainingRecord();
    if (report != null) {
      trainer.addListener(record);
    }
    try (SubBitModel trained = longRun.train(trainer, images);
        SubBitModel model = provenance.apply(quantized(trained, quantizer, images))) {
      double seconds = (System.nanoTime() - start) / 1e9;
      ModelFile.save(model, out);
      trainer.deleteCheckpoint();
      terminal.printf("Trained on %,d images in %.0f s; saved %s.%n", images.size(), seconds, out);
      results.put("model", out.toString());
      results.put("trainImages", images.size());
      results.put("trainSeconds", seconds);
      ConfusionMatrix evaluation = null;
      if (test != null) {
        evaluation = TestEvaluation.confusions(model, test);
        terminal.println(EvaluationTable.text(evaluation));
        results.put("testImages", evaluation.images());
        results.put("accuracy", evaluation.accuracy());
        results.put("macroF1", evaluation.macroF1());
      }
      if (report != null) {
        String page = TrainingPage.render(record.report(model, test, evaluation));
        OutputFile.write(report, file -> file.write(page.getBytes(StandardCharsets.UTF_8)));
        terminal.printf("The report is in %s.%n", report);
        results.put("report", report.toString());
      }
    }
    json.write(results);
  }

  private static SubBitModel quantized(
      SubBitModel trained, SubBitQuantizer quantizer, Dataset<Label> images) {
    if (quantizer == null) {
      return trained;
    }
    try {
      return quantizer.quantize(trained, images);
    } catch (IllegalArgumentException e) {
      throw new UserError("The trained model cannot be quantized: " + e.getMessage(), e);
    }
  }
}
