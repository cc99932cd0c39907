package dev.subbit.cli.run;

import dev.subbit.cli.files.OutputFile;
import dev.subbit.cli.options.BackendOptions;
import dev.subbit.cli.options.JsonOption;
import dev.subbit.cli.options.LabelledImages;
import dev.subbit.cli.spark.SparkSubmit;
import dev.subbit.cli.spark.SparkSubmit.Program;
import dev.subbit.cli.terminal.UserError;
import dev.subbit.tribuo.DevicePool;
import dev.subbit.tribuo.data.Inversion;
import dev.subbit.tribuo.data.PicturePreparation;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import org.tribuo.Example;
import org.tribuo.Prediction;
import org.tribuo.classification.Label;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code subbit predict}: says what is on pictures, or measures accuracy on labelled images. */
@Command(
    name = "predict",
    description = {
      "Say what is on pictures: name PNG or JPEG files, or folders of them.",
      "Or run a model over labelled images and print its accuracy: name these by --data, --images"
          + " and --labels, or --config.",
      "Pictures are scaled and cut as in the model's training. An .onnx file must say in its"
          + " metadata how, as exported models do; docs/OPERATORS.md lists the names."
    },
    mixinStandardHelpOptions = true,
    footer = {
      "",
      "Examples:",
      "  ./subbit predict fashion-mnist-int8-tau5 docs/pictures/boot.jpg",
      "  ./subbit predict clothes.onnx photos --top 2 --output answers.tsv --json answers.json",
      "  ./subbit predict clothes.sbm --data integration-tests/data/fashion-mnist",
      "  ./subbit predict clothes.sbm --data DIR --backend onnxruntime --output labels.txt",
      "  ./subbit predict pets.sbm --config pets.xml --source test",
      "  ./subbit predict clothes-int8.sbm --images i.gz --labels l.gz --backend fpga"
          + " --fpga-backend emulator"
    })
public final class PredictCommand implements Callable<Integer> {

  private static final int CHUNK = 1_000;
  private static final int WARM_UP_IMAGES = 100;

  @Spec private CommandSpec spec;
  @Mixin private JsonOption json;
  @Mixin private BackendOptions backend;
  @Mixin private LabelledImages images;

  @Parameters(
      index = "0",
      paramLabel = "MODEL",
      description =
          "A saved model (.sbm), an ONNX file (.onnx), or the name of a model that ./subbit zoo"
              + " lists.")
  private Path file;

  @Parameters(
      index = "1..*",
      arity = "0..*",
      paramLabel = "PICTURE",
      description = "Pictures, and folders whose pictures are all taken.")
  private List<String> pictures = List.of();

  @Option(
      names = "--top",
      paramLabel = "N",
      description =
          "Pictures: show the N most probable labels. Default: 5 for one picture, 1 for several.")
  private Integer top;

  @Option(
      names = "--invert",
      paramLabel = "WHEN",
      description =
          "Pictures: whether light and dark change places: NEVER, ALWAYS, or AUTO, where the border"
              + " is light. Default: as the model says.")
  private Inversion invert;

  @Option(
      names = "--output",
      paramLabel = "FILE",
      description = {
        "Pictures: write a line per label to FILE: file, label and probability, separated by tabs.",
        "Labelled images: write the predicted labels to FILE, one per line, in their order.",
        "With --spark: a folder to write, of Parquet files."
      })
  private String output;

  @Option(
      names = "--spark",
      paramLabel = "MASTER",
      description = {
        "Pictures: classify them on Apache Spark. MASTER is what its spark-submit takes: yarn,"
            + " spark://HOST:PORT, k8s://..., local[4]. spark-submit is looked for in SPARK_HOME and"
            + " on the PATH.",
        "Pictures and --output may be in any file system that the cluster reads. A picture that"
            + " cannot be decoded is a row that says why."
      })
  private String spark;

  @Option(
      names = "--column",
      paramLabel = "NAME",
      description = {
        "With --spark: the places are Parquet tables, and this column of theirs has the bytes of"
            + " PNG or JPEG files; a field of a structure as column.field.",
        "The answers keep the other columns, as fields of the column row."
      })
  private String column;

  @Option(
      names = "--spark-conf",
      paramLabel = "NAME=VALUE",
      description = "A setting of Spark, such as spark.executor.memory=4g. May be repeated.")
  private Map<String, String> sparkSettings = new LinkedHashMap<>();

  @Override
  public Integer call() throws Exception {
    json.requireWritable();
    if (output != null && spark == null) {
      OutputFile.requireWritable(Path.of(output));
    }
    if (pictures.isEmpty() == !images.given()) {
      throw new ParameterException(
          spec.commandLine(),
          images.given()
              ? "pictures and labelled images exclude each other; name one or the other"
              : "nothing to predict: name pictures or folders, or labelled images by --data,"
                  + " --images and --labels, or --config");
    }
    if (pictures.isEmpty() && (top != null || invert != null)) {
      throw new ParameterException(
          spec.commandLine(), "--top and --invert are for pictures, not for labelled images");
    }
    if (top != null && top < 1) {
      throw new ParameterException(
          spec.commandLine(), "--top is " + top + "; it must be at least 1");
    }
    if (spark != null) {
      answerOnSpark();
      return 0;
    }
    if (!sparkSettings.isEmpty() || column != null) {
      throw new ParameterException(spec.commandLine(), "--spark-conf and --column need --spark");
    }
    try (LoadedClassifier model = LoadedClassifier.load(file, backend)) {
      if (pictures.isEmpty()) {
        measure(model);
      } else {
        answer(model);
      }
    }
    return 0;
  }

