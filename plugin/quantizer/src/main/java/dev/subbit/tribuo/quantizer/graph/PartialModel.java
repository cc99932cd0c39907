package dev.subbit.tribuo.quantizer.graph;

import ai.onnx.proto.OnnxMl.GraphProto;
import ai.onnx.proto.OnnxMl.ModelProto;
import ai.onnx.proto.OnnxMl.NodeProto;
import ai.onnx.proto.OnnxMl.TensorProto;
import ai.onnx.proto.OnnxMl.ValueInfoProto;
import dev.subbit.onnx.OnnxProtos;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** Cuts out the part of a model that some of its values need, with these values as outputs. */
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
   * Cuts a model down to what some values need.
   *
   * @param model the model.
   * @param values names of values of its graph, inputs allowed; what is not float32 is cast to it.
   * @return the model with only what these values need; all inputs stay.
   */
  public static ModelProto of(ModelProto model, List<String> values) {
    return of(model, values, Set.of());
  }

  /**
   * Cuts a model down to what some values need beyond values that are already known.
   *
   * @param model the model.
   * @param values names of values of its graph, inputs allowed; what is not float32 is cast to it.
   * @param known names of float32 values of its graph; those that are needed become inputs.
   * @return the model with only what the values need; where it needs known ones, inputs that
   *     nothing reads are gone.
   */
  public static ModelProto of(ModelProto model, List<String> values, Set<String> known) {
    GraphProto graph = model.getGraph();
    GraphProto.Builder part = graph.toBuilder().clearNode().clearInitializer().clearOutput();
    Set<String> cuts = new HashSet<>();
    BitSet needed = neededNodes(graph, values, known, cuts);
    Set<String> reads = new HashSet<>(values);
    List<NodeProto> nodes = new ArrayList<>();
    for (int i = 0; i < graph.getNodeCount(); i++) {
      if (needed.get(i)) {
        nodes.add(graph.getNode(i));
        GraphIndex.addReads(graph.getNode(i), reads);
      }
    }
    part.addAllNode(nodes);
    if (!cuts.isEmpty()) {
      part.clearInput().clearValueInfo();
      graph.getInputList().stream()
          .filter(input -> reads.contains(input.getName()))
          .forEach(part::addInput);
      cuts.stream()
          .sorted()
          .forEach(
              cut -> part.addInput(OnnxProtos.valueOfAnyShape(cut, TensorProto.DataType.FLOAT)));
    }
    for (TensorProto tensor : graph.getInitializerList()) {
      if (reads.contains(tensor.getName())) {
        part.addInitializer(tensor);
      }
    }
    for (String value : values) {
      part.addNode(
          NodeProto.newBuilder()
              .setOpType("Cast")
              .addInput(value)
              .addAttribute(OnnxProtos.attribute("to", (long) TensorProto.DataType.FLOAT_VALUE))
              .addOutput(outputName(value)));
      part.addOutput(OnnxProtos.valueOfAnyShape(outputName(value), TensorProto.DataType.FLOAT));
    }
    return model.toBuilder().setGraph(part).build();
  }

  /**
   * Cuts a model down to constants, which need no inputs.
   *
   * @param model the model.
   * @param values names of values of its graph that depend on none of its inputs.
   * @return the model with only what these values need, without inputs; the values keep their
   *     types.
   */
  static ModelProto ofConstants(ModelProto model, List<String> values) {
    ModelProto part = of(model, values);
    GraphProto.Builder graph = part.getGraph().toBuilder().clearInput().clearValueInfo();
    graph.clearOutput();
    for (NodeProto.Builder node : graph.getNodeBuilderList()) {
      if (node.getOutputCount() == 1 && node.getOutput(0).endsWith(SUFFIX)) {
        node.setOpType("Identity").clearAttribute();
        graph.addOutput(ValueInfoProto.newBuilder().setName(node.getOutput(0)));
      }
    }
    return part.toBuilder().setGraph(graph).build();
  }

  /** Adds to the cuts those known values at which the way back from the values ends. */
  private static BitSet neededNodes(
      GraphProto graph, List<String> values, Set<String> known, Set<String> cuts) {
    Map<String, Integer> producers = new HashMap<>();
    for (int i = 0; i < graph.getNodeCount(); i++) {
      for (String output : graph.getNode(i).getOutputList()) {
        producers.put(output, i);
      }
    }
    BitSet needed = new BitSet();
    Deque<String> open = new ArrayDeque<>(values);
    while (!open.isEmpty()) {
      String value = open.remove();
      Integer producer = producers.get(value);
      // A node of several outputs may be needed for another one; then it would give the value too.
      boolean cut =
          producer != null
              && known.contains(value)
              && graph.getNode(producer).getOutputCount() == 1;
      if (cut) {
        cuts.add(value);
      } else if (producer != null && !needed.get(producer)) {
        needed.set(producer);
        Set<String> reads = new HashSet<>();
        GraphIndex.addReads(graph.getNode(producer), reads);
        open.addAll(reads);
      }
    }
    return needed;
  }
}
