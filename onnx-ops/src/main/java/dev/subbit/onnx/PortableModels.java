package dev.subbit.onnx;

import ai.onnx.proto.OnnxMl.AttributeProto;
import ai.onnx.proto.OnnxMl.FunctionProto;
import ai.onnx.proto.OnnxMl.GraphProto;
import ai.onnx.proto.OnnxMl.ModelProto;
import ai.onnx.proto.OnnxMl.NodeProto;
import ai.onnx.proto.OnnxMl.OperatorSetIdProto;
import ai.onnx.proto.OnnxMl.TensorProto;
import ai.onnx.proto.OnnxMl.ValueInfoProto;
import dev.subbit.onnx.graph.FunctionInlining;
import dev.subbit.onnx.graph.GraphNames;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.Predicate;

/**
 * Rewrites models for tools that know no functions, or that should see ordinary convolutions. What
 * they give holds standard operators only; Subbit's kernels have nothing to run in it.
 */
public final class PortableModels {

  /** The oldest operator set with what the dequantized form of an 8-bit convolution needs. */
  private static final int OLDEST_DEQUANTIZED_OPSET = 13;

  private static final Map<SubBitOperator, FunctionProto> DEQUANTIZED =
      Map.of(
          SubBitOperator.Q_LINEAR_SUB_BIT_CONV,
          function(OperatorTable.Q_LINEAR_SUB_BIT_CONV, ConvBodies::writeDequantized));

  /** Between these, signs are those of floats. */
  private static final Map<SubBitOperator, FunctionProto> UNPACKED =
      Map.of(
          SubBitOperator.PACK_SIGNS,
          function(OperatorTable.PACK_SIGNS, body -> PackedBodies.writeShifted(body, "B")),
          SubBitOperator.PACKED_BINARY_SUB_BIT_CONV,
          function(
              OperatorTable.PACKED_BINARY_SUB_BIT_CONV,
              body -> PackedBodies.convolveUnpacked(body, "B")),
          SubBitOperator.BINARY_SUB_BIT_BLOCK,
          function(
              OperatorTable.BINARY_SUB_BIT_BLOCK,
              body -> PackedBodies.writeUnpackedBlock(body, "B")));

  private PortableModels() {}

  private static FunctionProto function(OperatorTable row, Consumer<FunctionBuilder> writeBody) {
    FunctionBuilder builder = new FunctionBuilder(row);
    writeBody.accept(builder);
    return builder.build();
  }

  /**
   * Rewrites a model without functions: each body stands where it was called. The weights stay as
   * small as they are. 8-bit convolutions are written as DequantizeLinear, Conv and QuantizeLinear.
   *
   * @param model the model.
   * @return the model with standard operators only.
   * @throws IllegalArgumentException if a function cannot be inlined, a sub-bit operator is
   *     unknown, or the model imports an operator set that is too old for its operators.
   */
  public static ModelProto inlined(ModelProto model) {
    ModelProto prepared = prepared(model);
    return finished(inline(withFunctions(prepared, DEQUANTIZED), any -> true));
  }

  /**
   * Rewrites a model as one that was never sub-bit: without functions, with the weights of its
   * convolutions decoded, and with floats where it has packed signs.
   *
   * @param model the model.
   * @return the model with standard operators only.
   * @throws IllegalArgumentException as {@link #inlined}, and if weights are not tensors in the
   *     file or damaged, or packed signs go elsewhere than to a sub-bit operator.
   */
  public static ModelProto plain(ModelProto model) {
    ModelProto prepared = prepared(model);
    Set<String> signs = packedSigns(prepared.getGraph());
    ModelProto.Builder unpacked = withFunctions(prepared, UNPACKED).toBuilder();
    removeTypes(unpacked.getGraphBuilder(), signs);
    ModelProto convolutions = inline(unpacked.build(), function -> !holdsWeights(function));
    return finished(inline(decoded(convolutions), any -> true));
  }

