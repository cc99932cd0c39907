package dev.subbit.cli.inspect;

import com.fasterxml.jackson.annotation.JsonInclude;
import dev.subbit.cli.terminal.TextTable;
import dev.subbit.onnx.Codebook;
import dev.subbit.onnx.PackedConvWeights;
import dev.subbit.onnx.StoredSize;
import dev.subbit.tribuo.SubBitModel;
import dev.subbit.tribuo.network.ImageShape;
import dev.subbit.tribuo.network.IntegerForm;
import dev.subbit.tribuo.network.Layer;
import dev.subbit.tribuo.network.Network;
import dev.subbit.tribuo.network.TrainedNetwork;
import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;

/**
 * The layers of a saved model, and the bytes that its weights take.
 *
 * @param network name of the network.
 * @param input shape of its images: channels, height, width.
 * @param labels the classes.
 * @param activations what its sub-bit layers take: {@code real}, {@code binary}, or {@code 8-bit}.
 * @param quantizedTensors tensors held in 8 bits; 0 where the activations are not 8-bit.
 * @param integers how a network in integers holds its values; null for others.
 * @param size the bytes of the weights.
 * @param layers the sub-bit layers in order.
 */
record ModelInspection(
    String network,
    List<Integer> input,
    List<String> labels,
    String activations,
    int quantizedTensors,
    @JsonInclude(JsonInclude.Include.NON_NULL) Integers integers,
    Size size,
    List<LayerReport> layers) {

  /**
   * How a network in integers holds its values.
   *
   * @param width bits of a value between two layers.
   * @param fractionBits how many of them are behind the binary point.
   * @param eightBitLayers the layers with 8-bit weights in order: stem, 1x1 convolutions,
   *     classifier.
   */
  record Integers(int width, int fractionBits, List<EightBitLayer> eightBitLayers) {

    private static Integers of(TrainedNetwork trained, IntegerForm form) {
      List<EightBitLayer> layers = new ArrayList<>();
      for (Network.Node node : trained.network().nodes()) {
        float[] weights = trained.floats().get(node.name() + "/weight");
        if (weights != null) {
          layers.add(new EightBitLayer(node.name(), weights.length));
        }
      }
      return new Integers(form.width(), form.fractionBits(), layers);
    }
  }

  /**
   * A layer whose weights an exported network in integers holds in 8 bits.
   *
   * @param name its name.
   * @param weights number of weights, and of their bytes.
   */
  record EightBitLayer(String name, long weights) {}

  /**
   * The bytes of the weights, as an exported model stores them.
   *
   * @param subBitWeights weights of the sub-bit layers.
   * @param indexBytes bytes of their index planes.
   * @param codebookBytes bytes of their codebooks, one per tap.
   * @param scaleBytes bytes of their scales, four per output channel.
   * @param floatParameters number of all other parameters.
   * @param floatBytes bytes of all other parameters.
   * @param bitsPerWeight bits of the index planes per sub-bit weight.
   * @param storedBitsPerWeight the same with codebooks and scales counted in.
   */
  record Size(
      long subBitWeights,
      long indexBytes,
      long codebookBytes,
      long scaleBytes,
      long floatParameters,
      long floatBytes,
      double bitsPerWeight,
      double storedBitsPerWeight) {

    private static Size of(TrainedNetwork network) {
      StoredSize stored = network.storedSize();
      long floats = network.floats().values().stream().mapToLong(values -> values.length).sum();
      return new Size(
          stored.weights(),
          stored.indexBytes(),
          stored.codebookBytes(),
          stored.floatBytes(),
          floats,
          Float.BYTES * floats,
          stored.indexBitsPerWeight(),
          stored.storedBitsPerWeight());
    }
  }

  /**
   * One sub-bit layer.
   *
   * @param name its name.
   * @param activations how it uses its input.
   * @param inChannels input channels.
   * @param outChannels output channels.
   * @param stride its stride.
   * @param tau bits of an index.
   * @param codewordsUsed number of codewords that are used at least once.
   * @param indexBytes bytes of the index planes.
   * @param bitsPerWeight bits of the index planes over the weights they stand for.
   * @param codebook the codewords, nine bits each, first tap least significant.
   */
  record LayerReport(
      String name,
      Layer.Activations activations,
      int inChannels,
      int outChannels,
      int stride,
      int tau,
      int codewordsUsed,
      long indexBytes,
      double bitsPerWeight,
      List<Integer> codebook) {}

  /**
   * Inspects a model.
   *
   * @param model the model.
   * @return its layers and the bytes of its weights.
   */
  static ModelInspection of(SubBitModel model) {
    TrainedNetwork trained = model.network();
    List<LayerReport> layers = new ArrayList<>();
    for (Network.Node node : trained.network().nodes()) {
      PackedConvWeights weights = trained.packed().get(node.name());
      if (weights != null) {
        layers.add(inspect(node.name(), (Layer.Conv) node.layer(), weights));
      }
    }
    List<String> labels = new ArrayList<>();
    for (int id = 0; id < model.getOutputIDInfo().size(); id++) {
      labels.add(model.getOutputIDInfo().getOutput(id).getLabel());
    }
    ImageShape shape = trained.network().input();
    return new ModelInspection(
        trained.network().name(),
        List.of(shape.channels(), shape.height(), shape.width()),
        labels,
        activations(trained),
        trained.ranges().size(),
        trained.integers().map(form -> Integers.of(trained, form)).orElse(null),
        Size.of(trained),
        layers);
  }

  private static String activations(TrainedNetwork trained) {
    boolean binary =
        trained.network().nodes().stream()
            .anyMatch(
                node ->
                    node.layer() instanceof Layer.Conv conv
                        && conv.activations() == Layer.Activations.BINARY);
    return binary ? "binary" : trained.ranges().isEmpty() ? "real" : "8-bit";
  }

  private static LayerReport inspect(String name, Layer.Conv conv, PackedConvWeights weights) {
    Codebook codebook = weights.codebook();
    List<Integer> codewords = new ArrayList<>();
    for (int i = 0; i < codebook.size(); i++) {
      codewords.add(codebook.codeword(i));
    }
    StoredSize size = StoredSize.of(weights);
    return new LayerReport(
        name,
        conv.activations(),
        conv.in(),
        conv.out(),
        conv.stride(),
        codebook.tau(),
        (int) Arrays.stream(weights.indices()).distinct().count(),
        size.indexBytes(),
        size.indexBitsPerWeight(),
        codewords);
  }

  /**
   * Prints everything except the codebooks.
   *
   * @param out where to.
   */
  void print(PrintWriter out) {
    out.printf(
        Locale.ROOT,
        "%s for images of %d x %d x %d (channels, height, width), %d classes, %s activations%s%n%n",
        network,
        input.get(0),
        input.get(1),
        input.get(2),
        labels.size(),
        activations,
        integers == null ? "" : ", in integers");
    TextTable table =
        new TextTable(
            2,
            "layer",
            "input",
            "in",
            "out",
            "stride",
            "tau",
            "codewords used",
            "index bytes",
            "bits/weight");
    for (LayerReport layer : layers) {
      table.row(
          layer.name(),
          layer.activations() == Layer.Activations.BINARY ? "binary" : "real",
          "" + layer.inChannels(),
          "" + layer.outChannels(),
          "" + layer.stride(),
          "" + layer.tau(),
          layer.codewordsUsed() + "/" + layer.codebook().size(),
          String.format(Locale.ROOT, "%,d", layer.indexBytes()),
          String.format(Locale.ROOT, "%.3f", layer.bitsPerWeight()));
    }
    out.println(table);
    out.printf(
        Locale.ROOT,
        "Sub-bit layers: %,d weights in %,d index bytes (%.3f bits per weight),"
            + " %,d codebook bytes, %,d scale bytes (%.3f stored bits per weight).%n",
        size.subBitWeights(),
        size.indexBytes(),
        size.bitsPerWeight(),
        size.codebookBytes(),
        size.scaleBytes(),
        size.storedBitsPerWeight());
    out.printf(
        Locale.ROOT,
        "Other parameters, in 32-bit floats: %,d (%,d bytes).%n",
        size.floatParameters(),
        size.floatBytes());
    if (integers != null) {
      printIntegers(out);
    }
  }

  private void printIntegers(PrintWriter out) {
    out.printf(
        Locale.ROOT,
        "Exported, it computes in integers: values of %d bits, %d of them behind the binary point"
            + " (F = %d); weights in 8 bits:%n",
        integers.width(),
        integers.fractionBits(),
        integers.fractionBits());
    for (EightBitLayer layer : integers.eightBitLayers()) {
      out.printf(Locale.ROOT, "  %s: %,d bytes%n", layer.name(), layer.weights());
    }
  }
}
