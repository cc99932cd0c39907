package dev.subbit.cli.report;

import dev.subbit.onnx.Codebook;
import dev.subbit.tribuo.network.Network;
import dev.subbit.tribuo.network.NetworkSize;
import dev.subbit.tribuo.network.NetworkSize.LayerSize;
import dev.subbit.tribuo.network.TrainedNetwork;
import java.util.ArrayList;
import java.util.List;

/** A network's bits and its operations per image, for the template {@code training/cost.jte}. */
public final class CostSection {

  private final TrainedNetwork trained;
  private final NetworkSize size;

  /**
   * Prepares the section.
   *
   * @param trained the network.
   * @param size its size.
   */
  CostSection(TrainedNetwork trained, NetworkSize size) {
    this.trained = trained;
    this.size = size;
  }

  /**
   * Counts a network with all weights in 32-bit floats.
   *
   * @param network the network.
   * @return the counts.
   */
  static NetworkSize inFloat(Network network) {
    return NetworkSize.of(network.withFloatWeights(), Codebook.MAX_TAU);
  }

  /**
   * A network in one form.
   *
   * @param name the form.
   * @param weights what the binary layers' weights take.
   * @param codebooks what their codebooks take.
   * @param others what scales and float layers take.
   * @param all what all takes.
   * @param bar width of a bar for that.
   * @param bitOps bit operations per image.
   * @param multiplications multiplications per image.
   */
  public record Form(
      String name,
      String weights,
      String codebooks,
      String others,
      String all,
      String bar,
      String bitOps,
      String multiplications) {}

  /**
   * A binary layer.
   *
   * @param name its name.
   * @param figures its figures.
   */
  public record LayerRow(String name, List<String> figures) {}

  /**
   * Whether the network has binary layers.
   *
   * @return false for float weights.
   */
  public boolean subBit() {
    return !trained.packed().isEmpty();
  }

  /**
   * The network beside itself in other forms.
   *
   * @return this one first.
   */
  public List<Form> forms() {
    NetworkSize floats = inFloat(trained.network());
    List<Form> forms = new ArrayList<>();
    forms.add(form("this one", size, floats));
    if (subBit()) {
      NetworkSize binary = NetworkSize.of(trained.network(), Codebook.MAX_TAU);
      if (size.subBitWeightBits() != binary.subBitWeightBits()) {
        forms.add(form("with 1 bit per weight", binary, floats));
      }
      forms.add(form("in 32-bit floats", floats, floats));
    }
    return forms;
  }

  private static Form form(String name, NetworkSize form, NetworkSize largest) {
    return new Form(
        name,
        orDash(form.subBitWeightBits(), Figures.bytesOf(form.subBitWeightBits())),
        orDash(form.codebookBits(), Figures.bytesOf(form.codebookBits())),
        Figures.bytesOf(form.bits() - form.subBitWeightBits() - form.codebookBits()),
        Figures.bytesOf(form.bits()),
        Figures.bar((double) form.bits() / largest.bits()),
        orDash(form.bitOps(), Figures.operations(form.bitOps())),
        orDash(form.floatMacs(), Figures.operations(form.floatMacs())));
  }

  /**
   * The binary layers.
   *
   * @return a row each.
   */
  public List<LayerRow> layers() {
    return size.layers().stream().filter(layer -> layer.tau() > 0).map(CostSection::row).toList();
  }

  private static LayerRow row(LayerSize layer) {
    return new LayerRow(
        layer.node(),
        List.of(
            Figures.format("%,d", layer.weights()),
            "" + layer.tau(),
            Figures.bytesOf(layer.weightBits()),
            orDash(layer.codebookBits(), Figures.format("%,d bit", layer.codebookBits())),
            Figures.operations(layer.bitOps()),
            Figures.times(layer.denseBitOps(), layer.bitOps())));
  }

  private static String orDash(long amount, String text) {
    return amount == 0 ? "-" : text;
  }
}
