package dev.subbit.tribuo.quantizer.graph;

import ai.onnx.proto.OnnxMl.GraphProto;
import ai.onnx.proto.OnnxMl.ModelProto;
import ai.onnx.proto.OnnxMl.NodeProto;
import ai.onnx.proto.OnnxMl.TensorProto;
import dev.subbit.onnx.CodedWeights;
import dev.subbit.onnx.OnnxProtos;
import dev.subbit.onnx.PackedConvWeights;
import dev.subbit.onnx.SubBitModels;
import dev.subbit.onnx.SubBitNodes;
import dev.subbit.onnx.SubBitOperator;
import dev.subbit.onnx.WeightsFunction;
import dev.subbit.onnx.graph.GraphNames;
import dev.subbit.tribuo.quantizer.fit.StagedWeights;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** Puts sub-bit convolutions in place of float ones. All other nodes stay as they are, in order. */
public final class GraphEdits {

  /** How a sub-bit convolution is written. */
  public enum Form {
    /**
     * One stage of signs as {@code SubBitConv}, and several as {@code StagedSubBitConv} where its
     * kernels are faster than a float convolution; all others as {@code SubBitWeights} before a
     * Conv, which takes as long as the float one.
     */
    COMPACT,
    /**
     * One stage of signs as {@code SubBitConv}, all others as {@code SubBitWeights} before a Conv:
     * what {@link IntegerEdits} writes in 8 bits as one convolution.
     */
    SUMMED,
    /**
     * Each stage as a {@code SubBitConv}, and their sum: what {@link IntegerEdits} writes in 8 bits
     * as the FPGA runs it.
     */
    STAGES,
    /** A Conv with the decoded weights: the same values, for models that are run and not kept. */
    DECODED
  }

  private static final String WEIGHTS = "/weights";

  private static final List<String> TENSORS =
      List.of(
          "/index",
          "/codebook",
          "/scale",
          "/bias",
          WEIGHTS,
          WEIGHTS + "/index",
          WEIGHTS + "/codebook",
          WEIGHTS + "/scale",
          WEIGHTS + "/shape");

  /** Where the bias stands, in the operators of one stage and of several. */
  private static final int BIAS = SubBitOperator.SUB_BIT_CONV.position("bias");

  private final Form form;

  /** Names of the layers of several stages that are written as one operator. */
  private final Set<String> nativeStages;

  private final GraphProto graph;
  private final Set<String> names;
  private final Set<String> nodes = new HashSet<>();
  private final GraphProto.Builder edited;

  /** Names of the weights that were decoded, for others that have the same. */
  private final Map<CodedWeights, String> decoded = new IdentityHashMap<>();

  /** The first stages of each weights: others that have the same read what they read. */
  private final Map<CodedWeights, List<NodeProto>> written = new IdentityHashMap<>();

  private GraphEdits(GraphProto graph, Form form, Set<String> nativeStages) {
    this.form = form;
    this.nativeStages = nativeStages;
    this.graph = graph;
    this.edited = graph.toBuilder().clearNode();
    this.names = GraphNames.of(graph);
  }

  /**
   * Replaces float convolutions by sub-bit ones.
   *
   * @param model the model that the layers were found in, as {@link OperatorSets#upgrade} gives it.
   * @param layers the layers to replace, with their new weights.
   * @param form how they are written.
   * @return the model with the operators' functions; weights that nothing reads any more are gone.
   */
  public static ModelProto replace(
      ModelProto model, Map<ConvLayer, StagedWeights> layers, Form form) {
    Set<String> nativeStages =
        form == Form.COMPACT ? NativeStages.of(model, layers) : Set.<String>of();
    return replace(model, layers, form, nativeStages);
  }

  /**
   * Replaces float convolutions by sub-bit ones, as above.
   *
   * @param model the model.
   * @param layers the layers to replace.
   * @param nativeStages names of those of several stages that are written as {@code
   *     StagedSubBitConv}, all in the main graph and of signs.
   * @return the model in the form {@link Form#COMPACT}.
   */
  public static ModelProto replace(
      ModelProto model, Map<ConvLayer, StagedWeights> layers, Set<String> nativeStages) {
    return replace(model, layers, Form.COMPACT, nativeStages);
  }

