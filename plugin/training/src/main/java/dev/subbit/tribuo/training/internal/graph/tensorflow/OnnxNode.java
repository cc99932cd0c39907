package dev.subbit.tribuo.training.internal.graph.tensorflow;

import ai.onnx.proto.OnnxMl.AttributeProto;
import ai.onnx.proto.OnnxMl.NodeProto;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * A node whose attributes are read one by one. What is not read is not understood, and is refused
 * in the end, so that no attribute is ignored silently.
 */
final class OnnxNode {

  private final NodeProto node;
  private final long opset;
  private final Set<String> read = new HashSet<>();

  OnnxNode(NodeProto node, long opset) {
    this.node = node;
    this.opset = opset;
  }

  /** Version of the standard operator set that the node is written in. */
  long opset() {
    return opset;
  }

  /** Name of the operator; with its domain unless that is the standard one. */
  String operator() {
    return node.getDomain().isEmpty() || node.getDomain().equals("ai.onnx")
        ? node.getOpType()
        : node.getDomain() + "::" + node.getOpType();
  }

  /** Name of an input; empty if it is left out. */
  String input(int position) {
    return position < node.getInputCount() ? node.getInput(position) : "";
  }

  boolean hasInput(int position) {
    return !input(position).isEmpty();
  }

  List<String> inputs() {
    return node.getInputList();
  }

  String output(int position) {
    return node.getOutput(position);
  }

  int outputs() {
    return node.getOutputCount();
  }

  /** Refuses a node of which more than the first output is wanted. */
  void requireOneOutput() {
    for (int i = 1; i < node.getOutputCount(); i++) {
      if (!node.getOutput(i).isEmpty()) {
        throw refusal("cannot be trained through where its output " + (i + 1) + " is used, too");
      }
    }
  }

  long integer(String attribute, long otherwise) {
    return find(attribute).map(AttributeProto::getI).orElse(otherwise);
  }

  float number(String attribute, float otherwise) {
    return find(attribute).map(AttributeProto::getF).orElse(otherwise);
  }

  String text(String attribute, String otherwise) {
    return find(attribute).map(found -> found.getS().toStringUtf8()).orElse(otherwise);
  }

  /** Numbers of an attribute; those given where the node lacks it. */
  long[] integers(String attribute, long... otherwise) {
    return find(attribute)
        .map(found -> found.getIntsList().stream().mapToLong(Long::longValue).toArray())
        .orElse(otherwise);
  }

  boolean has(String attribute) {
    return find(attribute).isPresent();
  }

  /** Accepts an attribute that does not matter for training. */
  void ignore(String attribute) {
    read.add(attribute);
  }

  /** Refuses any value of an attribute but one. */
  void requireInteger(String attribute, long only) {
    long found = integer(attribute, only);
    if (found != only) {
      throw refusal(attribute, "" + found, "" + only);
    }
  }

  /** Refuses the attributes that nobody asked for. */
  void requireAllRead() {
    for (AttributeProto attribute : node.getAttributeList()) {
      if (!read.contains(attribute.getName())) {
        throw refusal("has the attribute '" + attribute.getName() + "', which is not supported");
      }
    }
  }

  private Optional<AttributeProto> find(String attribute) {
    read.add(attribute);
    return node.getAttributeList().stream()
        .filter(found -> found.getName().equals(attribute))
        .findFirst();
  }

  /** The error for a value of an attribute. */
  IllegalArgumentException refusal(String attribute, String found, String supported) {
    return refusal(
        "has "
            + attribute
            + "="
            + found
            + ", which cannot be trained through; supported: "
            + supported);
  }

  /** The error for this node. */
  IllegalArgumentException refusal(String what) {
    String name = node.getName().isEmpty() ? node.getOutput(0) : node.getName();
    return new IllegalArgumentException("Node '" + name + "' (" + operator() + ") " + what);
  }
}
