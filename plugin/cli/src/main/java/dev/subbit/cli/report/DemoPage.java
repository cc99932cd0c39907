package dev.subbit.cli.report;

import dev.subbit.cli.report.DemoResult.Epoch;
import dev.subbit.cli.report.DemoResult.Model;
import dev.subbit.cli.report.DemoResult.Phase;
import dev.subbit.cli.report.DemoResult.Run;
import dev.subbit.tribuo.network.TrainedNetwork;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.function.ToDoubleFunction;
import java.util.stream.Collectors;

/**
 * The demo's HTML page: one self-contained file. The template {@code demo.jte} asks it for its
 * texts and figures.
 */
public final class DemoPage {

  private final DemoResult result;
  private final Map<String, TrainedNetwork> networks;
  private final List<SampleImage> samples;

  private DemoPage(
      DemoResult result, Map<String, TrainedNetwork> networks, List<SampleImage> samples) {
    this.result = result;
    this.networks = networks;
    this.samples = samples;
  }

  /**
   * Renders the page.
   *
   * @param result the figures.
   * @param networks the networks whose codebooks are drawn, by model name, in order.
   * @param samples test images to show.
   * @return the page.
   */
  public static String render(
      DemoResult result, Map<String, TrainedNetwork> networks, List<SampleImage> samples) {
    return Templates.render("demo.jte", Map.of("page", new DemoPage(result, networks, samples)));
  }

  /**
   * What a model costs.
   *
   * @param name its name.
   * @param description one line about it.
   * @param bits bits per weight, indices alone and all that is stored.
   * @param bytes bytes of its file.
   * @param bar width of a bar for them.
   * @param vsFloat how many times smaller it is than with floats.
   * @param vsOneBit how many times smaller it is than with one bit per weight.
   */
  public record ModelRow(
      String name,
      String description,
      List<String> bits,
      String bytes,
      String bar,
      String vsFloat,
      String vsOneBit) {}

  /**
   * A model and where it runs.
   *
   * @param name its name.
   * @param runs a row per back end.
   */
  public record ModelRuns(String name, List<RunRow> runs) {}

  /**
   * A model on a back end.
   *
   * @param backend the back end.
   * @param accuracy share of the test images recognised.
   * @param speed images per second.
   * @param bar width of a bar for that.
   * @param others agreement with the function bodies, and cycles.
   */
  public record RunRow(
      String backend, String accuracy, String speed, String bar, List<String> others) {}

  /**
   * What the page begins with.
   *
   * @return verdict, facts and next steps.
   */
  public Summary summary() {
    return new Summary(
        "Subbit demo",
        verdict(),
        Figures.format(
            "Sub-bit neural networks on %s: %,d images to train on, %,d to test on.",
            result.data().description(), result.data().trainImages(), result.data().testImages()),
        facts(),
        List.of(
            "Train on images of your own: demo.xml, beside this page, is a configuration for"
                + " `./subbit train`; for a folder of pictures, `./subbit train --pictures DIR`"
                + " needs none.",
            "Run binary.onnx or int8.onnx, beside this page, in any ONNX Runtime.",
            "`./subbit inspect int8.sbm` shows what a model consists of."));
  }

  private String verdict() {
    return Figures.format(
        "%s per weight: the files are %s smaller than with floats, and %s of the test images are"
            + " recognised. %s",
        bits(),
        range(model -> (double) model.floatFileBytes() / model.fileBytes(), "%.1f", "x"),
        range(model -> 100 * model.runs().get(0).accuracy(), "%.1f", " %"),
        agreement());
  }

  private String bits() {
    return Figures.format("%.2f bits", result.models().get(0).bitsPerWeight());
  }

  // The least and the greatest value of the models, or the one that all have.
  private String range(ToDoubleFunction<Model> value, String pattern, String unit) {
    String least =
        Figures.format(pattern, result.models().stream().mapToDouble(value).min().orElseThrow());
    String most =
        Figures.format(pattern, result.models().stream().mapToDouble(value).max().orElseThrow());
    return (least.equals(most) ? most : least + " to " + most) + unit;
  }

  private String agreement() {
    int images = result.data().testImages();
    int fewest =
        result.models().stream()
            .flatMap(model -> model.runs().stream())
            .mapToInt(Run::sameLabels)
            .min()
            .orElseThrow();
    return fewest == images
        ? "All back ends say the same about every image."
        : Figures.format("Back ends say the same about %,d of %,d images or more.", fewest, images);
  }

  private List<Fact> facts() {
    List<Fact> facts = new ArrayList<>();
    facts.add(
        new Fact(
            bits(),
            Figures.format(
                "per weight of the 3x3 convolutions; %.2f with codebooks and scales",
                result.models().get(0).storedBitsPerWeight())));
    Model smallest =
        result.models().stream().min(Comparator.comparing(Model::fileBytes)).orElseThrow();
    facts.add(
        new Fact(
            Figures.kilobytes(smallest.fileBytes()),
            Figures.format(
                "the smallest file, %s; %s with floats",
                smallest.description(), Figures.kilobytes(smallest.floatFileBytes()))));
    addSpeedUp(facts);
    addAccuracy(facts);
    addCycles(facts);
    return facts;
  }