  private void answer(LoadedClassifier model) {
    PicturePreparation preparation =
        invert == null ? model.preparation() : model.preparation().with(invert);
    List<Path> places = pictures.stream().map(Path::of).toList();
    PictureAnswers answers = PictureAnswers.of(model, preparation, places, top == null ? 0 : top);
    PrintWriter out = spec.commandLine().getOut();
    out.print(answers.table());
    out.flush();
    if (output != null) {
      write(answers.lines());
    }
    Map<String, Object> results = new LinkedHashMap<>();
    results.put("model", file.toString());
    results.put("backend", backend.name());
    results.put("pictures", answers.pictures());
    json.write(results);
  }

  private void answerOnSpark() throws IOException {
    if (pictures.isEmpty() || output == null) {
      throw new ParameterException(
          spec.commandLine(),
          "--spark classifies pictures: name them, and by --output a folder for the answers");
    }
    if (top != null || json.given() || !backend.settings().isEmpty()) {
      throw new ParameterException(
          spec.commandLine(), "--top, --json and settings of a device do not go with --spark");
    }
    SparkSubmit submit = SparkSubmit.find(System.getenv(), System.getProperty("subbit.home"));
    Map<String, String> settings = new LinkedHashMap<>(sparkSettings);
    settings.put("spark.subbit.backend", backend.name());
    if (invert != null) {
      settings.put("spark.subbit.invert", invert.name());
    }
    if (column != null) {
      settings.put("spark.subbit.column", column);
    }
    Path folder = Files.createTempDirectory("subbit-spark");
    Path model = folder.resolve("model.onnx");
    try {
      LoadedClassifier.export(file, model);
      List<String> arguments = new ArrayList<>(List.of(model.toString(), output));
      arguments.addAll(pictures);
      submit.run(Program.PREDICT_PICTURES, spark, settings, arguments);
    } finally {
      Files.deleteIfExists(model);
      Files.deleteIfExists(folder);
    }
  }

  /** Runs the images through the model in batches, so that any number of them fits into memory. */
  private void measure(LoadedClassifier model) {
    Tally tally = new Tally();
    List<Example<Label>> chunk = new ArrayList<>(CHUNK);
    for (Example<Label> example : images.read(model.preparation().shape())) {
      requireKnown(example.getOutput(), model);
      chunk.add(example);
      if (chunk.size() == CHUNK) {
        tally.add(model, chunk);
        chunk.clear();
      }
    }
    tally.add(model, chunk);
    if (tally.images() == 0) {
      throw new UserError("There are no images to predict.");
    }
    report(tally, model.devices().get());
  }

  /** The predictions so far. */
  private static final class Tally {

    private final List<String> labels = new ArrayList<>();
    private int right;
    private long nanos;

    private void add(LoadedClassifier model, List<Example<Label>> chunk) {
      if (labels.isEmpty()) {
        // The first run loads the model; it is not timed.
        model.predict(chunk.subList(0, Math.min(WARM_UP_IMAGES, chunk.size())));
      }
      long start = System.nanoTime();
      List<Prediction<Label>> predictions = model.predict(chunk);
      nanos += System.nanoTime() - start;
      for (Prediction<Label> prediction : predictions) {
        String label = prediction.getOutput().getLabel();
        labels.add(label);
        right += label.equals(prediction.getExample().getOutput().getLabel()) ? 1 : 0;
      }
    }

    private int images() {
      return labels.size();
    }

    private double imagesPerSecond() {
      return images() / (nanos / 1e9);
    }
  }

  private static void requireKnown(Label label, LoadedClassifier model) {
    if (!model.labels().contains(label.getLabel())) {
      throw new UserError(
          "The images have the label '"
              + label.getLabel()
              + "', which the model does not know; it knows "
              + String.join(", ", model.labels())
              + ". Name the labels 0, 1, ... with --label-names.");
    }
  }

  private void report(Tally tally, List<DevicePool.Work> devices) {
    double accuracy = (double) tally.right / tally.images();
    PrintWriter out = spec.commandLine().getOut();
    out.printf("Back end:   %s%n", backend.name());
    out.printf("Accuracy:   %.2f %% (%,d of %,d)%n", 100 * accuracy, tally.right, tally.images());
    out.printf("Speed:      %,.0f images/s%n", tally.imagesPerSecond());
    for (DevicePool.Work device : devices) {
      out.printf(
          "  %s: %,d images%s%n",
          device.name(),
          device.images(),
          device.failure().map(failure -> ", taken out: " + failure).orElse(""));
    }
    if (output != null) {
      write(String.join("\n", tally.labels) + "\n");
      out.printf("Labels:     %s%n", output);
    }
    Map<String, Object> results = new LinkedHashMap<>();
    results.put("model", file.toString());
    results.put("backend", backend.name());
    results.put("images", tally.images());
    results.put("right", tally.right);
    results.put("accuracy", accuracy);
    results.put("imagesPerSecond", tally.imagesPerSecond());
    if (!devices.isEmpty()) {
      results.put("devices", devices.stream().map(PredictCommand::fields).toList());
    }
    json.write(results);
  }

  private static Map<String, Object> fields(DevicePool.Work device) {
    Map<String, Object> fields = new LinkedHashMap<>();
    fields.put("device", device.name());
    fields.put("images", device.images());
    fields.put("failure", device.failure().orElse(null));
    return fields;
  }

  private void write(String lines) {
    OutputFile.write(
        Path.of(output), stream -> stream.write(lines.getBytes(StandardCharsets.UTF_8)));
  }
}
