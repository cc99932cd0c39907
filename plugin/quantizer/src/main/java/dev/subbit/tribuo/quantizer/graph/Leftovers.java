package dev.subbit.tribuo.quantizer.graph;

import ai.onnx.proto.OnnxMl.GraphProto;
import ai.onnx.proto.OnnxMl.GraphProtoOrBuilder;
import ai.onnx.proto.OnnxMl.NodeProto;
import ai.onnx.proto.OnnxMl.SparseTensorProto;
import ai.onnx.proto.OnnxMl.TensorProto;
import ai.onnx.proto.OnnxMl.ValueInfoProto;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;

/** Removes what only replaced nodes had read. */
final class Leftovers {

  private Leftovers() {}

  /** The values that a graph's nodes and outputs read. */
  static Set<String> reads(GraphProtoOrBuilder graph) {
    Set<String> reads = new HashSet<>();
    graph.getNodeList().forEach(node -> GraphIndex.addReads(node, reads));
    graph.getOutputList().forEach(output -> reads.add(output.getName()));
    return reads;
  }

  /**
   * Removes initializers and nodes whose outputs were read before and are not any more. What was
   * not read before stays.
   *
   * @param graph the graph after an edit.
   * @param before what was read before it.
   */
  static void remove(GraphProto.Builder graph, Set<String> before) {
    Set<String> needed = new HashSet<>();
    graph.getOutputList().forEach(output -> needed.add(output.getName()));
    List<NodeProto> kept = new ArrayList<>();
    for (int i = graph.getNodeCount() - 1; i >= 0; i--) {
      NodeProto node = graph.getNode(i);
      boolean feedsNobody =
          node.getOutputList().stream().anyMatch(before::contains)
              && node.getOutputList().stream().noneMatch(needed::contains);
      if (!feedsNobody) {
        kept.add(node);
        GraphIndex.addReads(node, needed);
      }
    }
    Collections.reverse(kept);
    graph.clearNode().addAllNode(kept);
    Set<String> reads = reads(graph);
    Set<String> gone =
        graph.getInitializerList().stream()
            .map(TensorProto::getName)
            .filter(name -> before.contains(name) && !reads.contains(name))
            .collect(Collectors.toSet());
    List<TensorProto> tensors =
        graph.getInitializerList().stream()
            .filter(tensor -> !gone.contains(tensor.getName()))
            .toList();
    List<ValueInfoProto> inputs =
        graph.getInputList().stream().filter(input -> !gone.contains(input.getName())).toList();
    List<SparseTensorProto> sparse =
        graph.getSparseInitializerList().stream()
            .filter(
                tensor ->
                    !before.contains(tensor.getValues().getName())
                        || reads.contains(tensor.getValues().getName()))
            .toList();
    graph.clearInitializer().addAllInitializer(tensors);
    graph.clearSparseInitializer().addAllSparseInitializer(sparse);
    graph.clearInput().addAllInput(inputs);
    dropUnknownValues(graph);
  }

  /**
   * Removes noted shapes of values that no longer exist, such as those between Conv and batch norm.
   */
  private static void dropUnknownValues(GraphProto.Builder graph) {
    Set<String> there = new HashSet<>();
    graph.getNodeList().forEach(node -> there.addAll(node.getOutputList()));
    graph.getInitializerList().forEach(tensor -> there.add(tensor.getName()));
    List<ValueInfoProto> known =
        graph.getValueInfoList().stream().filter(info -> there.contains(info.getName())).toList();
    graph.clearValueInfo().addAllValueInfo(known);
  }
}
