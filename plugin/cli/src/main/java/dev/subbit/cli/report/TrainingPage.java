package dev.subbit.cli.report;

import dev.subbit.cli.report.TrainingReport.Epoch;
import dev.subbit.onnx.Codebook;
import dev.subbit.tribuo.evaluation.ConfusionMatrix;
import dev.subbit.tribuo.network.ImageShape;
import dev.subbit.tribuo.network.Layer;
import dev.subbit.tribuo.network.NetworkSize;
import dev.subbit.tribuo.network.TrainedNetwork;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;

/**
 * The HTML page about one training: one self-contained file, which is well-formed XML too. The
 * template {@code training.jte} asks it for its texts and figures.
 */
public final class TrainingPage {

  /** Seconds after which a browser loads the page of a training under way again. */
  private static final int RELOAD_SECONDS = 30;

  /** Where training images are recognised so much better than others, more data would help. */
  private static final double LEARNT_BY_HEART = 0.05;

  private final TrainingReport report;
  private final TrainedNetwork trained;
  private final NetworkSize size;

  private TrainingPage(TrainingReport report) {
    this.report = report;
    this.trained = report.network();
    this.size = NetworkSize.of(trained);
  }

  /**
   * Renders the page.
   *
   * @param report what to show.
   * @return the page.
   */
  public static String render(TrainingReport report) {
    return Templates.render("training.jte", Map.of("page", new TrainingPage(report)));
  }

  /**
   * What the page begins with.
   *
   * @return verdict, facts and next steps.
   */
  public Summary summary() {
    return new Summary(title(), verdict(), about(), facts(), nextSteps());
  }

  /**
   * After how long a browser shall load the page again.
   *
   * @return seconds; 0 for never, since the training is over.
   */
  public int reloadSeconds() {
    return report.isUnderWay() ? RELOAD_SECONDS : 0;
  }

  /**
   * The course of the training.
   *
   * @return the section.
   */
  public CurveSection curves() {
    return new CurveSection(report.epochs(), report.modelEpoch());
  }

  /**
   * The predictions for the test images.
   *
   * @return the section, or null where there were none.
   */
  public ConfusionSection confusion() {
    return report.test() == null ? null : new ConfusionSection(report.test());
  }

  /**
   * The kernels before and after training.
   *
   * @return the section, or null where they are not known.
   */
  public KernelSection kernels() {
    return report.kernels().isEmpty() ? null : new KernelSection(report.kernels());
  }

  /**
   * The codebooks.
   *
   * @return a chart per binary layer.
   */
  public List<CodebookChart> codebooks() {
    return CodebookChart.of(trained);
  }

  /**
   * What the network costs.
   *
   * @return the section.
   */
  public CostSection cost() {
    return new CostSection(trained, size);
  }

  /**
   * The trainer's settings.
   *
   * @return their values by name, in the order to show them in.
   */
  public Map<String, String> recipe() {
    return report.recipe();
  }

  /**
   * Where the images came from.
   *
   * @return their sources.
   */
  public TrainingReport.Images images() {
    return report.images();
  }

  /**
   * The machine that the training ran on.
   *
   * @return a sentence.
   */
  public String host() {
    DemoResult.Host host = report.host();
    return Figures.format("%s, %d processors, Java %s.", host.os(), host.processors(), host.java());
  }

  /**
   * Whether the network has binary layers.
   *
   * @return false for float weights.
   */
  public boolean subBit() {
    return !trained.packed().isEmpty();
  }

  /**
   * Whether all 512 kernels are allowed.
   *
   * @return true for a plain binary network.
   */
  public boolean plain() {
    return tau() == Codebook.MAX_TAU;
  }

  /**
   * Bits of an index.
   *
   * @return 1 to 9, or 0 where no layer is binary.
   */
  public int tau() {
    return trained.packed().values().stream()
        .mapToInt(weights -> weights.codebook().tau())
        .max()
        .orElse(0);
  }

  /**
   * Bits per weight of the binary layers.
   *
   * @return bits, with their unit.
   */
  public String bitsPerWeight() {
    return Figures.format("%.2f bit", size.bitsPerWeight());
  }

  /**
   * The number of kernels that are drawn for each layer of a plain binary network.
   *
   * @return the number.
   */
  public int shown() {
    return CodebookChart.shown(Codebook.full());
  }

  private String title() {
    String name = trained.network().name();
    return tau() == 0
        ? name + ", float weights"
        : name
            + (plain() ? ", 1 bit per weight" : ", " + bitsPerWeight() + " per weight")
            + (binaryActivations() ? ", binary activations" : ", real activations");
  }

  private boolean binaryActivations() {
    return trained.network().nodes().stream()
        .anyMatch(
            node ->
                node.layer() instanceof Layer.Conv conv
                    && conv.activations() == Layer.Activations.BINARY);
  }

  private String verdict() {
    return report.isUnderWay()
        ? Figures.format(
                "Under way: epoch %d of %d is over. ",
                report.epochs().size(), report.plannedEpochs())
            + result()
        : result();
  }

  private String result() {
    String recognised =
        Figures.format("It recognises %s of %s", Figures.percent(accuracy()), accuracyOf());
    if (!subBit()) {
      return Figures.format("%s, and takes %s.", recognised, Figures.bytesOf(size.bits()));
    }
    return Figures.format(
        "%s, and takes %s where 32-bit floats take %s.",
        recognised, Figures.bytesOf(size.bits()), Figures.bytesOf(inFloat()));
  }

  private long inFloat() {
    return CostSection.inFloat(trained.network()).bits();
  }

