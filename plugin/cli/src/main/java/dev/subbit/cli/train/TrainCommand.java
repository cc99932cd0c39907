package dev.subbit.cli.train;

import dev.subbit.cli.files.ConfigFile;
import dev.subbit.cli.files.ConfiguredImages;
import dev.subbit.cli.files.ModelFile;
import dev.subbit.cli.files.OutputFile;
import dev.subbit.cli.options.ClusterOptions;
import dev.subbit.cli.options.ConfigSettings;
import dev.subbit.cli.options.JsonOption;
import dev.subbit.cli.options.ProvenanceOption;
import dev.subbit.cli.terminal.Interruption;
import dev.subbit.cli.terminal.UserError;
import dev.subbit.onnx.TemporaryFiles;
import dev.subbit.tribuo.SubBitModel;
import dev.subbit.tribuo.evaluation.ConfusionMatrix;
import dev.subbit.tribuo.evaluation.TestEvaluation;
import dev.subbit.tribuo.quantizer.SubBitQuantizer;
import dev.subbit.tribuo.settings.TrainingDevice;
import dev.subbit.tribuo.training.SubBitTrainer;
import dev.subbit.tribuo.training.cluster.TrainingCluster;
import dev.subbit.tribuo.training.metrics.EpochMetrics;
import dev.subbit.tribuo.training.metrics.LearningRateRange;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.tribuo.ConfigurableDataSource;
import org.tribuo.DataSource;
import org.tribuo.Dataset;
import org.tribuo.classification.Label;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code subbit train}: trains a network as a configuration says. */
@Command(
    name = "train",
    description = {
      "Train a network as an OLCUT configuration says, save it and, where the configuration has a"
          + " test source, evaluate it.",
      "Or train on folders of pictures, one per class, without a configuration: --pictures.",
      "The configuration names a SubBitTrainer and sources of training and test images; configs/"
          + " has examples.",
      "If it has a SubBitQuantizer named 'quantizer', the trained model is quantized on the"
          + " training images."
    },
    mixinStandardHelpOptions = true,
    footer = {
      "",
      "Examples:",
      "  ./subbit train --pictures photos --network resnet20 --out photos.sbm",
      "  ./subbit train --pictures photos --image 3x64x64 --set trainer.epochs=20",
      "  ./subbit train configs/fashion-mnist.xml --out clothes.sbm",
      "  ./subbit train configs/fashion-mnist.xml --report clothes.html",
      "  ./subbit train configs/fashion-mnist.xml --find-learning-rate",
      "  ./subbit train configs/imagenet.xml --device gpu --set trainer.precision=BFLOAT16",
      "  ./subbit train configs/fashion-mnist.xml --checkpoints run1 --metrics run1.jsonl",
      "  ./subbit train configs/fashion-mnist.xml --cluster one:4000,two:4000 --task 0",
      "  ./subbit train subbit-demo/demo.xml --trainer binary --out binary.sbm --json train.json"
    })
public final class TrainCommand implements Callable<Integer> {

  /** Name of the component that quantizes the trained model. */
  private static final String QUANTIZER = "quantizer";

  @Spec private CommandSpec spec;
  @Mixin private JsonOption json;
  @Mixin private ConfigSettings settings;
  @Mixin private LongRun longRun;
  @Mixin private ClusterOptions clusterOptions;
  @Mixin private ProvenanceOption provenance;

  @Parameters(
      index = "0",
      arity = "0..1",
      paramLabel = "CONFIG.xml",
      description = "The OLCUT configuration.")
  private Path config;

