package dev.subbit.onnx.graph;

import ai.onnx.proto.OnnxMl.AttributeProto;
import ai.onnx.proto.OnnxMl.GraphProto;
import ai.onnx.proto.OnnxMl.NodeProto;
import java.util.HashSet;
import java.util.Set;
import java.util.function.Predicate;

/** Names in a graph, and names that are still free. */
public final class GraphNames {

  private GraphNames() {}

  /**
   * Collects the names of a graph's nodes and values, read or written, with those of the graphs
   * inside its nodes.
   *
   * @param graph the graph.
   * @return the names.
   */
  public static Set<String> of(GraphProto graph) {
    Set<String> names = new HashSet<>();
    add(graph, names);
    return names;
  }

  private static void add(GraphProto graph, Set<String> names) {
    graph.getInitializerList().forEach(tensor -> names.add(tensor.getName()));
    graph
        .getSparseInitializerList()
        .forEach(
            tensor -> {
              names.add(tensor.getValues().getName());
              names.add(tensor.getIndices().getName());
            });
    graph.getInputList().forEach(input -> names.add(input.getName()));
    graph.getOutputList().forEach(output -> names.add(output.getName()));
    graph.getValueInfoList().forEach(value -> names.add(value.getName()));
    for (NodeProto node : graph.getNodeList()) {
      names.add(node.getName());
      names.addAll(node.getInputList());
      names.addAll(node.getOutputList());
      for (AttributeProto attribute : node.getAttributeList()) {
        if (attribute.hasG()) {
          add(attribute.getG(), names);
        }
        attribute.getGraphsList().forEach(inner -> add(inner, names));
      }
    }
  }

  /**
   * Finds a name that is free.
   *
   * @param wanted the name.
   * @param taken whether a name is taken.
   * @return the wanted name, with a number behind it where it is taken.
   */
  public static String free(String wanted, Predicate<String> taken) {
    String name = wanted;
    for (int i = 2; taken.test(name); i++) {
      name = wanted + "_" + i;
    }
    return name;
  }
}
