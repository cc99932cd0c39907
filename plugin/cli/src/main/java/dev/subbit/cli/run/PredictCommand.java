package dev.subbit.cli.run;

import dev.subbit.cli.files.ModelFile;
import dev.subbit.cli.files.OutputFile;
import dev.subbit.cli.options.BackendOptions;
import dev.subbit.cli.options.JsonOption;
import dev.subbit.cli.options.LabelledImages;
import dev.subbit.cli.terminal.UserError;
import dev.subbit.tribuo.SubBitModel;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
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
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code subbit predict}: runs a saved model over labelled images. */
@Command(
    name = "predict",
    description = "Run a saved model over labelled images and print its accuracy.",
    mixinStandardHelpOptions = true,
    footer = {
      "",
      "Examples:",
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

  @Parameters(index = "0", paramLabel = "MODEL.sbm", description = "The saved model.")
  private Path file;

  @Option(
      names = "--output",
      paramLabel = "FILE",
      description = "Write the predicted labels to FILE, one per line, in the order of the images.")
  private Path output;

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

  /** Runs the images through the model in batches, so that any number of them fits into memory. */
  private void predict(SubBitModel model) {
    Tally tally = new Tally();
    List<Example<Label>> chunk = new ArrayList<>(CHUNK);
    for (Example<Label> example : images.read(model.network().network().input())) {
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
    report(tally);
  }

  /** The predictions so far. */
  private static final class Tally {

    private final List<String> labels = new ArrayList<>();
    private int right;
    private long nanos;

    private void add(SubBitModel model, List<Example<Label>> chunk) {
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

  private void report(Tally tally) {
    double accuracy = (double) tally.right / tally.images();
    PrintWriter out = spec.commandLine().getOut();
    out.printf("Back end:   %s%n", backend.name());
    out.printf("Accuracy:   %.2f %% (%,d of %,d)%n", 100 * accuracy, tally.right, tally.images());
    out.printf("Speed:      %,.0f images/s%n", tally.imagesPerSecond());
    if (output != null) {
      String lines = String.join("\n", tally.labels) + "\n";
      OutputFile.write(output, stream -> stream.write(lines.getBytes(StandardCharsets.UTF_8)));
      out.printf("Labels:     %s%n", output);
    }
    Map<String, Object> results = new LinkedHashMap<>();
    results.put("model", file.toString());
    results.put("backend", backend.name());
    results.put("images", tally.images());
    results.put("right", tally.right);
    results.put("accuracy", accuracy);
    results.put("imagesPerSecond", tally.imagesPerSecond());
    json.write(results);
  }
}
