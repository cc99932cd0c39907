package dev.subbit.onnx.graph;

import ai.onnx.proto.OnnxMl.AttributeProto;
import ai.onnx.proto.OnnxMl.FunctionProto;
import ai.onnx.proto.OnnxMl.GraphProto;
import ai.onnx.proto.OnnxMl.NodeProto;
import ai.onnx.proto.OnnxMl.SparseTensorProto;
import ai.onnx.proto.OnnxMl.TensorProto;
import ai.onnx.proto.OnnxMl.ValueInfoProto;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Expands one call of a function into nodes: its body with the caller's inputs, outputs and
 * attributes in place of the formal ones, and a prefix before all other names.
 */
final class FunctionCall {

  private final FunctionProto function;
  private final NodeProto caller;
  private final String prefix;
  private final Map<String, String> renamed = new HashMap<>();
  private final Map<String, AttributeProto> attributes = new HashMap<>();
  private final List<NodeProto> nodes = new ArrayList<>();

  /**
   * Makes the nodes.
   *
   * @param function the function.
   * @param caller a node that calls it, with no more inputs and outputs than the function has.
   * @param prefix what names begin with that are the function's own.
   */
  FunctionCall(FunctionProto function, NodeProto caller, String prefix) {
    this.function = function;
    this.caller = caller;
    this.prefix = prefix;
    for (int i = 0; i < function.getInputCount(); i++) {
      renamed.put(function.getInput(i), i < caller.getInputCount() ? caller.getInput(i) : "");
    }
    function
        .getAttributeProtoList()
        .forEach(attribute -> attributes.put(attribute.getName(), attribute));
    caller.getAttributeList().forEach(attribute -> attributes.put(attribute.getName(), attribute));
    List<NodeProto> passedOn = nameOutputs();
    function.getNodeList().forEach(node -> nodes.add(instance(node)));
    nodes.addAll(passedOn);
  }

  List<NodeProto> nodes() {
    return nodes;
  }

  /** Gives outputs the caller's names; an input that is an output too is copied to it. */
  private List<NodeProto> nameOutputs() {
    List<NodeProto> copies = new ArrayList<>();
    Set<String> inputs = new HashSet<>(function.getInputList());
    for (int i = 0; i < caller.getOutputCount(); i++) {
      String formal = function.getOutput(i);
      String actual = caller.getOutput(i);
      if (!actual.isEmpty() && (inputs.contains(formal) || renamed.containsKey(formal))) {
        copies.add(
            NodeProto.newBuilder()
                .setName(prefix + "output" + i)
                .setOpType("Identity")
                .addInput(renamed.get(formal))
                .addOutput(actual)
                .build());
      } else if (!actual.isEmpty()) {
        renamed.put(formal, actual);
      }
    }
    return copies;
  }

  private String name(String name) {
    return name.isEmpty() ? name : renamed.computeIfAbsent(name, own -> prefix + own);
  }

  private NodeProto instance(NodeProto node) {
    NodeProto.Builder copy = node.toBuilder().clearInput().clearOutput();
    if (!node.getName().isEmpty()) {
      copy.setName(prefix + node.getName());
    }
    node.getInputList().forEach(input -> copy.addInput(name(input)));
    node.getOutputList().forEach(output -> copy.addOutput(name(output)));
    copy.clearAttribute();
    for (AttributeProto attribute : node.getAttributeList()) {
      if (attribute.getRefAttrName().isEmpty()) {
        copy.addAttribute(instance(attribute));
      } else if (attributes.containsKey(attribute.getRefAttrName())) {
        copy.addAttribute(
            attributes.get(attribute.getRefAttrName()).toBuilder().setName(attribute.getName()));
      }
    }
    return copy.build();
  }

  private AttributeProto instance(AttributeProto attribute) {
    AttributeProto.Builder copy = attribute.toBuilder();
    if (attribute.hasG()) {
      copy.setG(instance(attribute.getG()));
    }
    for (int i = 0; i < attribute.getGraphsCount(); i++) {
      copy.setGraphs(i, instance(attribute.getGraphs(i)));
    }
    return copy.build();
  }

  private GraphProto instance(GraphProto graph) {
    GraphProto.Builder copy = graph.toBuilder().clearNode().clearValueInfo();
    graph.getNodeList().forEach(node -> copy.addNode(instance(node)));
    for (TensorProto.Builder tensor : copy.getInitializerBuilderList()) {
      tensor.setName(name(tensor.getName()));
    }
    for (SparseTensorProto.Builder tensor : copy.getSparseInitializerBuilderList()) {
      tensor.getValuesBuilder().setName(name(tensor.getValues().getName()));
    }
    for (ValueInfoProto.Builder input : copy.getInputBuilderList()) {
      input.setName(name(input.getName()));
    }
    for (ValueInfoProto.Builder output : copy.getOutputBuilderList()) {
      output.setName(name(output.getName()));
    }
    return copy.build();
  }
}
