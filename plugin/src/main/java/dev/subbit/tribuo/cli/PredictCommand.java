package dev.subbit.tribuo.cli;

import dev.subbit.tribuo.SubBitModel;
import dev.subbit.tribuo.data.IdxImageSource;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import org.tribuo.Example;
import org.tribuo.Prediction;
import org.tribuo.classification.Label;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code subbit predict}. */
@Command(
    name = "predict",
    description = "Run a saved model over labelled images and say how often it is right.",
    mixinStandardHelpOptions = true,
    footer = {
      "",
      "Examples:",
      "  ./subbit predict clothes.sbm --data integration-tests/data/fashion-mnist",
      "  ./subbit predict clothes.sbm --data DIR --backend onnxruntime --output labels.txt",
      "  ./subbit predict clothes-int8.sbm --images i.gz --labels l.gz --backend fpga"
          + " --fpga-backend emulator"
    })
final class PredictCommand implements Callable<Integer> {

  private static final int WARM_UP_IMAGES = 100;

  @Spec private CommandSpec spec;
  @Mixin private JsonOption json;
  @Mixin private BackendOptions backend;

  @Parameters(index = "0", paramLabel = "MODEL.sbm", description = "The saved model.")
  private Path file;

  @ArgGroup(multiplicity = "1")
  private Images images;

  @Option(
      names = "--limit",
      paramLabel = "N",
      defaultValue = "0",
      description = "Only the first N images.")
  private int limit;

  @Option(
      names = "--output",
      paramLabel = "FILE",
      description = "Write the predicted labels to FILE, one a line, in the order of the images.")
  private Path output;

  @Option(
      names = "--label-names",
      paramLabel = "NAME",
      split = ",",
      description =
          "Names of the labels 0, 1, ..., for a model that was trained on names; separated by"
              + " commas.")
  private List<String> labelNames = List.of();

  /** Where the images come from. */
  private static final class Images {

    @Option(
        names = "--data",
        required = true,
        paramLabel = "DIR",
        description = "A folder in MNIST's layout; its t10k images are taken.")
    private Path data;

    @ArgGroup(exclusive = false)
    private Pair pair;
  }

  /** A pair of IDX files. */
  private static final class Pair {

    @Option(
        names = "--images",
        required = true,
        paramLabel = "FILE",
        description = "An IDX file of images, plain or gzipped.")
    private Path images;

    @Option(
        names = "--labels",
        required = true,
        paramLabel = "FILE",
        description = "The IDX file of their labels.")
    private Path labels;
  }

  @Override
  public Integer call() throws Exception {
    json.requireWritable();
    if (output != null) {
      OutputFile.requireWritable(output);
    }
    Map<String, String> settings = backend.settings();
    try (SubBitModel loaded = ModelFile.load(file);
        SubBitModel model = loaded.withBackend(backend.name(), settings)) {
      predict(model);
    }
    return 0;
  }

  private void predict(SubBitModel model) {
    List<Example<Label>> examples = new ArrayList<>();
    for (Example<Label> example : read()) {
      requireKnown(example.getOutput(), model);
      examples.add(example);
    }
    model.predict(examples.subList(0, Math.min(WARM_UP_IMAGES, examples.size())));
    long start = System.nanoTime();
    List<Prediction<Label>> predictions = model.predict(examples);
    double imagesPerSecond = examples.size() / ((System.nanoTime() - start) / 1e9);

    int right = 0;
    for (int i = 0; i < predictions.size(); i++) {
      String label = predictions.get(i).getOutput().getLabel();
      right += label.equals(examples.get(i).getOutput().getLabel()) ? 1 : 0;
    }
    report(predictions, right, imagesPerSecond);
  }

  private static void requireKnown(Label label, SubBitModel model) {
    if (model.getOutputIDInfo().getID(label) < 0) {
      throw new UserError(
          "The images have the label '"
              + label.getLabel()
              + "', which the model does not know; it knows "
              + model.getOutputIDInfo().toReadableString()
              + ". Name the labels 0, 1, ... with --label-names.");
    }
  }

  private IdxImageSource read() {
    if (images.data != null) {
      return new ImageFolder(images.data).read(ImageFolder.Part.TEST, labelNames, limit);
    }
    return ImageFolder.read(images.pair.images, images.pair.labels, labelNames, limit);
  }

  private void report(List<Prediction<Label>> predictions, int right, double imagesPerSecond) {
    int count = predictions.size();
    PrintWriter out = spec.commandLine().getOut();
    out.printf("Back end:   %s%n", backend.name());
    out.printf("Accuracy:   %.2f %% (%,d of %,d)%n", 100.0 * right / count, right, count);
    out.printf("Speed:      %,.0f images/s%n", imagesPerSecond);
    if (output != null) {
      List<String> labels =
          predictions.stream()
              .map(prediction -> prediction.getOutput().getLabel())
              .collect(Collectors.toList());
      OutputFile.write(
          output,
          stream ->
              stream.write((String.join("\n", labels) + "\n").getBytes(StandardCharsets.UTF_8)));
      out.printf("Labels:     %s%n", output);
    }
    Map<String, Object> results = new LinkedHashMap<>();
    results.put("model", file.toString());
    results.put("backend", backend.name());
    results.put("images", count);
    results.put("right", right);
    results.put("accuracy", (double) right / count);
    results.put("imagesPerSecond", imagesPerSecond);
    json.write(results);
  }
}
