package dev.subbit.cli.inspect;

import ai.onnx.proto.OnnxMl.AttributeProto;
import ai.onnx.proto.OnnxMl.ModelProto;
import ai.onnx.proto.OnnxMl.NodeProto;
import ai.onnx.proto.OnnxMl.TensorProto;
import dev.subbit.cli.terminal.TextTable;
import dev.subbit.cli.terminal.UserError;
import dev.subbit.onnx.Codebook;
import dev.subbit.onnx.PackedConvWeights;
import dev.subbit.onnx.StoredSize;
import dev.subbit.onnx.SubBitModels;
import dev.subbit.onnx.SubBitOperator;
import dev.subbit.tribuo.quantizer.graph.OnnxFile;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * The sub-bit layers of an ONNX model, and the bytes that they take.
 *
 * @param operatorSet standard operator set of the model.
 * @param nodes number of its nodes.
 * @param layers its nodes of the sub-bit operators, in order.
 * @param subBitBytes bytes of the layers' indices, codebooks, scales and biases.
 * @param otherBytes bytes of all other tensors of the graph.
 */
record OnnxInspection(
    long operatorSet, int nodes, List<LayerReport> layers, long subBitBytes, long otherBytes) {

  /**
   * One node of a sub-bit operator.
   *
   * @param name its name.
   * @param operator its operator.
   * @param inChannels input channels of one group.
   * @param outChannels output channels.
   * @param tau bits of an index.
   * @param codewordsUsed number of codewords that are used at least once.
   * @param bytes bytes of index, codebook, scale and bias.
   * @param bitsPerWeight bits of these over the weights they stand for.
   * @param codebook the codewords, nine bits each, first tap least significant.
   */
  record LayerReport(
      String name,
      String operator,
      int inChannels,
      int outChannels,
      int tau,
      int codewordsUsed,
      long bytes,
      double bitsPerWeight,
      List<Integer> codebook) {}

  private static final List<String> SCALES = List.of("scale", "w_scale");

  /**
   * Inspects an ONNX file.
   *
   * @param file the ONNX file.
   * @param codebooks where to draw the codebooks, or null.
   * @return its sub-bit layers and their bytes.
   * @throws UserError if it cannot be read, or a layer is not valid; the message names it.
   */
  static OnnxInspection of(Path file, PrintWriter codebooks) {
    ModelProto model;
    try {
      model = OnnxFile.read(file);
    } catch (IOException e) {
      throw new UserError(e.getMessage(), e);
    }
    Map<String, TensorProto> tensors = new HashMap<>();
    long all = 0;
    for (TensorProto tensor : model.getGraph().getInitializerList()) {
      tensors.put(tensor.getName(), tensor);
      all += tensor.getSerializedSize();
    }
    List<LayerReport> layers = new ArrayList<>();
    long subBit = 0;
    for (NodeProto node : model.getGraph().getNodeList()) {
      if (!node.getDomain().equals(SubBitOperator.DOMAIN)
          || SubBitOperator.ofType(node.getOpType()).isEmpty()
          || integer(node, "tau") == 0) {
        continue;
      }
      try {
        PackedConvWeights weights = weights(node, tensors);
        LayerReport report = report(node, weights, tensors);
        layers.add(report);
        subBit += report.bytes();
        if (codebooks != null) {
          codebooks.printf("%n%s%n%s", report.name(), CodebookText.of(weights));
        }
      } catch (RuntimeException e) {
        throw new UserError(
            file
                + ": node '"
                + node.getName()
                + "' is not a valid "
                + node.getOpType()
                + ": "
                + e.getMessage(),
            e);
      }
    }
    return new OnnxInspection(
        SubBitModels.standardOpset(model),
        model.getGraph().getNodeCount(),
        layers,
        subBit,
        Math.max(0, all - subBit));
  }

  private static LayerReport report(
      NodeProto node, PackedConvWeights weights, Map<String, TensorProto> tensors) {
    List<Integer> codewords = new ArrayList<>();
    for (int i = 0; i < weights.codebook().size(); i++) {
      codewords.add(weights.codebook().codeword(i));
    }
    StoredSize size = StoredSize.of(weights);
    List<String> names = SubBitOperator.ofType(node.getOpType()).orElseThrow().inputs();
    int bias = Math.max(names.indexOf("bias"), names.indexOf("B"));
    if (bias >= 0 && bias < node.getInputCount() && tensors.containsKey(node.getInput(bias))) {
      size = size.withBiases(weights.outChannels());
    }
    return new LayerReport(
        node.getName(),
        node.getOpType(),
        weights.inChannels(),
        weights.outChannels(),
        weights.codebook().tau(),
        (int) Arrays.stream(weights.indices()).distinct().count(),
        size.bytes(),
        size.bitsPerWeight(),
        codewords);
  }

  private static PackedConvWeights weights(NodeProto node, Map<String, TensorProto> tensors) {
    List<String> names = SubBitOperator.ofType(node.getOpType()).orElseThrow().inputs();
    byte[] scale =
        SCALES.stream()
            .filter(names::contains)
            .findFirst()
            .map(name -> data(node, names, name, tensors))
            .orElseThrow(() -> new IllegalArgumentException("it has no scale"));
    ByteBuffer buffer = ByteBuffer.wrap(scale).order(ByteOrder.LITTLE_ENDIAN);
    float[] scales = new float[scale.length / Float.BYTES];
    buffer.asFloatBuffer().get(scales);
    return new PackedConvWeights(
        integer(node, "out_channels"),
        integer(node, "in_channels"),
        Codebook.ofTaps(integer(node, "tau"), data(node, names, "codebook", tensors)),
        data(node, names, "index", tensors),
        scales);
  }

  private static byte[] data(
      NodeProto node, List<String> names, String name, Map<String, TensorProto> tensors) {
    int at = names.indexOf(name);
    TensorProto tensor = at < node.getInputCount() ? tensors.get(node.getInput(at)) : null;
    if (tensor == null || !tensor.hasRawData()) {
      throw new IllegalArgumentException("its " + name + " is not a raw tensor of the model");
    }
    return tensor.getRawData().toByteArray();
  }

  private static int integer(NodeProto node, String name) {
    return node.getAttributeList().stream()
        .filter(attribute -> attribute.getName().equals(name))
        .map(AttributeProto::getI)
        .findFirst()
        .map(Math::toIntExact)
        .orElse(0);
  }

  /**
   * Prints everything except the codebooks.
   *
   * @param out where to.
   */
  void print(PrintWriter out) {
    out.printf(
        Locale.ROOT,
        "An ONNX model of %d nodes in operator set %d, %d of them sub-bit convolutions.%n%n",
        nodes,
        operatorSet,
        layers.size());
    TextTable table =
        new TextTable(
            2, "layer", "operator", "in", "out", "tau", "codewords used", "bytes", "bits/weight");
    for (LayerReport layer : layers) {
      table.row(
          layer.name(),
          layer.operator(),
          "" + layer.inChannels(),
          "" + layer.outChannels(),
          "" + layer.tau(),
          layer.codewordsUsed() + "/" + layer.codebook().size(),
          String.format(Locale.ROOT, "%,d", layer.bytes()),
          String.format(Locale.ROOT, "%.2f", layer.bitsPerWeight()));
    }
    out.println(table);
    out.printf(
        Locale.ROOT,
        "Sub-bit layers: %,d bytes of indices, codebooks, scales and biases. Other tensors: %,d"
            + " bytes.%n",
        subBitBytes,
        otherBytes);
  }
}
