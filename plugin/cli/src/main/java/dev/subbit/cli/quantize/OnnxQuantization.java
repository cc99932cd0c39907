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
import dev.subbit.tribuo.quantizer.ChannelGroup;
import dev.subbit.tribuo.quantizer.Deadline;
import dev.subbit.tribuo.quantizer.Decibels;
import dev.subbit.tribuo.quantizer.LayerResult;
import dev.subbit.tribuo.quantizer.OnnxQuantizer;
import dev.subbit.tribuo.quantizer.OutputAgreement;
import dev.subbit.tribuo.quantizer.QuantizationResult;
import dev.subbit.tribuo.quantizer.QuantizationSettings;
import dev.subbit.tribuo.quantizer.SizePoint;
import dev.subbit.tribuo.quantizer.SmallestFile;
import dev.subbit.tribuo.quantizer.Verdict;
import dev.subbit.tribuo.quantizer.graph.GraphSession;
import dev.subbit.tribuo.quantizer.graph.LeftNode;
import dev.subbit.tribuo.quantizer.graph.ModelInput;
import dev.subbit.tribuo.quantizer.graph.OperatorSets;
import dev.subbit.tribuo.quantizer.input.Calibration;
import dev.subbit.tribuo.quantizer.input.CalibrationFeeds;
import dev.subbit.tribuo.quantizer.timing.LayerTime;
import dev.subbit.tribuo.quantizer.timing.LayerTimes;
import dev.subbit.tribuo.training.OnnxTuning;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.function.Supplier;

/** {@code subbit quantize in.onnx out.onnx}: quantizes an ONNX model of any origin. */
final class OnnxQuantization {

  /** With fewer, one unusual sample changes the figures by decibels. */
  private static final int TRUSTED_SAMPLES = 20;

  private final Path in;
  private final Path out;
  private final CalibrationOptions calibration;
  private final QuantizationSettings settings;
  private final Optional<OnnxTuning> tuning;
  private final int trainedImages;
  private final boolean smallest;
  private final Double minutes;
  private final Path report;
  private final Supplier<Progress> progress;
  private final PrintWriter terminal;

  OnnxQuantization(
      Path in,
      Path out,
      Path report,
      CalibrationOptions calibration,
      QuantizationSettings settings,
      Optional<OnnxTuning> tuning,
      int trainedImages,
      boolean smallest,
      Double minutes,
      Supplier<Progress> progress,
      PrintWriter terminal) {
    this.in = in;
    this.out = out;
    this.report = report;
    this.calibration = calibration;
    this.settings = settings;
    this.tuning = tuning;
    this.trainedImages = trainedImages;
    this.smallest = smallest;
    this.minutes = minutes;
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
    OnnxFile file;
    ModelProto model;
    try {
      String name = in.toString();
      file = new OnnxFile(in);
      model =
          OperatorSets.upgrade(
              name, FunctionInlining.inline(name, file.model(), OnnxQuantization::isForeign));
    } catch (IOException e) {
      throw new UserError(e.getMessage(), e);
    }
    boolean labelled = tuning.isPresent() && tuning.get().needsLabels();
    Calibration trained =
        calibration.feeds(inputs(model), trainedImages, labelled, settings.choosesStages());
    // More images than the calibration's are for training alone.
    Calibration feeds =
        trainedImages > calibration.images() ? trained.part(calibration.images()) : trained;
    long start = System.nanoTime();
    QuantizationResult result;
    TuningPasses passes = new TuningPasses();
    try (GraphSession reference = GraphSession.ofFile(in);
        QuantizationBar bar = new QuantizationBar(progress)) {
      Deadline deadline =
          minutes == null
              ? Deadline.NONE
              : Deadline.after(Duration.ofMillis(Math.round(minutes * 60_000)));
      result =
          smallest
              ? new SmallestFile(settings, deadline).find(model, reference, feeds, bar)
              : new OnnxQuantizer(
                      settings,
                      deadline,
                      tuning.map(one -> one.withPasses(passes::add).on(trained)))
                  .quantize(model, reference, feeds, bar);
    } catch (IllegalArgumentException e) {
      throw new UserError(in + ": " + e.getMessage(), e);
    }
    double seconds = (System.nanoTime() - start) / 1e9;
    write(result, file, model);
    Map<String, LayerTime> times =
        LayerTimes.of(model, result.weights(), feeds.fit().get(0), settings.form());
    if (report != null) {
      String page =
          QuantizationPage.of(in.getFileName().toString(), result, times, file.bytes(), size(out));
      OutputFile.write(report, stream -> stream.write(page.getBytes(StandardCharsets.UTF_8)));
    }
    Map<String, Object> results = print(result, times, file.bytes(), seconds);
    if (tuning.isPresent()) {
      terminal.println(passes.sentence());
      results.put("passes", passes.all());
    }
    return results;
  }