  private static ModelProto replace(
      ModelProto model, Map<ConvLayer, StagedWeights> layers, Form form, Set<String> nativeStages) {
    if (layers.isEmpty()) {
      return model;
    }
    GraphProto edited = new GraphEdits(model.getGraph(), form, nativeStages).edit(layers);
    return SubBitModels.withOperators(model.toBuilder().setGraph(edited)).build();
  }

  private GraphProto edit(Map<ConvLayer, StagedWeights> layers) {
    Map<GraphPlace, Map<Integer, ConvLayer>> places = new HashMap<>();
    for (ConvLayer layer : layers.keySet()) {
      places.computeIfAbsent(layer.place(), place -> new HashMap<>()).put(layer.node(), layer);
    }
    Map<Integer, ConvLayer> byNode = places.getOrDefault(GraphPlace.MAIN, Map.of());
    for (int i = 0; i < graph.getNodeCount(); i++) {
      if (!byNode.containsKey(i)) {
        nodes.add(graph.getNode(i).getName());
      }
    }
    editNodes(graph, GraphPlace.MAIN, edited, places, layers);
    return edited.build();
  }

  /** Writes the nodes of a graph, sub-bit ones in place of its layers. */
  private void editNodes(
      GraphProto from,
      GraphPlace place,
      GraphProto.Builder to,
      Map<GraphPlace, Map<Integer, ConvLayer>> places,
      Map<ConvLayer, StagedWeights> layers) {
    Map<Integer, ConvLayer> byNode = places.getOrDefault(place, Map.of());
    Set<Integer> dropped = new HashSet<>();
    byNode.values().forEach(layer -> dropped.addAll(layer.folded()));
    for (int i = 0; i < from.getNodeCount(); i++) {
      ConvLayer layer = byNode.get(i);
      if (layer != null) {
        write(layer, layers.get(layer), to);
      } else if (!dropped.contains(i)) {
        to.addNode(editBodies(from.getNode(i), i, place, places, layers));
      }
    }
    Leftovers.remove(to, Leftovers.reads(from));
  }

  private NodeProto editBodies(
      NodeProto node,
      int at,
      GraphPlace place,
      Map<GraphPlace, Map<Integer, ConvLayer>> places,
      Map<ConvLayer, StagedWeights> layers) {
    NodeProto.Builder changed = null;
    for (int i = 0; i < node.getAttributeCount(); i++) {
      GraphPlace body = place.inside(at, i);
      if (places.keySet().stream().anyMatch(body::holds)) {
        changed = changed == null ? node.toBuilder() : changed;
        GraphProto inner = node.getAttribute(i).getG();
        GraphProto.Builder to = inner.toBuilder().clearNode();
        editNodes(inner, body, to, places, layers);
        changed.getAttributeBuilder(i).setG(to);
      }
    }
    return changed == null ? node : changed.build();
  }

  private void write(ConvLayer layer, StagedWeights weights, GraphProto.Builder to) {
    CodedWeights coded = weights.weights();
    boolean hasKernel = coded.isSigns() && (coded.stages() == 1 || form == Form.STAGES);
    // Kernels read their weights when they are made; inside a body, ONNX Runtime does not show them
    // constants of the main graph.
    if (form != Form.DECODED && hasKernel && layer.place().isMain()) {
      writeStages(layer, coded.convolutions(), coded, weights.bias());
    } else if (nativeStages.contains(layer.name())) {
      writeStagedConv(layer, coded, weights.bias());
    } else {
      writeConv(layer, coded, weights.bias(), to);
    }
  }

