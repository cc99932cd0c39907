package dev.subbit.cli.report;

import dev.subbit.tribuo.quantizer.Decibels;
import dev.subbit.tribuo.quantizer.LayerResult;
import dev.subbit.tribuo.quantizer.OutputAgreement;
import dev.subbit.tribuo.quantizer.QuantizationResult;
import dev.subbit.tribuo.quantizer.Verdict;
import dev.subbit.tribuo.quantizer.graph.LeftNode;
import dev.subbit.tribuo.quantizer.timing.LayerTime;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The HTML page about a quantization: what was gained and lost and what to do next, then the
 * outputs, each layer's new form, and the layers that stay as they are. The template {@code
 * quantization.jte} asks it for its texts and figures.
 */
public final class QuantizationPage {

  /** With fewer equal decisions than this a quantization loses more than people accept. */
  private static final double LITTLE_LOST = 0.98;

  private static final int LAYERS_TO_NAME = 3;

  private final String model;
  private final QuantizationResult result;
  private final Map<String, LayerTime> times;
  private final long bytesBefore;
  private final long bytesAfter;

  private QuantizationPage(
      String model,
      QuantizationResult result,
      Map<String, LayerTime> times,
      long bytesBefore,
      long bytesAfter) {
    this.model = model;
    this.result = result;
    this.times = times;
    this.bytesBefore = bytesBefore;
    this.bytesAfter = bytesAfter;
  }

  /**
   * Writes the page.
   *
   * @param model name of the float model.
   * @param result the result of the quantization.
   * @param times the times of its layers, by name.
   * @param bytesBefore bytes of the float model's file.
   * @param bytesAfter bytes of the quantized model's file.
   * @return one self-contained HTML file.
   */
  public static String of(
      String model,
      QuantizationResult result,
      Map<String, LayerTime> times,
      long bytesBefore,
      long bytesAfter) {
    QuantizationPage page = new QuantizationPage(model, result, times, bytesBefore, bytesAfter);
    return Templates.render("quantization.jte", Map.of("page", page));
  }

  /**
   * One output of the model.
   *
   * @param name its name.
   * @param activations the kind of activations that it was computed with.
   * @param signalToNoise how close it is to the float model's.
   * @param sameLargest how often its largest value is at the same place.
   */
  public record Output(String name, String activations, String signalToNoise, String sameLargest) {}

  /**
   * One quantized layer.
   *
   * @param name its name.
   * @param figures the figures between name and signal-to-noise ratio.
   * @param signalToNoise how close its outputs are to the float model's.
   * @param bar width of a bar for that.
   */
  public record LayerRow(String name, List<String> figures, String signalToNoise, String bar) {}

  /**
   * Layers that stay as they are for one reason.
   *
   * @param reason the reason.
   * @param count their number.
   * @param first the first one's name.
   * @param names the names of all.
   */
  public record Left(String reason, int count, String first, String names) {}

  /**
   * A file that the search for the smallest made.
   *
   * @param form codewords, bits and rest.
   * @param size its size.
   * @param equal share of equal decisions.
   * @param signalToNoise ratio of its worst output.
   * @param within whether it stays within the drop.
   */
  public record Tried(
      String form, String size, String equal, String signalToNoise, String within) {}

  /**
   * Whether the smallest file was searched.
   *
   * @return true if there is a curve.
   */
  public boolean hasCurve() {
    return !result.curve().isEmpty();
  }

  /**
   * The samples that the files were measured on.
   *
   * @return their number.
   */
  public int chosenOn() {
    return result.chosenOn();
  }

  /**
   * The files that were tried, as a picture.
   *
   * @return the chart.
   */
  public SizeChart curve() {
    return new SizeChart(result.curve());
  }

  /**
   * The files that were tried, from the smallest.
   *
   * @return a row each.
   */
  public List<Tried> tried() {
    return result.curve().stream()
        .map(
            file ->
                new Tried(
                    SizeChart.form(file),
                    Figures.kilobytes(file.bytes()),
                    Figures.percent(1 - file.drop()),
                    Figures.decibels(file.signalToNoise()),
                    file.within() ? "yes" : "no"))
        .toList();
  }

  /**
   * What the page begins with.
   *
   * @return verdict, facts and next steps.
   */
  public Summary summary() {
    return new Summary("Quantization of " + model, verdict(), "", facts(), nextSteps());
  }

  private String verdict() {
    return Figures.format(
            "%d of %d convolutions became sub-bit. The file has %s in place of %s, %s smaller. ",
            result.layers().size(),
            result.layers().size() + result.left().size(),
            Figures.kilobytes(bytesAfter),
            Figures.kilobytes(bytesBefore),
            Figures.times(bytesBefore, Math.max(1, bytesAfter)))
        + Verdict.of(result, bytesAfter).sentence();
  }

  private List<Fact> facts() {
    List<Fact> facts = new ArrayList<>();
    if (!result.layers().isEmpty()) {
      facts.add(
          new Fact(
              Figures.format("%.2f bits", storedBitsPerWeight()),
              "stored per weight of the sub-bit layers: indices, codebooks, scales and biases"));
    }
    facts.add(
        new Fact(
            Figures.times(bytesBefore, Math.max(1, bytesAfter)), "smaller file than the original"));
    if (!times.isEmpty()) {
      facts.add(
          new Fact(
              Figures.format("%.1fx", speedUp()),
              "as fast on this machine, the sub-bit layers taken together"));
    }
    double same = sameLargest();
    facts.add(
        Double.isNaN(same)
            ? new Fact(worstSignal(), "signal-to-noise ratio of the worst output")
            : new Fact(
                Figures.percent(1 - same), "of the decisions on " + samples() + " are other ones"));
    return facts;
  }

