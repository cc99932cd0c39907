package dev.subbit.tribuo.quantizer.graph;

import ai.onnx.proto.OnnxMl.GraphProto;
import ai.onnx.proto.OnnxMl.GraphProtoOrBuilder;
import ai.onnx.proto.OnnxMl.ModelProto;
import ai.onnx.proto.OnnxMl.NodeProto;
import ai.onnx.proto.OnnxMl.TensorProto;
import ai.onnx.proto.OnnxMl.ValueInfoProto;
import dev.subbit.onnx.PackedConvWeights;
import dev.subbit.onnx.SubBitModels;
import dev.subbit.onnx.SubBitNodes;
import dev.subbit.tribuo.quantizer.fit.StagedWeights;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;

/** Puts sub-bit convolutions in place of float ones. All other nodes stay as they are, in order. */
public final class GraphEdits {

  private static final List<String> TENSORS = List.of("/index", "/codebook", "/scale", "/bias");

  private final GraphProto graph;
  private final Set<String> values = new HashSet<>();
  private final Set<String> nodes = new HashSet<>();
  private final GraphProto.Builder edited;

  private GraphEdits(GraphProto graph) {
    this.graph = graph;
    this.edited = graph.toBuilder().clearNode();
    graph.getInitializerList().forEach(tensor -> values.add(tensor.getName()));
    graph.getInputList().forEach(input -> values.add(input.getName()));
    graph.getNodeList().forEach(node -> values.addAll(node.getOutputList()));
  }

  /**
   * Replaces layers.
   *
   * @param model the model that the layers were found in, as {@link OperatorSets#upgrade} gives it.
   * @param layers what to replace, and by what.
   * @return the model with the operators' functions; weights that nothing reads any more are gone.
   */
  public static ModelProto replace(ModelProto model, Map<ConvLayer, StagedWeights> layers) {
    if (layers.isEmpty()) {
      return model;
    }
    GraphProto edited = new GraphEdits(model.getGraph()).edit(layers);
    return SubBitModels.withOperators(model.toBuilder().setGraph(edited)).build();
  }

  private GraphProto edit(Map<ConvLayer, StagedWeights> layers) {
    Map<Integer, ConvLayer> byNode = new HashMap<>();
    Set<Integer> dropped = new HashSet<>();
    for (ConvLayer layer : layers.keySet()) {
      byNode.put(layer.node(), layer);
      dropped.add(layer.normNode());
    }
    for (int i = 0; i < graph.getNodeCount(); i++) {
      if (!byNode.containsKey(i)) {
        nodes.add(graph.getNode(i).getName());
      }
    }
    for (int i = 0; i < graph.getNodeCount(); i++) {
      ConvLayer layer = byNode.get(i);
      if (layer != null) {
        write(layer, layers.get(layer));
      } else if (!dropped.contains(i)) {
        edited.addNode(graph.getNode(i));
      }
    }
    Set<String> before = reads(graph);
    removeUnread(before);
    return edited.build();
  }

  private void write(ConvLayer layer, StagedWeights weights) {
    List<PackedConvWeights> stages = weights.stages();
    String sum = "";
    for (int s = 0; s < stages.size(); s++) {
      boolean only = stages.size() == 1;
      String node = free(only ? layer.name() : layer.name() + "/stage" + (s + 1), !only);
      GraphProto.Builder part = GraphProto.newBuilder();
      SubBitNodes.conv(
          part,
          node,
          layer.input(),
          stages.get(s),
          layer.attributes(),
          s == 0 ? weights.bias() : null);
      edited.addAllInitializer(part.getInitializerList());
      String output = only ? layer.output() : node;
      edited.addNode(part.getNodeBuilder(0).setOutput(0, output));
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
  }

  /** A name for a node, and for the values that are named after it. */
  private String free(String wanted, boolean namesItsOutput) {
    String name = wanted;
    for (int i = 2; !isFree(name, namesItsOutput); i++) {
      name = wanted + "_" + i;
    }
    nodes.add(name);
    return name;
  }

  private boolean isFree(String name, boolean namesItsOutput) {
    return !nodes.contains(name)
        && !(namesItsOutput && values.contains(name))
        && TENSORS.stream().noneMatch(tensor -> values.contains(name + tensor));
  }

  private static Set<String> reads(GraphProtoOrBuilder graph) {
    Set<String> reads = new HashSet<>();
    graph.getNodeList().forEach(node -> GraphIndex.addReads(node, reads));
    graph.getOutputList().forEach(output -> reads.add(output.getName()));
    return reads;
  }

  /** Removes what fed the replaced nodes only: initializers, Constant and Identity nodes. */
  private void removeUnread(Set<String> before) {
    boolean changed = true;
    while (changed) {
      Set<String> reads = reads(edited);
      List<NodeProto> kept = new ArrayList<>();
      for (NodeProto node : edited.getNodeList()) {
        boolean feedsNobody =
            GraphIndex.isStandard(node)
                && (node.getOpType().equals("Constant") || node.getOpType().equals("Identity"))
                && before.containsAll(node.getOutputList())
                && node.getOutputList().stream().noneMatch(reads::contains);
        if (!feedsNobody) {
          kept.add(node);
        }
      }
      changed = kept.size() < edited.getNodeCount();
      edited.clearNode().addAllNode(kept);
    }
    Set<String> reads = reads(edited);
    Set<String> gone =
        edited.getInitializerList().stream()
            .map(TensorProto::getName)
            .filter(name -> before.contains(name) && !reads.contains(name))
            .collect(Collectors.toSet());
    List<TensorProto> tensors =
        edited.getInitializerList().stream()
            .filter(tensor -> !gone.contains(tensor.getName()))
            .toList();
    List<ValueInfoProto> inputs =
        edited.getInputList().stream().filter(input -> !gone.contains(input.getName())).toList();
    edited.clearInitializer().addAllInitializer(tensors);
    edited.clearInput().addAllInput(inputs);
    dropUnknownValues();
  }

  /** Shapes noted for values that are no longer there, as those between Conv and batch norm. */
  private void dropUnknownValues() {
    Set<String> there = new HashSet<>();
    edited.getNodeList().forEach(node -> there.addAll(node.getOutputList()));
    edited.getInitializerList().forEach(tensor -> there.add(tensor.getName()));
    List<ValueInfoProto> known =
        edited.getValueInfoList().stream().filter(info -> there.contains(info.getName())).toList();
    edited.clearValueInfo().addAllValueInfo(known);
  }
}
