package dev.subbit.cli.report;

import dev.subbit.cli.report.TrainingReport.Epoch;
import dev.subbit.onnx.Codebook;
import dev.subbit.onnx.PackedConvWeights;
import dev.subbit.tribuo.network.Layer;
import dev.subbit.tribuo.network.Network;
import dev.subbit.tribuo.network.NetworkSize;
import dev.subbit.tribuo.network.TrainedNetwork;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** The HTML page about one training: one self-contained file, which is well-formed XML too. */
public final class TrainingPage {

  private final TrainingReport report;
  private final TrainedNetwork trained;
  private final NetworkSize size;
  private final Map<String, String> sections = new LinkedHashMap<>();
  private final StringBuilder html = new StringBuilder();

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
    return new TrainingPage(report).render();
  }

  private String render() {
    appendHead();
    appendFacts();
    int contents = html.length();
    if (!trained.packed().isEmpty()) {
      appendMethod();
    }
    section("curves", "Training");
    html.append(CurveSection.html(report.epochs(), report.modelEpoch())).append("</section>\n");
    if (report.test() != null) {
      section("test", "Test images");
      html.append(ConfusionSection.html(report.test())).append("</section>\n");
    }
    if (!report.kernels().isEmpty()) {
      section("kernels", "Kernels before and after training");
      html.append(KernelSection.html(report.kernels())).append("</section>\n");
    }
    if (!trained.packed().isEmpty()) {
      section("codebooks", plain() ? "The most used kernels" : "Codebooks");
      appendCodebooks();
    }
    section("cost", "What it costs");
    html.append(CostSection.html(trained, size)).append("</section>\n");
    section("recipe", "How it was trained");
    appendRecipe();
    appendFooter();
    html.insert(contents, contents());
    return HtmlPage.of("Training of " + title(), html);
  }

  private void section(String id, String title) {
    html.append(Figures.format("<section id=\"%s\"><h2>%s</h2>\n", id, title));
    sections.put(id, title);
  }

  private String contents() {
    StringBuilder nav = new StringBuilder("<nav>");
    sections.forEach(
        (id, title) -> nav.append(Figures.format("<a href=\"#%s\">%s</a> ", id, title)));
    return nav.append("</nav>\n").toString();
  }

  private boolean plain() {
    return tau() == Codebook.MAX_TAU;
  }

  // 0 where no layer is sub-bit.
  private int tau() {
    return trained.packed().values().stream()
        .mapToInt(weights -> weights.codebook().tau())
        .max()
        .orElse(0);
  }

  private String title() {
    String name = trained.network().name();
    return tau() == 0
        ? name + ", float weights"
        : name
            + (plain()
                ? ", 1 bit per weight"
                : Figures.format(", %.2f bit per weight", size.bitsPerWeight()))
            + (binaryActivations() ? ", binary activations" : ", real activations");
  }

  private boolean binaryActivations() {
    return trained.network().nodes().stream()
        .anyMatch(
            node ->
                node.layer() instanceof Layer.Conv conv
                    && conv.activations() == Layer.Activations.BINARY);
  }

  private void appendHead() {
    TrainingReport.Images images = report.images();
    html.append("<header><h1>")
        .append(Html.escape(title()))
        .append("</h1><p class=\"soft\">Trained on ")
        .append(Figures.format("%,d images", images.trainImages()))
        .append(
            images.validationImages() == 0
                ? ""
                : Figures.format(", validated on %,d others", images.validationImages()))
        .append(
            report.test() == null ? "" : Figures.format(", tested on %,d", report.test().images()))
        .append(
            Figures.format(
                ". %,d classes; images of %d x %d x %d (channels, height, width).</p></header>\n",
                trained.network().classes(),
                trained.network().input().channels(),
                trained.network().input().height(),
                trained.network().input().width()));
  }

  private void appendFacts() {
    html.append("<div class=\"facts\">");
    appendAccuracy();
    if (trained.packed().isEmpty()) {
      appendFact(Figures.bytesOf(size.bits()), "of parameters, in 32-bit floats");
    } else {
      appendSizes();
    }
    List<Epoch> epochs = report.epochs();
    appendFact(
        Figures.duration(report.seconds()),
        Figures.format(
            "of training, %d epoch%s, %,.0f images/s in the last one",
            epochs.size(),
            epochs.size() == 1 ? "" : "s",
            epochs.get(epochs.size() - 1).imagesPerSecond()));
    html.append("</div>\n<h2>What to do next</h2><ul>")
        .append(
            report.test() == null
                ? "<li>Name test images in the configuration: without them nobody knows how well the"
                    + " network does on images that it has not seen.</li>"
                : "")
        .append("<li>./subbit export MODEL.sbm MODEL.onnx writes a file for any ONNX Runtime.</li>")
        .append("<li>./subbit quantize MODEL.sbm SMALLER.sbm --data DIR makes the activations")
        .append(binaryActivations() ? " integers." : " 8-bit.")
        .append("</li></ul>\n");
  }

  private void appendSizes() {
    appendFact(
        Figures.format("%.2f bit", size.bitsPerWeight()),
        Figures.format(
            "per weight of the binary layers: an index of %d bits for nine weights", tau()));
    long floatBits = CostSection.inFloat(trained.network()).bits();
    appendFact(
        Figures.times(floatBits, size.bits()),
        "smaller than in 32-bit floats: "
            + Figures.bytesOf(size.bits())
            + " instead of "
            + Figures.bytesOf(floatBits));
    if (!plain()) {
      appendFact(
          Figures.times(size.denseBitOps(), size.bitOps()),
          "fewer bit operations per image than with 1 bit: "
              + Figures.operations(size.bitOps())
              + " instead of "
              + Figures.operations(size.denseBitOps()));
    }
  }

  private void appendAccuracy() {
    if (report.test() != null) {
      appendFact(
          Figures.percent(report.test().accuracy()),
          Figures.format("of %,d test images recognised", report.test().images()));
      return;
    }
    Epoch epoch = report.epochs().get(report.modelEpoch() - 1);
    boolean validated = !Double.isNaN(epoch.validationAccuracy());
    appendFact(
        Figures.percent(validated ? epoch.validationAccuracy() : epoch.accuracy()),
        Figures.format(
            "of the %s images recognised %s epoch %d; there were no test images",
            validated ? "validation" : "training",
            validated ? "after" : "during",
            report.modelEpoch()));
  }

  private void appendFact(String figure, String meaning) {
    html.append("<div class=\"card\"><b>")
        .append(figure)
        .append("</b>")
        .append(meaning)
        .append("</div>");
  }

  private void appendMethod() {
    html.append(
            "<details class=\"card method\" open=\"open\"><summary>The method in a minute</summary>")
        .append("<p>A convolution lays <em>kernels</em> of 3x3 weights over an image. In a binary")
        .append(
            " network every weight is -1 or +1, so there are only 2<sup>9</sup> = 512 different")
        .append(
            " kernels, and one bit per weight is enough to store them. The layers that are made of")
        .append(" such kernels are called binary layers here.</p><p>A <em>sub-bit</em>")
        .append(
            " network allows each layer only 2<sup>tau</sup> of the 512, its <em>codebook</em>.")
        .append(" A kernel is then stored as an <em>index</em> of tau bits in place of nine")
        .append(" weights: tau/9 bit per weight. ")
        .append(
            plain()
                ? "Here tau = 9, so all 512 are allowed: this is a plain binary network, with one"
                    + " bit per weight."
                : Figures.format(
                    "Here tau = %d: %d codewords per layer, %.2f bit per weight.",
                    tau(), 1 << tau(), size.bitsPerWeight()))
        .append("</p><p>Training moves ordinary real weights, the <em>latent</em> ones, and rounds")
        .append(" every kernel of them to the codeword that fits it best whenever the network is")
        .append(" used.")
        .append(
            plain()
                ? ""
                : " Unless the settings below keep them fixed, the codewords are learnt too, so that"
                    + " each layer finds those it needs.")
        .append(" An output channel keeps one real factor. First convolution, 1x1 convolutions and")
        .append(" classifier stay in floats. (Wang et al., <cite>Sub-bit Neural Networks</cite>,")
        .append(" ICCV 2021.)</p></details>\n");
  }

  private void appendCodebooks() {
    html.append(
            "<p class=\"soft\">A tile is a kernel (dark +1, light -1). The bar above it counts the")
        .append(" kernels of the layer that are stored as this one; the most used come first");
    html.append(
        plain()
            ? Figures.format(
                ". Of the 512 the %d most used are drawn.</p>",
                CodebookChart.shown(Codebook.full()))
            : ", unused ones are pale. All bars of a layer have the same scale.</p>");
    html.append("<div class=\"card\">");
    for (Network.Node node : trained.network().nodes()) {
      PackedConvWeights weights = trained.packed().get(node.name());
      if (weights != null) {
        long unused = Arrays.stream(CodebookChart.uses(weights)).filter(n -> n == 0).count();
        html.append("<div class=\"layer\"><div class=\"name\"><code>")
            .append(Html.escape(node.name()))
            .append("</code><small>")
            .append(
                Figures.format(
                    "%,d kernels from %d%s",
                    weights.outChannels() * weights.inChannels(),
                    weights.codebook().size(),
                    unused == 0 ? "" : ", " + unused + " unused"))
            .append("</small></div>")
            .append(CodebookChart.html(weights))
            .append("</div>");
      }
    }
    html.append("</div></section>\n");
  }

  private void appendRecipe() {
    html.append("<div class=\"card\"><dl class=\"recipe\">");
    report
        .recipe()
        .forEach(
            (name, value) ->
                html.append("<div><dt>")
                    .append(Html.escape(name))
                    .append("</dt><dd>")
                    .append(Html.escape(value))
                    .append("</dd></div>"));
    html.append("</dl></div></section>\n");
  }

  private void appendFooter() {
    html.append("<footer><p>Training images: ")
        .append(Html.escape(report.images().train()))
        .append(".</p>");
    if (!report.images().test().isEmpty()) {
      html.append("<p>Test images: ").append(Html.escape(report.images().test())).append(".</p>");
    }
    html.append("<p>")
        .append(
            Html.escape(
                Figures.format(
                    "%s, %d processors, Java %s.",
                    report.host().os(), report.host().processors(), report.host().java())))
        .append("</p></footer>\n");
  }
}