  private List<String> nextSteps() {
    List<String> steps = new ArrayList<>();
    if (sameLargest() < LITTLE_LOST) {
      steps.add(
          "To lose less: one stage more (`--stages`), or let `--max-drop PERCENT` choose them. The"
              + " layers that lose most are "
              + String.join(", ", noisiest())
              + "; `--keep-float` leaves layers as they are.");
    }
    if (!times.isEmpty() && speedUp() < 1) {
      steps.add(
          "On this machine the sub-bit layers are slower than the float ones: use the model where"
              + " its size matters, or try `--int8`.");
    }
    steps.add(
        result.heldOut()
            ? "Measure the accuracy on data of your own: all figures here are from samples held out"
                + " of the calibration inputs."
            : "Give more calibration inputs: these are too few to hold any out, and on others the"
                + " figures will be worse.");
    steps.add("`./subbit inspect FILE` lists the layers of the new file.");
    return steps;
  }

  /**
   * The outputs.
   *
   * @return a row each, with float activations first where there are both.
   */
  public List<Output> outputs() {
    boolean integer = !result.floatActivations().isEmpty();
    List<Output> outputs = new ArrayList<>();
    result.floatActivations().forEach(output -> outputs.add(output(output, "float")));
    result.outputs().forEach(output -> outputs.add(output(output, integer ? "8 bits" : "float")));
    return outputs;
  }

  /**
   * The quantized layers.
   *
   * @return a row each.
   */
  public List<LayerRow> layers() {
    double most =
        result.layers().stream()
            .mapToDouble(LayerResult::signalToNoise)
            .filter(Double::isFinite)
            .max()
            .orElse(1);
    return result.layers().stream().map(layer -> row(layer, most)).toList();
  }

  /**
   * The layers that stay as they are, by reason.
   *
   * @return the most frequent reason first.
   */
  public List<Left> left() {
    Map<String, List<String>> names = new LinkedHashMap<>();
    for (LeftNode node : result.left()) {
      names
          .computeIfAbsent(node.opType() + ": " + node.reason(), reason -> new ArrayList<>())
          .add(node.name());
    }
    List<Left> left = new ArrayList<>();
    names.forEach(
        (reason, all) ->
            left.add(new Left(reason, all.size(), all.get(0), String.join(", ", all))));
    left.sort(Comparator.comparing(Left::count).reversed());
    return left;
  }

  private double storedBitsPerWeight() {
    double bits = 0;
    long weights = 0;
    for (LayerResult layer : result.layers()) {
      long own = (long) layer.outChannels() * layer.weightsPerOutput();
      bits += own * layer.storedBitsPerWeight();
      weights += own;
    }
    return bits / weights;
  }

  private double speedUp() {
    Collection<LayerTime> all = times.values();
    return all.stream().mapToDouble(LayerTime::microsecondsBefore).sum()
        / all.stream().mapToDouble(LayerTime::microsecondsAfter).sum();
  }

  /** The smallest share of equal decisions; not a number where no output is a decision. */
  private double sameLargest() {
    return result.outputs().stream()
        .mapToDouble(OutputAgreement::getSameLargest)
        .filter(share -> !Double.isNaN(share))
        .min()
        .orElse(Double.NaN);
  }

  private String samples() {
    return result.measured() + (result.heldOut() ? " held-out samples" : " calibration samples");
  }

  private String worstSignal() {
    return result.outputs().stream()
        .filter(output -> !Double.isNaN(output.getSignalToNoise()))
        .min(Comparator.comparing(OutputAgreement::getSignalToNoise))
        .map(QuantizationPage::ratio)
        .orElse(Decibels.text(Double.NaN, 0));
  }

  private static String ratio(OutputAgreement output) {
    return Decibels.text(output.getSignalToNoise(), output.getUncertainty());
  }

  private List<String> noisiest() {
    return result.layers().stream()
        .sorted(Comparator.comparing(LayerResult::signalToNoise))
        .limit(LAYERS_TO_NAME)
        .map(LayerResult::name)
        .toList();
  }

  private static Output output(OutputAgreement output, String activations) {
    return new Output(
        output.getOutput(), activations, ratio(output), Figures.percent(output.getSameLargest()));
  }

  private LayerRow row(LayerResult layer, double most) {
    LayerTime time = times.get(layer.name());
    List<String> figures =
        List.of(
            "" + layer.inChannels() * layer.group(),
            "" + layer.outChannels(),
            layer.kernel(),
            "" + layer.group(),
            "" + layer.tau(),
            "" + layer.stages(),
            Figures.format("%.2f", layer.bitsPerWeight()),
            Figures.format("%.2f", layer.storedBitsPerWeight()),
            Figures.format("%,d", layer.bytesAfter()),
            Figures.format("%,d", layer.bytesBefore()),
            time == null ? "-" : Figures.format("%,.0f", time.microsecondsAfter()),
            time == null ? "-" : Figures.format("%,.0f", time.microsecondsBefore()));
    double share = layer.signalToNoise() / most;
    return new LayerRow(
        layer.name(), figures, Figures.decibels(layer.signalToNoise()), Figures.bar(share));
  }
}