  /** Where nothing was changed, the output is the input, byte for byte. */
  private void write(QuantizationResult result, OnnxFile file, ModelProto model) {
    try {
      if (result.model() != model) {
        OutputFile.write(out, stream -> result.model().writeTo(stream));
      } else if (file.isWhole() || isBeside()) {
        OutputFile.write(out, stream -> Files.copy(in, stream));
      } else {
        // A copy elsewhere would not find its data.
        OutputFile.write(out, stream -> file.model().writeTo(stream));
      }
    } catch (IOException e) {
      throw new UserError("Cannot read " + in + ": " + e.getMessage(), e);
    }
  }

  private boolean isBeside() throws IOException {
    return Files.isSameFile(in.toAbsolutePath().getParent(), out.toAbsolutePath().getParent());
  }

  private List<ModelInput> inputs(ModelProto model) {
    try {
      return ModelInput.of(model);
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
              "kernel",
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
            layer.kernel(),
            "" + layer.group(),
            "" + layer.stages(),
            String.format(Locale.ROOT, "%.2f", layer.bitsPerWeight()),
            String.format(Locale.ROOT, "%.2f", layer.storedBitsPerWeight()),
            String.format(Locale.ROOT, "%,d", layer.bytesAfter()),
            String.format(Locale.ROOT, "%,d", layer.bytesBefore()),
            time == null ? "-" : String.format(Locale.ROOT, "%,.0f", time.microsecondsAfter()),
            time == null ? "-" : String.format(Locale.ROOT, "%,.0f", time.microsecondsBefore()),
            Double.isNaN(layer.signalToNoise())
                ? "-"
                : String.format(Locale.ROOT, "%.1f", layer.signalToNoise()));
      }
      terminal.println(table);
      terminal.println(
          "bits/weight: of the indices; stored: with codebooks, scales and biases; us: microseconds"
              + " of the layer alone.");
      printNotes(result);
    }
    if (!result.left().isEmpty()) {
      terminal.println("Convolutions that stay as they are:");
      for (LeftNode node : result.left()) {
        terminal.printf("  %s (%s): %s%n", node.name(), node.opType(), node.reason());
      }
      terminal.println();
    }
    for (OutputAgreement output : result.outputs()) {
      terminal.println(sentence(output, result));
      for (ChannelGroup group : output.getGroups()) {
        terminal.printf(
            "  channels %d to %d: SNR %s%n",
            group.first(), group.last(), Decibels.text(group.signalToNoise(), group.uncertainty()));
      }
    }
    if (result.measured() > 0) {
      terminal.println(measured(result));
    }
    if (!result.curve().isEmpty()) {
      terminal.printf(
          "The files that were tried, on the %d samples of the choice:%n", result.chosenOn());
      terminal.println(curve(result.curve()));
    }
    long after = size(out);
    terminal.printf(
        Locale.ROOT,
        "Quantized %d of %d convolutions in %.1f s; saved %s (%,d bytes, was %,d).%n",
        result.weights().size(),
        result.weights().size() + result.left().size(),
        seconds,
        out,
        after,
        before);
    Verdict verdict = Verdict.of(result, after);
    terminal.println(verdict.sentence());
    Map<String, Object> results = new LinkedHashMap<>();
    results.put("model", out.toString());
    results.put("bytesBefore", before);
    results.put("bytesAfter", after);
    results.put("seconds", seconds);
    results.put("layers", result.layers());
    results.put("times", times.values());
    results.put("left", result.left());
    results.put("outputs", result.outputs());
    results.put("heldOut", result.heldOut());
    results.put("measuredSamples", result.measured());
    results.put("choiceSamples", result.chosenOn());
    results.put("int8", result.int8());
    results.put("curve", result.curve());
    results.put("verdict", verdict);
    results.put("outputsWithFloatActivations", result.floatActivations());
    return results;
  }

  /** The files that were tried, from the smallest. */
  private static TextTable curve(List<SizePoint> files) {
    TextTable table =
        new TextTable(
            2, "codewords", "rest", "bits/weight", "bytes", "equal decisions", "SNR dB", "within");
    for (SizePoint file : files) {
      table.row(
          file.codewords() == null ? "-" : file.codewords().toString(),
          file.rest().toString(),
          file.codewords() == null ? "-" : String.format(Locale.ROOT, "%.2f", file.bitsPerWeight()),
          String.format(Locale.ROOT, "%,d", file.bytes()),
          Figures.percent(1 - file.drop()),
          Double.isNaN(file.signalToNoise())
              ? "-"
              : String.format(Locale.ROOT, "%.1f", file.signalToNoise()),
          file.within() ? "yes" : "no");
    }
    return table;
  }

  /** Which samples the figures come from, and what they are worth. */
  private static String measured(QuantizationResult result) {
    if (!result.heldOut()) {
      return String.format(
          Locale.ROOT,
          "Measured on the %d calibration samples themselves, since there are too few to hold any"
              + " out: on others it will be worse.",
          result.measured());
    }
    String samples =
        String.format(Locale.ROOT, "Measured on %d held-out samples", result.measured())
            + (result.chosenOn() == 0
                ? ""
                : String.format(
                    Locale.ROOT, ", and chosen by %d others that are held out", result.chosenOn()));
    if (result.measured() < TRUSTED_SAMPLES) {
      return samples
          + ": too few for figures to rely on; give at least "
          + CalibrationFeeds.samplesToHoldOut(TRUSTED_SAMPLES)
          + " calibration samples.";
    }
    double uncertainty =
        result.outputs().stream()
            .mapToDouble(OutputAgreement::getUncertainty)
            .filter(Double::isFinite)
            .max()
            .orElse(0);
    if (uncertainty <= Decibels.WELL_KNOWN) {
      return samples + ".";
    }
    // Errors fall with the root of the number of samples.
    int needed =
        (int) Math.ceil(result.measured() * Math.pow(uncertainty / Decibels.WELL_KNOWN, 2));
    return String.format(
        Locale.ROOT,
        "%s: too few to know every ratio to within %.0f dB; about %,d calibration samples would do.",
        samples,
        Decibels.WELL_KNOWN,
        result.layers().isEmpty() ? needed : CalibrationFeeds.samplesToHoldOut(needed));
  }

  /** What the table cannot say about layers. */
  private void printNotes(QuantizationResult result) {
    for (LayerResult layer : result.layers()) {
      if (!layer.sharing().isEmpty()) {
        terminal.printf(
            "  %s: %s read the same weights.%n", layer.name(), String.join(", ", layer.sharing()));
      }
    }
    List<String> few =
        result.layers().stream()
            .filter(LayerResult::hasFewPatches)
            .map(
                layer ->
                    String.format(
                        Locale.ROOT,
                        "%s (%,d for %,d weights of an output%s)",
                        layer.name(),
                        layer.patches(),
                        layer.weightsPerOutput(),
                        layer.plain() ? ", so its weights are the nearest to the float ones" : ""))
            .toList();
    if (!few.isEmpty()) {
      terminal.println(
          "Too few patches to fit these layers well; give more calibration inputs: "
              + String.join(", ", few)
              + ".");
    }
    List<String> hurried =
        result.layers().stream()
            .filter(layer -> layer.plain() && !layer.hasFewPatches())
            .map(LayerResult::name)
            .toList();
    if (!hurried.isEmpty()) {
      terminal.println(
          "The time was over before these layers were fitted; their weights are the nearest to the"
              + " float ones: "
              + String.join(", ", hurried)
              + ".");
    }
    terminal.println();
  }

  private static String sentence(OutputAgreement output, QuantizationResult result) {
    StringBuilder text = new StringBuilder("Output '").append(output.getOutput()).append("': ");
    if (!output.getObstacle().isEmpty()) {
      return text.append("not compared, since ")
          .append(output.getObstacle())
          .append('.')
          .toString();
    }
    if (!Double.isNaN(output.getSameValues())) {
      return text.append("equal in ")
          .append(Figures.percent(output.getSameValues()))
          .append(" of its values.")
          .toString();
    }
    text.append("SNR ").append(Decibels.text(output.getSignalToNoise(), output.getUncertainty()));
    result.floatActivations().stream()
        .filter(before -> before.getOutput().equals(output.getOutput()))
        .forEach(
            before ->
                text.append(" (")
                    .append(Decibels.text(before.getSignalToNoise(), before.getUncertainty()))
                    .append(" with float activations)"));
    if (!Double.isNaN(output.getRetrieval())) {
      text.append(", ")
          .append(Figures.percent(output.getRetrieval()))
          .append(" of the samples nearest to themselves by the cosine, mean cosine ")
          .append(String.format(Locale.ROOT, "%.4f", output.getCosine()));
    } else if (!Double.isNaN(output.getSameLargest())) {
      text.append(", the largest value at the same place in ")
          .append(Figures.percent(output.getSameLargest()))
          .append(" of the rows");
    }
    return text.append('.').toString();
  }

  private static long size(Path file) {
    try {
      return Files.size(file);
    } catch (IOException e) {
      throw new UserError("Cannot read " + file + ": " + e.getMessage(), e);
    }
  }
}
