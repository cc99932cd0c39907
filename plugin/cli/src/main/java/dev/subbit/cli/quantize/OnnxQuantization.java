package dev.subbit.cli.quantize;

import ai.onnx.proto.OnnxMl.FunctionProto;
import ai.onnx.proto.OnnxMl.ModelProto;
import dev.subbit.cli.files.OutputFile;
import dev.subbit.cli.report.Figures;
import dev.subbit.cli.report.QuantizationPage;
import dev.subbit.cli.terminal.Progress;
import dev.subbit.cli.terminal.TextTable;
import dev.subbit.cli.terminal.UserError;
import dev.subbit.onnx.SubBitOperator;
import dev.subbit.onnx.graph.FunctionInlining;
import dev.subbit.onnx.graph.OnnxFile;
import dev.subbit.tribuo.quantizer.LayerResult;
import dev.subbit.tribuo.quantizer.OnnxQuantizer;
import dev.subbit.tribuo.quantizer.OutputAgreement;
import dev.subbit.tribuo.quantizer.QuantizationResult;
import dev.subbit.tribuo.quantizer.QuantizationSettings;
import dev.subbit.tribuo.quantizer.graph.Feed;
import dev.subbit.tribuo.quantizer.graph.GraphSession;
import dev.subbit.tribuo.quantizer.graph.LeftNode;
import dev.subbit.tribuo.quantizer.graph.ModelInput;
import dev.subbit.tribuo.quantizer.graph.OperatorSets;
import dev.subbit.tribuo.quantizer.timing.LayerTime;
import dev.subbit.tribuo.quantizer.timing.LayerTimes;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Supplier;

/** {@code subbit quantize in.onnx out.onnx}: quantizes an ONNX model of any origin. */
final class OnnxQuantization {

  private final Path in;
  private final Path out;
  private final CalibrationOptions calibration;
  private final QuantizationSettings settings;
  private final Path report;
  private final Supplier<Progress> progress;
  private final PrintWriter terminal;

  OnnxQuantization(
      Path in,
      Path out,
      Path report,
      CalibrationOptions calibration,
      QuantizationSettings settings,
      Supplier<Progress> progress,
      PrintWriter terminal) {
    this.in = in;
    this.out = out;
    this.report = report;
    this.calibration = calibration;
    this.settings = settings;
    this.progress = progress;
    this.terminal = terminal;
  }

  /** The functions of the sub-bit operators stay. */
  private static boolean isForeign(FunctionProto function) {
    return !function.getDomain().equals(SubBitOperator.DOMAIN);
  }

  /**
   * Quantizes the model and writes the result.
   *
   * @return the results, for {@code --json}.
   * @throws UserError if the model or the calibration cannot be used.
   */
  Map<String, Object> run() {
    ModelProto model;
    long bytesBefore;
    try {
      String name = in.toString();
      OnnxFile file = new OnnxFile(in);
      bytesBefore = file.bytes();
      model =
          OperatorSets.upgrade(
              name, FunctionInlining.inline(name, file.model(), OnnxQuantization::isForeign));
    } catch (IOException e) {
      throw new UserError(e.getMessage(), e);
    }
    List<Feed> feeds = calibration.feeds(inputs(model));
    long start = System.nanoTime();
    QuantizationResult result;
    try (QuantizationBar bar = new QuantizationBar(progress)) {
      result = new OnnxQuantizer(settings).quantize(model, feeds, bar);
    } catch (IllegalArgumentException e) {
      throw new UserError(in + ": " + e.getMessage(), e);
    }
    double seconds = (System.nanoTime() - start) / 1e9;
    OutputFile.write(out, stream -> result.model().writeTo(stream));
    boolean integer = settings.activations().isPresent();
    Map<String, LayerTime> times = LayerTimes.of(model, result.weights(), feeds.get(0), integer);
    if (report != null) {
      String page =
          QuantizationPage.of(in.getFileName().toString(), result, times, bytesBefore, size(out));
      OutputFile.write(report, stream -> stream.write(page.getBytes(StandardCharsets.UTF_8)));
    }
    return print(result, times, bytesBefore, seconds);
  }