  // The model that gains most from Subbit's kernels.
  private void addSpeedUp(List<Fact> facts) {
    double best = 0;
    Fact fact = null;
    for (Model model : result.models()) {
      Run bodies = model.runs().get(0);
      for (Run run : model.runs()) {
        double ratio = run.imagesPerSecond() / bodies.imagesPerSecond();
        if (run != bodies && ratio > best) {
          best = ratio;
          fact =
              new Fact(
                  Figures.format("%.1fx", ratio),
                  Figures.format(
                      "as fast on %s as on %s, %s",
                      run.title(), bodies.title(), model.description()));
        }
      }
    }
    if (fact != null) {
      facts.add(fact);
    }
  }

  private void addAccuracy(List<Fact> facts) {
    Comparator<Model> byAccuracy = Comparator.comparing(model -> model.runs().get(0).accuracy());
    Model best = result.models().stream().max(byAccuracy).orElseThrow();
    Model worst = result.models().stream().min(byAccuracy).orElseThrow();
    double accuracy = best.runs().get(0).accuracy();
    double lost = accuracy - worst.runs().get(0).accuracy();
    facts.add(
        new Fact(
            Figures.percent(accuracy), "of the test images recognised with " + best.description()));
    if (lost > 0) {
      facts.add(
          new Fact(
              Figures.format("%.1f points", 100 * lost),
              "of accuracy lost with " + worst.description()));
    }
  }

  private void addCycles(List<Fact> facts) {
    Model last = result.models().get(result.models().size() - 1);
    last.runs().stream()
        .filter(run -> run.cycles() != null)
        .findFirst()
        .ifPresent(
            run ->
                facts.add(
                    new Fact(
                        Figures.times(run.cycles().bnnPerImage(), run.cycles().perImage()),
                        "fewer "
                            + run.cycles().kind()
                            + " FPGA cycles for the convolutions than the same engine as a plain"
                            + " binary network")));
  }

  /**
   * The models and what they cost.
   *
   * @return a row each.
   */
  public List<ModelRow> models() {
    return result.models().stream()
        .map(
            model ->
                new ModelRow(
                    model.name(),
                    model.description(),
                    List.of(
                        Figures.format("%.2f", model.bitsPerWeight()),
                        Figures.format("%.2f", model.storedBitsPerWeight())),
                    Figures.kilobytes(model.fileBytes()),
                    Figures.bar((double) model.fileBytes() / model.oneBitFileBytes()),
                    Figures.times(model.floatFileBytes(), model.fileBytes()),
                    Figures.times(model.oneBitFileBytes(), model.fileBytes())))
        .toList();
  }

  /**
   * The models and where they run.
   *
   * @return a group of rows each.
   */
  public List<ModelRuns> runs() {
    double fastest =
        result.models().stream()
            .flatMap(model -> model.runs().stream())
            .mapToDouble(Run::imagesPerSecond)
            .max()
            .orElse(1);
    return result.models().stream()
        .map(
            model ->
                new ModelRuns(
                    model.name(), model.runs().stream().map(run -> row(run, fastest)).toList()))
        .toList();
  }

  private RunRow row(Run run, double fastest) {
    return new RunRow(
        run.title(),
        Figures.percent(run.accuracy()),
        Figures.format("%,.0f", run.imagesPerSecond()),
        Figures.bar(run.imagesPerSecond() / fastest),
        List.of(
            DemoTable.sameLabels(run, result.data().testImages()),
            DemoTable.sameBits(run),
            DemoTable.cycles(run),
            DemoTable.binaryCycles(run)));
  }

  /**
   * The losses of the trained models.
   *
   * @return a chart.
   */
  public LineChart loss() {
    return chart(new LineChart("loss", "%.2f"), Epoch::loss);
  }

  /**
   * The accuracies of the trained models on their training images.
   *
   * @return a chart.
   */
  public LineChart accuracy() {
    return chart(new LineChart("% right", "%.0f"), epoch -> 100 * epoch.accuracy());
  }

  private LineChart chart(LineChart chart, ToDoubleFunction<Epoch> value) {
    for (Model model : result.models()) {
      if (!model.epochs().isEmpty()) {
        chart.line(model.description(), model.epochs().stream().mapToDouble(value).toArray());
      }
    }
    return chart;
  }

  /**
   * The codebooks.
   *
   * @return a chart per layer, by model, in order.
   */
  public List<Map.Entry<String, List<CodebookChart>>> codebooks() {
    return networks.entrySet().stream()
        .map(entry -> Map.entry(entry.getKey(), CodebookChart.of(entry.getValue())))
        .toList();
  }

  /**
   * Test images with the models' predictions.
   *
   * @return the images.
   */
  public List<SampleImage> samples() {
    return samples;
  }

  /**
   * The machine, and how long each part took.
   *
   * @return two sentences.
   */
  public String host() {
    return Figures.format(
        "%s, %d processors, Java %s. %s",
        result.host().os(),
        result.host().processors(),
        result.host().java(),
        result.phases().stream()
            .map(DemoPage::describe)
            .collect(Collectors.joining("; ", "", ".")));
  }

  private static String describe(Phase phase) {
    return Figures.format("%s: %.0f s", phase.name(), phase.seconds());
  }
}