  private double accuracy() {
    Epoch epoch = modelEpoch();
    return report.test() != null
        ? report.test().accuracy()
        : validated(epoch) ? epoch.validationAccuracy() : epoch.accuracy();
  }

  private String accuracyOf() {
    return report.test() != null
        ? Figures.format("%,d test images", report.test().images())
        : validated(modelEpoch())
            ? "the validation images (there were no test images)"
            : "the training images, while it was trained (there were no others)";
  }

  private Epoch modelEpoch() {
    return report.epochs().get(report.modelEpoch() - 1);
  }

  private static boolean validated(Epoch epoch) {
    return !Double.isNaN(epoch.validationAccuracy());
  }

  private String about() {
    TrainingReport.Images images = report.images();
    ImageShape input = trained.network().input();
    return Figures.format(
        "Trained on %,d images%s%s. %,d classes; images of %d x %d x %d (channels, height,"
            + " width).",
        images.trainImages(),
        images.validationImages() == 0
            ? ""
            : Figures.format(", validated on %,d others", images.validationImages()),
        report.test() == null ? "" : Figures.format(", tested on %,d", report.test().images()),
        trained.network().classes(),
        input.channels(),
        input.height(),
        input.width());
  }

  private List<Fact> facts() {
    List<Fact> facts = new ArrayList<>();
    facts.add(new Fact(Figures.percent(accuracy()), "of " + accuracyOf() + " recognised"));
    if (subBit()) {
      addSizes(facts);
    } else {
      facts.add(new Fact(Figures.bytesOf(size.bits()), "of parameters, in 32-bit floats"));
    }
    if (report.test() != null) {
      facts.add(hardestClass(report.test()));
    }
    List<Epoch> epochs = report.epochs();
    facts.add(
        new Fact(
            Figures.duration(report.seconds()),
            Figures.format(
                "of training, %d epoch%s, %,.0f images/s in the last one",
                epochs.size(),
                epochs.size() == 1 ? "" : "s",
                epochs.get(epochs.size() - 1).imagesPerSecond())));
    return facts;
  }

  private void addSizes(List<Fact> facts) {
    facts.add(
        new Fact(
            bitsPerWeight(),
            Figures.format(
                "per weight of the binary layers: an index of %d bits for nine weights", tau())));
    facts.add(
        new Fact(
            Figures.times(inFloat(), size.bits()),
            "smaller than in 32-bit floats: "
                + Figures.bytesOf(size.bits())
                + " instead of "
                + Figures.bytesOf(inFloat())));
    if (!plain()) {
      facts.add(
          new Fact(
              Figures.times(size.denseBitOps(), size.bitOps()),
              "fewer bit operations per image than with 1 bit: "
                  + Figures.operations(size.bitOps())
                  + " instead of "
                  + Figures.operations(size.denseBitOps())));
    }
  }

  // A class without images has no recall and is not the hardest one.
  private static Fact hardestClass(ConfusionMatrix test) {
    int hardest =
        IntStream.range(0, test.classes().size())
            .filter(i -> test.images(i) > 0)
            .boxed()
            .min(Comparator.comparing(test::recall))
            .orElse(0);
    return new Fact(
        Figures.percent(test.recall(hardest)),
        Figures.format("of the hardest class, \"%s\", recognised", test.classes().get(hardest)));
  }

  private List<String> nextSteps() {
    if (report.isUnderWay()) {
      return List.of(
          "Wait: this page is written anew after every epoch, and browsers load it again by"
              + " themselves. Test images are looked at when the training is over.");
    }
    List<String> steps = new ArrayList<>();
    if (report.test() == null) {
      steps.add(
          "Name test images in the configuration: without them nobody knows how well the network"
              + " does on images that it has not seen.");
    }
    Epoch epoch = modelEpoch();
    if (validated(epoch) && epoch.accuracy() - epoch.validationAccuracy() > LEARNT_BY_HEART) {
      steps.add(
          Figures.format(
              "It recognises %s of the training images and %s of the validation images: more images"
                  + " or more augmentation would help more than more epochs.",
              Figures.percent(epoch.accuracy()), Figures.percent(epoch.validationAccuracy())));
    } else if (stillImproves()) {
      steps.add(
          "The last epoch was the best one on the validation images. More may be better still:"
              + " `--set trainer.epochs=N`.");
    }
    if (report.test() != null) {
      addMistake(steps, report.test());
    }
    steps.add("`./subbit export MODEL.sbm MODEL.onnx` writes a file for any ONNX Runtime.");
    steps.add(
        "`./subbit quantize MODEL.sbm SMALLER.sbm --data DIR` makes "
            + (subBit() ? "the activations " : "the weights sub-bit and the activations ")
            + (binaryActivations() ? "integers." : "8-bit."));
    return steps;
  }

  private boolean stillImproves() {
    List<Epoch> epochs = report.epochs();
    return epochs.size() > 1
        && report.modelEpoch() == epochs.size()
        && epochs.get(epochs.size() - 1).validationAccuracy()
            > epochs.get(epochs.size() - 2).validationAccuracy();
  }

  private static void addMistake(List<String> steps, ConfusionMatrix test) {
    for (ConfusionMatrix.Confusion mistake : test.largest(1)) {
      steps.add(
          Figures.format(
              "The most frequent mistake: %,d of %,d images of \"%s\" are taken for \"%s\". Look at some of"
                  + " them; more images of the two help most.",
              mistake.count(),
              test.images(mistake.truth()),
              test.classes().get(mistake.truth()),
              test.classes().get(mistake.predicted())));
    }
  }
}