  /**
   * Writes a Conv that reads the sum of the stages. The weights are in the main graph, where they
   * are decoded once, however often a body runs.
   */
  private void writeConv(ConvLayer layer, CodedWeights coded, float[] bias, GraphProto.Builder to) {
    String node = free(layer.name(), false);
    String weight = decoded.get(coded);
    if (weight == null) {
      weight = node + WEIGHTS;
      decoded.put(coded, weight);
      if (form == Form.DECODED) {
        edited.addInitializer(OnnxProtos.tensor(weight, coded.toDense(), coded.shape()));
      } else {
        WeightsFunction.write(edited, weight, coded);
      }
    }
    edited.addInitializer(OnnxProtos.tensor(node + "/bias", bias, bias.length));
    to.addNode(
        layer
            .conv()
            .setName(node)
            .addAllInput(List.of(layer.input(), weight, node + "/bias"))
            .addOutput(layer.output()));
  }

  /** Writes one convolution that adds its stages itself. */
  private void writeStagedConv(ConvLayer layer, CodedWeights coded, float[] bias) {
    String node = free(layer.name(), false);
    GraphProto.Builder part = GraphProto.newBuilder();
    SubBitNodes.stagedConv(part, node, layer.input(), coded, layer.attributes(), bias);
    NodeProto conv = part.getNode(0).toBuilder().setOutput(0, layer.output()).build();
    NodeProto first = written.containsKey(coded) ? written.get(coded).get(0) : null;
    edited.addNode(withWeights(conv, first, part.getInitializerList()));
    written.putIfAbsent(coded, List.of(conv));
  }

  /**
   * Adds the tensors of a convolution; where another one has the same weights, it reads those of
   * that one in their place, and only its bias is its own.
   */
  private NodeProto withWeights(NodeProto conv, NodeProto first, List<TensorProto> tensors) {
    NodeProto.Builder reading = conv.toBuilder();
    for (TensorProto tensor : tensors) {
      int input = conv.getInputList().indexOf(tensor.getName());
      if (first != null && input != BIAS) {
        reading.setInput(input, first.getInput(input));
      } else {
        edited.addInitializer(tensor);
      }
    }
    return reading.build();
  }

  /** Writes a convolution for each stage, and their sum. */
  private void writeStages(
      ConvLayer layer, List<PackedConvWeights> stages, CodedWeights coded, float[] bias) {
    String sum = "";
    List<NodeProto> nodesOfStages = new ArrayList<>();
    for (int s = 0; s < stages.size(); s++) {
      boolean only = stages.size() == 1;
      String node = free(only ? layer.name() : layer.name() + "/stage" + (s + 1), !only);
      GraphProto.Builder part = GraphProto.newBuilder();
      SubBitNodes.conv(
          part, node, layer.input(), stages.get(s), layer.attributes(), s == 0 ? bias : null);
      String output = only ? layer.output() : node;
      NodeProto conv = part.getNode(0).toBuilder().setOutput(0, output).build();
      NodeProto first = written.containsKey(coded) ? written.get(coded).get(s) : null;
      edited.addNode(withWeights(conv, first, part.getInitializerList()));
      nodesOfStages.add(conv);
      if (s == 0) {
        sum = output;
      } else {
        boolean last = s == stages.size() - 1;
        String name = free(layer.name() + "/sum" + (s + 1), true);
        String total = last ? layer.output() : name;
        edited.addNode(
            NodeProto.newBuilder()
                .setName(name)
                .setOpType("Add")
                .addInput(sum)
                .addInput(output)
                .addOutput(total));
        sum = total;
      }
    }
    written.putIfAbsent(coded, nodesOfStages);
  }

  /** A name for a node, and for the values that are named after it. */
  private String free(String wanted, boolean namesItsOutput) {
    String name = GraphNames.free(wanted, candidate -> !isFree(candidate, namesItsOutput));
    nodes.add(name);
    return name;
  }

  private boolean isFree(String name, boolean namesItsOutput) {
    return !nodes.contains(name)
        && !(namesItsOutput && names.contains(name))
        && TENSORS.stream().noneMatch(tensor -> names.contains(name + tensor));
  }
}
