package dev.subbit.tribuo.quantizer.graph;

import ai.onnx.proto.OnnxMl.GraphProto;
import ai.onnx.proto.OnnxMl.ModelProto;
import ai.onnx.proto.OnnxMl.NodeProto;
import ai.onnx.proto.OnnxMl.TensorProto;
import ai.onnx.proto.OnnxMl.ValueInfoProto;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** The part of a model that some of its values need, with these values for outputs. */
public final class PartialModel {

  private static final String SUFFIX = "/subbit_value";

  private PartialModel() {}

  /**
   * Name of the output that {@link #of} gives a value. A value keeps its own name inside, so that
   * the rest of the graph may be optimised as ever.
   *
   * @param value name of a value.
   * @return name of the output.
   */
  public static String outputName(String value) {
    return value + SUFFIX;
  }

  /**
   * Cuts a model down.
   *
   * @param model the model.
   * @param values names of float32 values of its graph, inputs allowed.
   * @return the model with only what these values need; all inputs stay.
   */
  public static ModelProto of(ModelProto model, List<String> values) {
    GraphProto graph = model.getGraph();
    GraphProto.Builder part = graph.toBuilder().clearNode().clearInitializer().clearOutput();
    BitSet needed = neededNodes(graph, values);
    Set<String> reads = new HashSet<>(values);
    List<NodeProto> nodes = new ArrayList<>();
    for (int i = 0; i < graph.getNodeCount(); i++) {
      if (needed.get(i)) {
        nodes.add(graph.getNode(i));
        GraphIndex.addReads(graph.getNode(i), reads);
      }
    }
    part.addAllNode(nodes);
    for (TensorProto tensor : graph.getInitializerList()) {
      if (reads.contains(tensor.getName())) {
        part.addInitializer(tensor);
      }
    }
    for (String value : values) {
      part.addNode(
          NodeProto.newBuilder()
              .setOpType("Identity")
              .addInput(value)
              .addOutput(outputName(value)));
      part.addOutput(floatValue(outputName(value)));
    }
    return model.toBuilder().setGraph(part).build();
  }

  private static BitSet neededNodes(GraphProto graph, List<String> values) {
    Map<String, Integer> producers = new HashMap<>();
    for (int i = 0; i < graph.getNodeCount(); i++) {
      for (String output : graph.getNode(i).getOutputList()) {
        producers.put(output, i);
      }
    }
    BitSet needed = new BitSet();
    Deque<String> open = new ArrayDeque<>(values);
    while (!open.isEmpty()) {
      Integer producer = producers.get(open.remove());
      if (producer != null && !needed.get(producer)) {
        needed.set(producer);
        Set<String> reads = new HashSet<>();
        GraphIndex.addReads(graph.getNode(producer), reads);
        open.addAll(reads);
      }
    }
    return needed;
  }

  private static ValueInfoProto floatValue(String name) {
    ValueInfoProto.Builder value = ValueInfoProto.newBuilder().setName(name);
    value
        .getTypeBuilder()
        .getTensorTypeBuilder()
        .setElemType(TensorProto.DataType.FLOAT.getNumber());
    return value.build();
  }
}
