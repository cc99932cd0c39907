package dev.subbit.cli.demo;

import dev.subbit.cli.report.DemoResult.Run;
import dev.subbit.cli.report.Figures;
import dev.subbit.cli.run.ExportCommand;
import dev.subbit.cli.terminal.TextTable;
import dev.subbit.cli.terminal.UserError;
import dev.subbit.onnx.TemporaryFiles;
import dev.subbit.tribuo.SubBitModel;
import dev.subbit.tribuo.data.IdxImageSource;
import dev.subbit.tribuo.data.PixelMap;
import dev.subbit.tribuo.evaluation.ModelInputs;
import dev.subbit.tribuo.evaluation.Place;
import dev.subbit.tribuo.export.OnnxExporter;
import dev.subbit.tribuo.network.TrainedNetwork;
import dev.subbit.tribuo.zoo.Zoo;
import dev.subbit.tribuo.zoo.ZooModel;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.tribuo.Example;
import org.tribuo.Prediction;
import org.tribuo.classification.Label;

/** A trained model of the zoo, shown at work on every back end, without any training. */
final class QuickDemo {

  /** It runs on every back end, the device included. */
  private static final String MODEL = "fashion-mnist-int8-tau5";

  private static final List<Place> PLACES = List.of(Place.BODIES, Place.KERNELS, Place.EMULATOR);

  private static final int SHOWN = 3;
  private static final int COLUMNS = 24;
  private static final int ROWS = 12;
  private static final String GAP = "   ";
  private static final String SHADES = " .:-=+*#%@";

  private QuickDemo() {}

  /**
   * What the demo found, for {@code --json}.
   *
   * @param model the model's name.
   * @param bytes bytes of the exported file.
   * @param floatBytes bytes with 32 bits per weight.
   * @param oneBitBytes bytes with 1 bit per weight.
   * @param images number of test images.
   * @param runs one per back end.
   */
  record Result(
      String model, long bytes, long floatBytes, long oneBitBytes, int images, List<Run> runs) {}

  /**
   * Runs the demo.
   *
   * @param images test images of Fashion-MNIST.
   * @param terminal where it is shown.
   * @return what it found.
   * @throws IOException if the exported model cannot be written to a temporary file.
   */
  static Result run(IdxImageSource images, PrintWriter terminal) throws IOException {
    ZooModel entry = Zoo.find(MODEL).orElseThrow();
    try (SubBitModel model = entry.load()) {
      int[] positions = model.pixels().positions();
      if (!images.imageShape().equals(model.network().network().input())) {
        throw new UserError("The images are not Fashion-MNIST's: " + images + ".");
      }
      terminal.printf(
          Locale.ROOT,
          "%s of the zoo: %s with %.2f bit per weight and %s activations,%ntrained on %s.%n%n",
          entry.name(),
          entry.network(),
          model.network().storedSize().indexBitsPerWeight(),
          entry.activations(),
          entry.images());
      show(model, images, terminal);

      Path onnx = TemporaryFiles.file("demo", ".onnx");
      try {
        long bytes = ExportCommand.export(model, ExportCommand.DEFAULT_DOMAIN, 1, onnx);
        long floats = bytes(model.network().withFloatWeights(), positions);
        long oneBit = bytes(model.network().withOneBitWeights(), positions);
        terminal.printf(
            Locale.ROOT,
            "%nExported to ONNX: %,d bytes. With 32 bits per weight it would be %.1f times as"
                + " large, with 1 bit %.1f times.%n%n",
            bytes,
            (double) floats / bytes,
            (double) oneBit / bytes);
        terminal.flush();
        ModelInputs inputs = new ModelInputs(images, model.pixels());
        List<Run> runs =
            DemoRuns.of(onnx, inputs, model.getOutputIDInfo(), PLACES, run -> {}).runs();
        terminal.print(table(runs, inputs.size()));
        terminal.println("same label, same bits: compared with (a), which is ONNX Runtime alone.");
        terminal.flush();
        return new Result(entry.name(), bytes, floats, oneBit, inputs.size(), runs);
      } finally {
        Files.deleteIfExists(onnx);
      }
    }
  }

  private static long bytes(TrainedNetwork network, int[] positions) {
    return OnnxExporter.export(network, positions).getSerializedSize();
  }

  private static String table(List<Run> runs, int images) {
    TextTable table =
        new TextTable(1, "runs on", "accuracy", "images/s", "same label", "same bits");
    for (Run run : runs) {
      table.row(
          run.title(),
          Figures.percent(run.accuracy()),
          String.format(Locale.ROOT, "%,.0f", run.imagesPerSecond()),
          String.format(Locale.ROOT, "%,d of %,d", run.sameLabels(), images),
          run.sameBits() ? "all" : "no");
    }
    return table.toString();
  }

  /** Draws the first images, each over what the model says. */
  private static void show(SubBitModel model, IdxImageSource images, PrintWriter terminal) {
    List<Example<Label>> shown = new ArrayList<>();
    for (Example<Label> image : images) {
      shown.add(image);
      if (shown.size() == SHOWN) {
        break;
      }
    }
    List<float[]> pixels = shown.stream().map(image -> pixels(image, model.pixels())).toList();
    for (int row = 0; row < ROWS; row++) {
      List<String> lines = new ArrayList<>();
      for (float[] image : pixels) {
        lines.add(line(image, row, model.pixels()));
      }
      terminal.println(String.join(GAP, lines).stripTrailing());
    }
    List<String> answers = new ArrayList<>();
    for (Prediction<Label> prediction : model.predict(shown)) {
      Label best = prediction.getOutput();
      answers.add(
          String.format(
              Locale.ROOT, "%-" + COLUMNS + "s", answer(best.getLabel(), best.getScore())));
    }
    terminal.println(String.join(GAP, answers).stripTrailing());
  }

  private static String answer(String label, double probability) {
    return String.format(Locale.ROOT, "%s, %.1f %%", label, 100 * probability);
  }

  private static float[] pixels(Example<Label> image, PixelMap map) {
    float[] pixels = new float[map.shape().size()];
    map.fill(image, pixels, 0);
    return pixels;
  }

  private static String line(float[] image, int row, PixelMap map) {
    int height = map.shape().height();
    int width = map.shape().width();
    StringBuilder line = new StringBuilder();
    for (int column = 0; column < COLUMNS; column++) {
      float value = image[row * height / ROWS * width + column * width / COLUMNS];
      line.append(SHADES.charAt((int) (value * (SHADES.length() - 1) / 255)));
    }
    return line.toString();
  }
}