  /**
   * The model with today's functions, with a bias in all of its 8-bit convolutions, and with those
   * of {@link WholeWeights} dequantized.
   */
  private static ModelProto prepared(ModelProto model) {
    ModelProto.Builder prepared = SubBitModels.withOperators(model.toBuilder());
    int inputs = SubBitOperator.Q_LINEAR_SUB_BIT_CONV.inputs().size();
    GraphProto.Builder graph = prepared.getGraphBuilder();
    Set<String> names = GraphNames.of(model.getGraph());
    Set<String> whole = WholeWeights.of(graph).keySet();
    boolean summed = false;
    for (NodeProto.Builder node : graph.getNodeBuilderList()) {
      boolean ofWhole = WholeWeights.isConvolution(node.build(), whole);
      if (!ofWhole && PlainConvolution.of(node.build()).orElse(null) != PlainConvolution.Q_LINEAR) {
        continue;
      }
      if (SubBitModels.standardOpset(model) < OLDEST_DEQUANTIZED_OPSET) {
        throw new IllegalArgumentException(
            String.format(
                "Node '%s' needs operator set %d or newer where it is written without its function;"
                    + " the model imports %d",
                node.getName(), OLDEST_DEQUANTIZED_OPSET, SubBitModels.standardOpset(model)));
      }
      if (ofWhole) {
        NodeProto call = WholeWeights.dequantized(node.build());
        node.clear().mergeFrom(call);
        summed = true;
      } else if (node.getInputCount() < inputs) {
        int channels = PlainConvolution.size(node.build(), OperatorTable.OUT_CHANNELS);
        String bias = GraphNames.free(node.getName() + "/bias", names::contains);
        names.add(bias);
        graph.addInitializer(OnnxProtos.tensor(bias, new int[channels], channels));
        node.addInput(bias);
      }
    }
    if (summed) {
      prepared.addFunctions(WholeWeights.function());
    }
    return prepared.build();
  }

  private static ModelProto withFunctions(
      ModelProto model, Map<SubBitOperator, FunctionProto> others) {
    ModelProto.Builder replaced = model.toBuilder().clearFunctions();
    for (FunctionProto function : model.getFunctionsList()) {
      FunctionProto own =
          function.getDomain().equals(SubBitOperator.DOMAIN)
              ? SubBitOperator.ofType(function.getName()).map(others::get).orElse(function)
              : function;
      replaced.addFunctions(forOpset(own, model));
    }
    return replaced.build();
  }

  private static FunctionProto forOpset(FunctionProto function, ModelProto model) {
    FunctionProto.Builder copy = function.toBuilder();
    if (function.getDomain().equals(SubBitOperator.DOMAIN)) {
      copy.getOpsetImportBuilder(0).setVersion(SubBitModels.standardOpset(model));
    }
    return copy.build();
  }

  private static ModelProto inline(ModelProto model, Predicate<FunctionProto> which) {
    try {
      return FunctionInlining.inline("The model", model, which);
    } catch (IOException e) {
      throw new IllegalArgumentException(e.getMessage(), e);
    }
  }

  private static boolean holdsWeights(FunctionProto function) {
    NodeProto call =
        NodeProto.newBuilder()
            .setDomain(function.getDomain())
            .setOpType(function.getName())
            .build();
    return WeightsFunction.isCall(call) || PlainConvolution.of(call).isPresent();
  }

  /** Decodes the weights of all nodes that hold indices. */
  private static ModelProto decoded(ModelProto model) {
    ModelProto.Builder decoded = model.toBuilder().clearFunctions();
    GraphProto.Builder graph = decoded.getGraphBuilder();
    Map<String, TensorProto> initializers = new HashMap<>();
    graph.getInitializerList().forEach(tensor -> initializers.put(tensor.getName(), tensor));
    Set<String> names = GraphNames.of(model.getGraph());
    List<NodeProto> others = new ArrayList<>();
    Map<String, CodedWeights> coded = new HashMap<>();
    for (NodeProto node : graph.getNodeList()) {
      if (WeightsFunction.isCall(node)) {
        CodedWeights weights = WeightsFunction.read(node, initializers);
        coded.put(node.getOutput(0), weights);
        graph.addInitializer(
            OnnxProtos.tensor(node.getOutput(0), weights.toDense(), weights.shape()));
      } else if (WholeWeights.isCast(node) && coded.containsKey(node.getInput(0))) {
        CodedWeights weights = coded.get(node.getInput(0));
        graph.addInitializer(
            OnnxProtos.tensor(
                node.getOutput(0),
                TensorProto.DataType.INT8,
                PlainConvolution.bytes(weights.toDense()),
                weights.shape()));
      } else {
        others.add(node);
      }
    }
    graph.clearNode().addAllNode(others);
    for (NodeProto.Builder node : graph.getNodeBuilderList()) {
      PlainConvolution convolution = PlainConvolution.of(node.build()).orElse(null);
      if (convolution != null) {
        String index = convolution.index(node.build());
        String name =
            GraphNames.free(index.replaceFirst("/index$", "") + "/weight", names::contains);
        names.add(name);
        TensorProto weights = convolution.decode(node.build(), initializers);
        graph.addInitializer(weights.toBuilder().setName(name));
        NodeProto call = convolution.call(node.build(), name);
        node.clear().mergeFrom(call);
      }
    }
    for (PlainConvolution convolution : PlainConvolution.values()) {
      decoded.addFunctions(forOpset(convolution.function(), model));
    }
    return decoded.build();
  }

