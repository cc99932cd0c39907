package dev.subbit.cli.quantize;

import com.fasterxml.jackson.annotation.JsonInclude;
import dev.subbit.cli.files.ImageFolder;
import dev.subbit.cli.files.ModelFile;
import dev.subbit.cli.terminal.TextTable;
import dev.subbit.tribuo.SubBitModel;
import dev.subbit.tribuo.data.IdxImageSource;
import dev.subbit.tribuo.evaluation.ConfusionMatrix;
import dev.subbit.tribuo.evaluation.TestEvaluation;
import dev.subbit.tribuo.network.IntegerForm;
import dev.subbit.tribuo.network.Layer;
import dev.subbit.tribuo.network.Network;
import dev.subbit.tribuo.quantizer.SubBitQuantizer;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.function.IntFunction;
import org.tribuo.Dataset;
import org.tribuo.Example;
import org.tribuo.classification.Label;

/**
 * {@code subbit quantize in.sbm out.sbm} for a model with binary activations: makes it an integer
 * one, and counts what it still gets right.
 */
final class IntegerQuantization {

  private final Path out;
  private final Optional<ImageFolder> folder;
  private final QuantizationBar bar;
  private final PrintWriter terminal;

  /**
   * Prepares the work.
   *
   * @param out the file to write.
   * @param folder the folder in MNIST's layout that the images come from, if they do; its test
   *     images are evaluated if it has any.
   * @param bar shows the evaluations.
   * @param terminal where the report is printed.
   */
  IntegerQuantization(
      Path out, Optional<ImageFolder> folder, QuantizationBar bar, PrintWriter terminal) {
    this.out = out;
    this.folder = folder;
    this.bar = bar;
    this.terminal = terminal;
  }

  /**
   * What was done, for {@code --json}.
   *
   * @param model the file that was written.
   * @param bytes its bytes.
   * @param width bits of a value between two layers.
   * @param fractionBits how many of them are behind the binary point.
   * @param signLayers number of convolutions on signs.
   * @param eightBitLayers number of layers with 8-bit weights.
   * @param tuned whether the model is the result of training; null if none was asked for.
   * @param accuracies the accuracy of each form of the network on the test images; empty if there
   *     are none.
   */
  @JsonInclude(JsonInclude.Include.NON_NULL)
  record Report(
      String model,
      long bytes,
      int width,
      int fractionBits,
      long signLayers,
      long eightBitLayers,
      Boolean tuned,
      List<Accuracy> accuracies) {}

  /**
   * The accuracy of one form.
   *
   * @param form the form in words.
   * @param images number of test images.
   * @param right how many of them were put into the right class.
   * @param accuracy the share of these.
   */
  record Accuracy(String form, long images, long right, double accuracy) {}

  /**
   * Quantizes a model and writes the result.
   *
   * @param model the model, with binary activations.
   * @param images the images to calibrate on, and to train on.
   * @param tune passes of training; 0 for none.
   * @param quantizers makes the quantizer for a number of passes.
   * @return what was done.
   * @throws IOException if the size of the file cannot be read.
   */
  Report run(
      SubBitModel model, Dataset<Label> images, int tune, IntFunction<SubBitQuantizer> quantizers)
      throws IOException {
    List<Accuracy> accuracies = new ArrayList<>();
    Optional<IdxImageSource> test = testImages(model);
    evaluate("float", model, test, accuracies);
    if (tune > 0) {
      try (SubBitModel untuned = quantizers.apply(0).quantize(model, images)) {
        evaluate(form(untuned) + ", not tuned", untuned, test, accuracies);
      }
    }
    long start = System.nanoTime();
    try (SubBitModel integers = quantizers.apply(tune).quantize(model, images)) {
      double seconds = (System.nanoTime() - start) / 1e9;
      ModelFile.save(integers, out);
      Boolean tuned = tune == 0 ? null : SubBitQuantizer.isTuned(integers);
      evaluate(
          form(integers) + (tuned == null ? "" : tuned ? ", tuned" : ", written"),
          integers,
          test,
          accuracies);
      IntegerForm form = integers.network().integers().orElseThrow();
      Report report =
          new Report(
              out.toString(),
              Files.size(out),
              form.width(),
              form.fractionBits(),
              integers.network().packed().size(),
              layersInEightBits(integers.network().network()),
              tuned,
              accuracies);
      print(report, seconds);
      return report;
    }
  }

  private static String form(SubBitModel model) {
    IntegerForm form = model.network().integers().orElseThrow();
    return form.width() + "-bit integers, F = " + form.fractionBits();
  }

  private static long layersInEightBits(Network network) {
    return network.nodes().stream()
        .filter(
            node ->
                node.layer() instanceof Layer.Dense
                    || (node.layer() instanceof Layer.Conv conv
                        && conv.weights() == Layer.Weights.FLOAT))
        .count();
  }

  /** The test images, if there are any and the model knows their labels. */
  private Optional<IdxImageSource> testImages(SubBitModel model) {
    if (folder.isEmpty() || !folder.get().has(ImageFolder.Part.TEST)) {
      return Optional.empty();
    }
    IdxImageSource images = folder.get().read(ImageFolder.Part.TEST, List.of(), 0);
    for (Example<Label> image : images) {
      if (model.getOutputIDInfo().getID(image.getOutput()) < 0) {
        terminal.printf(
            "No accuracies: the test images have the label '%s', which the model does not know.%n",
            image.getOutput().getLabel());
        return Optional.empty();
      }
    }
    return Optional.of(images);
  }

  private void evaluate(
      String form, SubBitModel model, Optional<IdxImageSource> images, List<Accuracy> accuracies) {
    images.ifPresent(
        found -> {
          bar.at(0, 1, "evaluating: " + form);
          ConfusionMatrix confusions = TestEvaluation.confusions(model, found);
          double accuracy = confusions.accuracy();
          long right = Math.round(accuracy * confusions.images());
          accuracies.add(new Accuracy(form, confusions.images(), right, accuracy));
        });
  }

  private void print(Report report, double seconds) {
    bar.partOver();
    terminal.printf(
        Locale.ROOT,
        "The network computes in integers: values of %d bits, %d of them behind the binary point"
            + " (F = %d); %d convolutions of signs, %d layers with 8-bit weights.%n",
        report.width(),
        report.fractionBits(),
        report.fractionBits(),
        report.signLayers(),
        report.eightBitLayers());
    if (Boolean.FALSE.equals(report.tuned())) {
      terminal.println(
          "Training made it no better on the images that were held out; the model is the one"
              + " before.");
    }
    terminal.printf(
        Locale.ROOT, "Took %.1f s; saved %s (%,d bytes).%n", seconds, out, report.bytes());
    if (report.accuracies().isEmpty()) {
      return;
    }
    TextTable table = new TextTable(1, "form", "test images", "right", "accuracy");
    for (Accuracy accuracy : report.accuracies()) {
      table.row(
          accuracy.form(),
          String.format(Locale.ROOT, "%,d", accuracy.images()),
          String.format(Locale.ROOT, "%,d", accuracy.right()),
          String.format(Locale.ROOT, "%.2f %%", 100 * accuracy.accuracy()));
    }
    terminal.println();
    terminal.print(table);
    terminal.flush();
  }
}
