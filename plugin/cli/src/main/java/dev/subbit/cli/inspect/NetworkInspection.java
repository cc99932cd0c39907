package dev.subbit.cli.inspect;

import dev.subbit.cli.terminal.TextTable;
import dev.subbit.tribuo.network.Layer.Activations;
import dev.subbit.tribuo.network.Network;
import dev.subbit.tribuo.network.NetworkShapes;
import dev.subbit.tribuo.network.NetworkSize;
import dev.subbit.tribuo.network.NodeShape;
import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * The bits that a network takes and the operations that it costs, known before any training; see
 * {@link NetworkSize}.
 *
 * @param network its name.
 * @param input shape of its images: channels, height, width.
 * @param classes number of classes.
 * @param activations how its 3x3 convolutions use their input.
 * @param subBitWeights weights of the sub-bit layers.
 * @param subBitWeightBits bits of their indices.
 * @param codebookBits bits of their codebooks.
 * @param otherParameters all other parameters, 32-bit floats.
 * @param bits bits of everything.
 * @param bitOps bit operations of the sub-bit layers for one image; with real activations, the
 *     additions in their place.
 * @param denseBitOps the same for one bit per weight.
 * @param floatMacs multiplications and additions of the float layers for one image.
 * @param layers convolutions and fully connected layers, in order.
 */
record NetworkInspection(
    String network,
    List<Integer> input,
    int classes,
    Activations activations,
    long subBitWeights,
    long subBitWeightBits,
    long codebookBits,
    long otherParameters,
    long bits,
    long bitOps,
    long denseBitOps,
    long floatMacs,
    List<LayerReport> layers) {

  /**
   * One convolution or fully connected layer.
   *
   * @param name its name.
   * @param kernel rows, and columns, of its kernel; 0 for a fully connected layer.
   * @param stride its stride; 0 for a fully connected layer.
   * @param in input channels or features.
   * @param out output channels or features.
   * @param height rows of its output; 0 for a fully connected layer.
   * @param width columns of its output; 0 for a fully connected layer.
   * @param tau bits of an index; 0 for float weights.
   * @param weightBits bits of the weights.
   * @param codebookBits bits of the codebook.
   * @param bitOps as above; 0 for float weights.
   * @param floatMacs as above; 0 for sub-bit weights.
   */
  record LayerReport(
      String name,
      int kernel,
      int stride,
      int in,
      int out,
      int height,
      int width,
      int tau,
      long weightBits,
      long codebookBits,
      long bitOps,
      long floatMacs) {}

  /**
   * Inspects a network.
   *
   * @param network the network.
   * @param activations how its 3x3 convolutions use their input.
   * @param size its size.
   * @return its bits and operations.
   */
  static NetworkInspection of(Network network, Activations activations, NetworkSize size) {
    List<LayerReport> layers = new ArrayList<>();
    Map<String, NodeShape> shapes = NetworkShapes.of(network);
    for (NetworkSize.LayerSize layer : size.layers()) {
      LayerRow row = new LayerRow(layer, shapes.get(layer.node()));
      network.node(layer.node()).layer().accept(row).ifPresent(layers::add);
    }
    long indexAndCodebookBits = size.subBitWeightBits() + size.codebookBits();
    return new NetworkInspection(
        network.name(),
        List.of(network.input().channels(), network.input().height(), network.input().width()),
        network.classes(),
        activations,
        size.subBitWeights(),
        size.subBitWeightBits(),
        size.codebookBits(),
        (size.bits() - indexAndCodebookBits) / Float.SIZE,
        size.bits(),
        size.bitOps(),
        size.denseBitOps(),
        size.floatMacs(),
        layers);
  }

  /**
   * Prints everything.
   *
   * @param out where to.
   */
  void print(PrintWriter out) {
    boolean binary = activations == Activations.BINARY;
    String operations = binary ? "bit-OPs" : "additions";
    out.printf(
        Locale.ROOT,
        "%s for images of %d x %d x %d (channels, height, width), %d classes, %s activations%n%n",
        network,
        input.get(0),
        input.get(1),
        input.get(2),
        classes,
        binary ? "binary" : "real");
    TextTable table =
        new TextTable(
            1,
            "layer",
            "kernel",
            "stride",
            "in",
            "out",
            "output",
            "tau",
            "weight bits",
            "codebook bits",
            operations,
            "float MACs");
    for (LayerReport layer : layers) {
      boolean dense = layer.kernel() == 0;
      table.row(
          layer.name(),
          dense ? "" : layer.kernel() + "x" + layer.kernel(),
          dense ? "" : "" + layer.stride(),
          "" + layer.in(),
          "" + layer.out(),
          dense ? "" : layer.height() + "x" + layer.width(),
          layer.tau() == 0 ? "" : "" + layer.tau(),
          count(layer.weightBits()),
          count(layer.codebookBits()),
          count(layer.bitOps()),
          count(layer.floatMacs()));
    }
    out.println(table);
    if (subBitWeights > 0) {
      out.printf(
          Locale.ROOT,
          "Sub-bit layers: %,d weights in %.3f Mbit (%.3f bit per weight), %.3f with codebooks;"
              + " %.3f G %s per image, %.3f G at one bit per weight.%n",
          subBitWeights,
          subBitWeightBits / 1e6,
          (double) subBitWeightBits / subBitWeights,
          (subBitWeightBits + codebookBits) / 1e6,
          bitOps / 1e9,
          operations,
          denseBitOps / 1e9);
    }
    out.printf(
        Locale.ROOT,
        "Other parameters, in 32-bit floats: %,d (%.3f Mbit); %.3f G multiplications and additions"
            + " per image.%n",
        otherParameters,
        (double) otherParameters * Float.SIZE / 1e6,
        floatMacs / 1e9);
    out.flush();
  }

  private static String count(long value) {
    return value == 0 ? "" : String.format(Locale.ROOT, "%,d", value);
  }
}