  /**
   * The values that are packed signs.
   *
   * @throws IllegalArgumentException if anything but an operator on packed signs makes or reads
   *     them.
   */
  private static Set<String> packedSigns(GraphProto graph) {
    Set<String> signs = new HashSet<>();
    for (NodeProto node : graph.getNodeList()) {
      if (isUnpacked(node)) {
        // PackSigns gives signs only; the others give them beside floats.
        node.getOutputList().stream().skip(packs(node) ? 0 : 1).forEach(signs::add);
      }
    }
    signs.remove("");
    for (NodeProto node : graph.getNodeList()) {
      List<String> others = new ArrayList<>();
      addReads(node, others);
      if (isUnpacked(node) && !packs(node)) {
        requireSigns(signs.contains(others.remove(0)), node.getName());
      }
      requireSigns(Collections.disjoint(signs, others), node.getName());
    }
    for (ValueInfoProto output : graph.getOutputList()) {
      requireSigns(!signs.contains(output.getName()), output.getName());
    }
    return signs;
  }

  private static void requireSigns(boolean holds, String where) {
    if (!holds) {
      throw new IllegalArgumentException(
          "'"
              + where
              + "': packed signs can be written plain only between operators on packed signs; write"
              + " the model with inlined functions");
    }
  }

  private static boolean isUnpacked(NodeProto node) {
    return node.getDomain().equals(SubBitOperator.DOMAIN)
        && SubBitOperator.ofType(node.getOpType()).filter(UNPACKED::containsKey).isPresent();
  }

  private static boolean packs(NodeProto node) {
    return node.getOpType().equals(OperatorTable.PACK_SIGNS.opType);
  }

  private static void removeTypes(GraphProto.Builder graph, Set<String> values) {
    List<ValueInfoProto> kept =
        graph.getValueInfoList().stream().filter(info -> !values.contains(info.getName())).toList();
    graph.clearValueInfo().addAllValueInfo(kept);
  }

  /** Removes what inlining leaves behind, and the domain that nothing is of any more. */
  private static ModelProto finished(ModelProto model) {
    ModelProto.Builder finished = model.toBuilder().clearOpsetImport();
    for (OperatorSetIdProto set : model.getOpsetImportList()) {
      if (!set.getDomain().equals(SubBitOperator.DOMAIN)) {
        finished.addOpsetImport(set);
      }
    }
    GraphProto.Builder graph = finished.getGraphBuilder();
    for (NodeProto.Builder node : graph.getNodeBuilderList()) {
      if (node.getDomain().isEmpty() && node.getOpType().equals("Constant")) {
        node.getAttributeBuilderList().forEach(PortableModels::writeAsTensor);
      }
    }
    removeUnread(graph);
    return finished.build();
  }

  /** Turns the short form of a number or list, which some tools misread, into a tensor. */
  private static void writeAsTensor(AttributeProto.Builder constant) {
    TensorProto tensor =
        switch (constant.getName()) {
          case "value_int" -> OnnxProtos.tensor("", new long[] {constant.getI()});
          case "value_ints" ->
              OnnxProtos.tensor(
                  "",
                  constant.getIntsList().stream().mapToLong(i -> i).toArray(),
                  constant.getIntsCount());
          case "value_float" -> OnnxProtos.tensor("", new float[] {constant.getF()});
          default -> null;
        };
    if (tensor != null) {
      constant.clear().mergeFrom(FunctionBuilder.tensorValue(tensor));
    }
  }

  /** Removes nodes and initializers whose values nothing reads. Nodes stand in their order. */
  private static void removeUnread(GraphProto.Builder graph) {
    Set<String> reads = new HashSet<>();
    graph.getOutputList().forEach(output -> reads.add(output.getName()));
    List<NodeProto> kept = new ArrayList<>();
    for (int i = graph.getNodeCount() - 1; i >= 0; i--) {
      NodeProto node = graph.getNode(i);
      if (node.getOutputList().stream().anyMatch(reads::contains)) {
        kept.add(node);
        addReads(node, reads);
      }
    }
    Collections.reverse(kept);
    graph.clearNode().addAllNode(kept);
    List<TensorProto> tensors =
        graph.getInitializerList().stream()
            .filter(tensor -> reads.contains(tensor.getName()))
            .toList();
    graph.clearInitializer().addAllInitializer(tensors);
  }

  /** What a node reads, and the graphs in it. */
  private static void addReads(NodeProto node, Collection<String> reads) {
    reads.addAll(node.getInputList());
    for (AttributeProto attribute : node.getAttributeList()) {
      if (attribute.hasG()) {
        addReads(attribute.getG(), reads);
      }
      attribute.getGraphsList().forEach(inner -> addReads(inner, reads));
    }
  }

  private static void addReads(GraphProto graph, Collection<String> reads) {
    graph.getNodeList().forEach(node -> addReads(node, reads));
    graph.getOutputList().forEach(output -> reads.add(output.getName()));
  }
}
