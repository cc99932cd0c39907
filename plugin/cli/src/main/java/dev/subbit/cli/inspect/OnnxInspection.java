package dev.subbit.cli.inspect;

import ai.onnx.proto.OnnxMl.AttributeProto;
import ai.onnx.proto.OnnxMl.FunctionProto;
import ai.onnx.proto.OnnxMl.ModelProto;
import ai.onnx.proto.OnnxMl.NodeProto;
import ai.onnx.proto.OnnxMl.TensorProto;
import dev.subbit.cli.terminal.TextTable;
import dev.subbit.cli.terminal.UserError;
import dev.subbit.onnx.Codebook;
import dev.subbit.onnx.CodedWeights;
import dev.subbit.onnx.PackedConvWeights;
import dev.subbit.onnx.StoredSize;
import dev.subbit.onnx.SubBitModels;
import dev.subbit.onnx.SubBitNodes;
import dev.subbit.onnx.SubBitOperator;
import dev.subbit.onnx.WeightsFunction;
import dev.subbit.onnx.WholeWeights;
import dev.subbit.onnx.graph.OnnxFile;
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
import java.util.Set;

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
   * @param stages number of summands that its weights are the sum of.
   * @param tau bits of an index.
   * @param codewordsUsed number of codewords that are used at least once.
   * @param bytes bytes of index, codebook, scale and bias.
   * @param bitsPerWeight bits of the indices over the weights they stand for.
   * @param storedBitsPerWeight bits of index, codebook, scale and bias over these weights.
   * @param codebook the codewords of all stages, nine bits each, first tap least significant; empty
   *     where they are not 3x3 signs.
   */
  record LayerReport(
      String name,
      String operator,
      int inChannels,
      int outChannels,
      int stages,
      int tau,
      int codewordsUsed,
      long bytes,
      double bitsPerWeight,
      double storedBitsPerWeight,
      List<Integer> codebook) {}

  private static final List<String> SCALES = List.of("scale", "w_scale");

  /** The input by which the operators of networks in integers are known; they have no scales. */
  private static final String MULTIPLIER = "multiplier";

  /** The operator that is a whole network. */
  private static final String INTEGER_NETWORK = "IntegerNetwork";

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
    Set<String> inEightBits = WholeWeights.readByConvolutions(model.getGraph());
    List<NodeProto> nodes = new ArrayList<>();
    model.getGraph().getNodeList().forEach(node -> nodes.addAll(layersOf(node, model)));
    for (NodeProto node : nodes) {
      if (WeightsFunction.isCall(node) || isStaged(node)) {
        CodedWeights weights = codedWeights(file, node, tensors);
        LayerReport report = report(node, weights, inEightBits.contains(node.getOutput(0)));
        layers.add(report);
        subBit += report.bytes();
        if (codebooks != null && weights.isSigns()) {
          int stage = 1;
          for (PackedConvWeights each : weights.convolutions()) {
            codebooks.printf("%n%s, stage %d%n%s", report.name(), stage++, CodebookText.of(each));
          }
        }
        continue;
      }
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
        SubBitModels.standardOpset(model), nodes.size(), layers, subBit, Math.max(0, all - subBit));
  }

  /**
   * The nodes that a node stands for: the layers of a whole network in integers, with the tensors
   * that the node passes to them; otherwise the node itself.
   */
  private static List<NodeProto> layersOf(NodeProto node, ModelProto model) {
    if (!node.getDomain().equals(SubBitOperator.DOMAIN)
        || !node.getOpType().equals(INTEGER_NETWORK)) {
      return List.of(node);
    }
    List<NodeProto> layers = new ArrayList<>();
    for (FunctionProto function : model.getFunctionsList()) {
      if (function.getDomain().equals(node.getDomain())
          && function.getName().equals(node.getOpType())) {
        Map<String, String> passed = new HashMap<>();
        for (int i = 0; i < Math.min(function.getInputCount(), node.getInputCount()); i++) {
          passed.put(function.getInput(i), node.getInput(i));
        }
        for (NodeProto layer : function.getNodeList()) {
          NodeProto.Builder named = layer.toBuilder().clearInput();
          layer.getInputList().forEach(name -> named.addInput(passed.getOrDefault(name, name)));
          layers.add(named.setName(nameOf(layer)).build());
        }
      }
    }
    return layers;
  }

  private static String nameOf(NodeProto node) {
    return node.getName().isEmpty() ? node.getOutput(0) : node.getName();
  }

  private static LayerReport report(
      NodeProto node, PackedConvWeights weights, Map<String, TensorProto> tensors) {
    List<Integer> codewords = new ArrayList<>();
    for (int i = 0; i < weights.codebook().size(); i++) {
      codewords.add(weights.codebook().codeword(i));
    }
    List<String> names = SubBitOperator.ofType(node.getOpType()).orElseThrow().inputs();
    int used = (int) Arrays.stream(weights.indices()).distinct().count();
    if (names.contains(MULTIPLIER)) {
      // Everything that the layer holds, in the integers that it is held in.
      long bytes =
          node.getInputList().stream()
              .filter(tensors::containsKey)
              .mapToLong(name -> tensors.get(name).getRawData().size())
              .sum();
      long count = (long) weights.outChannels() * weights.inChannels() * Codebook.TAPS;
      return new LayerReport(
          node.getName(),
          node.getOpType(),
          weights.inChannels(),
          weights.outChannels(),
          1,
          weights.codebook().tau(),
          used,
          bytes,
          StoredSize.of(weights).indexBitsPerWeight(),
          8.0 * bytes / count,
          codewords);
    }
    StoredSize size = StoredSize.of(weights);
    int bias = Math.max(names.indexOf("bias"), names.indexOf("B"));
    if (bias >= 0 && bias < node.getInputCount() && tensors.containsKey(node.getInput(bias))) {
      size = size.withFloats(weights.outChannels());
    }
    return new LayerReport(
        node.getName(),
        node.getOpType(),
        weights.inChannels(),
        weights.outChannels(),
        1,
        weights.codebook().tau(),
        used,
        size.bytes(),
        size.indexBitsPerWeight(),
        size.storedBitsPerWeight(),
        codewords);
  }

  private static CodedWeights codedWeights(
      Path file, NodeProto node, Map<String, TensorProto> tensors) {
    try {
      return isStaged(node)
          ? SubBitNodes.stagedWeights(node, tensors)
          : WeightsFunction.read(node, tensors);
    } catch (IllegalArgumentException e) {
      throw new UserError(file + ": " + e.getMessage(), e);
    }
  }

  /** Whether a node is a convolution whose weights are a sum of stages. */
  private static boolean isStaged(NodeProto node) {
    return node.getDomain().equals(SubBitOperator.DOMAIN)
        && node.getOpType().equals(SubBitOperator.STAGED_SUB_BIT_CONV.opType());
  }

  /** Beside scales, a convolution has a bias, and weights in 8 bits have a scale for their sum. */
  private static LayerReport report(NodeProto node, CodedWeights weights, boolean inEightBits) {
    int others = isStaged(node) || inEightBits ? weights.rows() : 0;
    StoredSize size = weights.size().withFloats(others);
    List<Integer> codewords = new ArrayList<>();
    if (weights.isSigns()) {
      for (PackedConvWeights stage : weights.convolutions()) {
        for (int i = 0; i < stage.codebook().size(); i++) {
          codewords.add(stage.codebook().codeword(i));
        }
      }
    }
    long used = 0;
    for (int s = 0; s < weights.stages(); s++) {
      used += Arrays.stream(weights.indices(s)).distinct().count();
    }
    return new LayerReport(
        node.getName(),
        node.getOpType(),
        weights.shape().length < 2 ? 1 : (int) weights.shape()[1],
        weights.rows(),
        weights.stages(),
        weights.tau(),
        (int) used,
        size.bytes(),
        size.indexBitsPerWeight(),
        size.storedBitsPerWeight(),
        codewords);
  }

  private static PackedConvWeights weights(NodeProto node, Map<String, TensorProto> tensors) {
    List<String> names = SubBitOperator.ofType(node.getOpType()).orElseThrow().inputs();
    float[] scales;
    if (names.contains(MULTIPLIER)) {
      scales = new float[integer(node, "out_channels")];
      Arrays.fill(scales, 1);
    } else {
      byte[] scale =
          SCALES.stream()
              .filter(names::contains)
              .findFirst()
              .map(name -> data(node, names, name, tensors))
              .orElseThrow(() -> new IllegalArgumentException("it has no scale"));
      scales = new float[scale.length / Float.BYTES];
      ByteBuffer.wrap(scale).order(ByteOrder.LITTLE_ENDIAN).asFloatBuffer().get(scales);
    }
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
            2,
            "layer",
            "operator",
            "in",
            "out",
            "stages",
            "tau",
            "codewords used",
            "bits/weight",
            "bytes",
            "stored bits/weight");
    for (LayerReport layer : layers) {
      table.row(
          layer.name(),
          layer.operator(),
          "" + layer.inChannels(),
          "" + layer.outChannels(),
          "" + layer.stages(),
          "" + layer.tau(),
          layer.codewordsUsed() + "/" + (layer.stages() << layer.tau()),
          String.format(Locale.ROOT, "%.2f", layer.bitsPerWeight()),
          String.format(Locale.ROOT, "%,d", layer.bytes()),
          String.format(Locale.ROOT, "%.2f", layer.storedBitsPerWeight()));
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