  @ArgGroup(exclusive = false)
  private PictureTraining pictures;

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
      names = "--device",
      paramLabel = "DEVICE",
      description = {
        "What to train on: cpu, gpu, or auto for a GPU where there is one and else the CPU."
            + " docs/SCALE.md says what a GPU needs.",
        "The same as the trainer's property device. Default: as the configuration says, else cpu."
      })
  private TrainingDevice device;

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
            + " codebooks, mistakes, costs. One file, for any browser, written anew after every"
            + " epoch."
      })
  private Path report;

  @Option(
      names = "--find-learning-rate",
      description = {
        "Train no model, but try learning rates: the first stage is trained for up to 120 steps"
            + " with a rate that grows from 1e-6 to 10 until the loss explodes.",
        "Prints the losses, and which rates to take."
      })
  private boolean findLearningRate;

  private Optional<TrainingCluster> cluster = Optional.empty();

  @Override
  public Integer call() throws Exception {
    cluster = clusterOptions.cluster();
    if (isFirst()) {
      json.requireWritable();
      OutputFile.requireWritable(out);
      if (report != null) {
        OutputFile.requireWritable(report);
      }
    }
    longRun.requireUsable(isFirst());
    if (findLearningRate && cluster.isPresent()) {
      throw new UserError("--find-learning-rate trains in one process; leave out --cluster.");
    }
    if ((config == null) == (pictures == null)) {
      throw new ParameterException(
          spec.commandLine(),
          config == null
              ? "nothing to train on: name a configuration, or a folder by --pictures"
              : "a configuration and --pictures exclude each other; name one or the other");
    }
    if (config != null) {
      train(config);
    } else {
      trainOnPictures();
    }
    return 0;
  }

  /** Whether this process writes the results: not in the others of a cluster. */
  private boolean isFirst() {
    return cluster.isEmpty() || cluster.get().rank() == 0;
  }

  /** Trains by a configuration that the command writes itself, and shows. */
  private void trainOnPictures() throws Exception {
    String xml = pictures.xml();
    PrintWriter terminal = spec.commandLine().getOut();
    terminal.print(xml);
    terminal.println("Saved to a file, this configuration trains the same; --set changes it.");
    terminal.flush();
    Path file = TemporaryFiles.file("pictures", ".xml");
    try {
      Files.writeString(file, xml);
      train(file);
    } finally {
      Files.deleteIfExists(file);
    }
  }

  private void train(Path file) throws Exception {
    try (ConfigFile components = new ConfigFile(file, settings.values())) {
      String name = components.name(trainerName, SubBitTrainer.class, "trainer", "--trainer");
      Map<String, String> changes = new LinkedHashMap<>(settings.values());
      if (device != null) {
        components.set(name, "device", device.name());
        changes.put(name + ".device", device.name());
      }
      if (!findLearningRate) {
        longRun.configure(components, name, out, file, changes);
      }
      SubBitTrainer trainer =
          components.component(name, SubBitTrainer.class, "trainer", "--trainer");
      cluster.ifPresent(processes -> join(trainer, processes));
      // Before images are read, which may take long.
      longRun.settleDevice(trainer);
      Dataset<Label> train =
          ConfiguredImages.dataset(
              ConfiguredImages.source(components, trainSource, "--train-source"));
      if (findLearningRate) {
        LearningRateRange range = longRun.findLearningRate(trainer, train);
        PrintWriter terminal = spec.commandLine().getOut();
        terminal.print(LearningRateTable.text(range, name));
        terminal.flush();
        json.write(range);
        return;
      }
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
      if (isFirst()) {
        train(trainer, quantizer, train, test);
      } else {
        trainForFirst(trainer, train);
      }
    }
  }

  private static void join(SubBitTrainer trainer, TrainingCluster processes) {
    try {
      trainer.trainOn(processes);
    } catch (IllegalArgumentException e) {
      throw new UserError(e.getMessage() + ".", e);
    }
  }

  /** Trains in a process that writes nothing. */
  private void trainForFirst(SubBitTrainer trainer, Dataset<Label> images) throws Exception {
    longRun.train(trainer, images, false).close();
    TrainingCluster processes = cluster.orElseThrow();
    PrintWriter terminal = spec.commandLine().getOut();
    terminal.printf(
        "Trained as task %d of %d; task 0 (%s) saves the model.%n",
        processes.rank(), processes.size(), processes.addresses().get(0));
    terminal.flush();
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
    List<EpochMetrics> epochs = new ArrayList<>();
    trainer.addListener(epochs::add);
    TrainingRecord record = new TrainingRecord(report, trainer.getProvenance(), images);
    if (report != null) {
      trainer.addListener(record);
    }
    try (SubBitModel trained = longRun.train(trainer, images, true);
        SubBitModel model = provenance.apply(quantized(trained, quantizer, images))) {
      double seconds = (System.nanoTime() - start) / 1e9;
      ModelFile.save(model, out);
      Interruption.keeping(() -> "the model is saved in " + out);
      trainer.deleteCheckpoint();
      longRun.removeFolder();
      terminal.printf("Trained on %,d images in %.0f s; saved %s.%n", images.size(), seconds, out);
      results.put("model", out.toString());
      results.put("trainImages", images.size());
      results.put("trainSeconds", seconds);
      results.put("device", trainer.device().name());
      best(epochs)
          .ifPresent(
              epoch ->
                  terminal.printf(
                      "Best on the images held out: epoch %d, accuracy %.1f %%.%n",
                      epoch.epoch(), 100 * epoch.validation().orElseThrow().accuracy()));
      ConfusionMatrix evaluation = null;
      if (test != null) {
        evaluation = TestEvaluation.confusions(model, test);
        terminal.println(EvaluationTable.text(evaluation));
        results.put("testImages", evaluation.images());
        results.put("accuracy", evaluation.accuracy());
        results.put("macroF1", evaluation.macroF1());
      }
      if (report != null) {
        record.write(model, test, evaluation);
        terminal.printf("The report is in %s.%n", report);
        results.put("report", report.toString());
      }
    }
    json.write(results);
  }

  /**
   * The epoch of the last stage with the best accuracy on validation images, the first of these.
   */
  private static Optional<EpochMetrics> best(List<EpochMetrics> epochs) {
    int last = epochs.isEmpty() ? 0 : epochs.get(epochs.size() - 1).stage();
    Optional<EpochMetrics> best = Optional.empty();
    for (EpochMetrics epoch : epochs) {
      if (epoch.stage() == last
          && epoch.validation().isPresent()
          && (best.isEmpty()
              || epoch.validation().get().accuracy()
                  > best.get().validation().orElseThrow().accuracy())) {
        best = Optional.of(epoch);
      }
    }
    return best;
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