  private List<ModelInput> inputs(ModelProto model) {
    try (GraphSession session = new GraphSession(model)) {
      return session.inputs();
    } catch (IllegalArgumentException e) {
      throw new UserError(in + ": " + e.getMessage(), e);
    }
  }

  private Map<String, Object> print(
      QuantizationResult result, Map<String, LayerTime> times, long before, double seconds) {
    if (!result.layers().isEmpty()) {
      TextTable table =
          new TextTable(
              1,
              "layer",
              "in",
              "out",
              "groups",
              "stages",
              "bits/weight",
              "stored",
              "bytes",
              "was",
              "us",
              "was",
              "SNR dB");
      for (LayerResult layer : result.layers()) {
        LayerTime time = times.get(layer.name());
        table.row(
            layer.name(),
            "" + layer.inChannels() * layer.group(),
            "" + layer.outChannels(),
            "" + layer.group(),
            "" + layer.stages(),
            String.format(Locale.ROOT, "%.2f", layer.bitsPerWeight()),
            String.format(Locale.ROOT, "%.2f", layer.storedBitsPerWeight()),
            String.format(Locale.ROOT, "%,d", layer.bytesAfter()),
            String.format(Locale.ROOT, "%,d", layer.bytesBefore()),
            String.format(Locale.ROOT, "%,.0f", time.microsecondsAfter()),
            String.format(Locale.ROOT, "%,.0f", time.microsecondsBefore()),
            String.format(Locale.ROOT, "%.1f", layer.signalToNoise()));
      }
      terminal.println(table);
      terminal.println(
          "bits/weight: of the indices; stored: with codebooks, scales and biases; us: microseconds"
              + " of the layer alone.");
      terminal.println();
    }
    if (!result.left().isEmpty()) {
      terminal.println("Convolutions that stay as they are:");
      for (LeftNode node : result.left()) {
        terminal.printf("  %s (%s): %s%n", node.name(), node.opType(), node.reason());
      }
      terminal.println();
    }
    for (OutputAgreement output : result.outputs()) {
      terminal.printf(
          Locale.ROOT,
          "Output '%s': SNR %s%s%s on the calibration inputs.%n",
          output.getOutput(),
          Figures.decibels(output.getSignalToNoise()),
          result.floatActivations().stream()
              .filter(whole -> whole.getOutput().equals(output.getOutput()))
              .map(
                  whole ->
                      " ("
                          + Figures.decibels(whole.getSignalToNoise())
                          + " with float activations)")
              .findFirst()
              .orElse(""),
          Double.isNaN(output.getSameLargest())
              ? ""
              : ", the largest value at the same place in "
                  + Figures.percent(output.getSameLargest())
                  + " of the rows");
    }
    long after = size(out);
    terminal.printf(
        Locale.ROOT,
        "Quantized %d of %d convolutions in %.1f s; saved %s (%,d bytes, was %,d).%n",
        result.layers().size(),
        result.layers().size() + result.left().size(),
        seconds,
        out,
        after,
        before);
    Map<String, Object> results = new LinkedHashMap<>();
    results.put("model", out.toString());
    results.put("bytesBefore", before);
    results.put("bytesAfter", after);
    results.put("seconds", seconds);
    results.put("layers", result.layers());
    results.put("times", times.values());
    results.put("left", result.left());
    results.put("outputs", result.outputs());
    results.put("outputsWithFloatActivations", result.floatActivations());
    return results;
  }

  private static long size(Path file) {
    try {
      return Files.size(file);
    } catch (IOException e) {
      throw new UserError("Cannot read " + file + ": " + e.getMessage(), e);
    }
  }
}
