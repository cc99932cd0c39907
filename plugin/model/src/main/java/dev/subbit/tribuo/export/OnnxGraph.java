package dev.subbit.tribuo.export;

import ai.onnx.proto.OnnxMl.AttributeProto;
import ai.onnx.proto.OnnxMl.GraphProto;
import ai.onnx.proto.OnnxMl.NodeProto;
import ai.onnx.proto.OnnxMl.TensorProto;
import ai.onnx.proto.OnnxMl.TensorProto.DataType;
import ai.onnx.proto.OnnxMl.ValueInfoProto;
import dev.subbit.onnx.OnnxProtos;
import dev.subbit.tribuo.network.NodeShape;
import java.util.List;

/** An ONNX graph under construction: standard nodes, initializers, typed values. */
final class OnnxGraph {

  private final GraphProto.Builder proto = GraphProto.newBuilder();

  /** The graph so far, to add to directly. */
  GraphProto.Builder proto() {
    return proto;
  }

  /** Adds a node with one output of its own name; returns that name. */
  String node(String name, String opType, List<String> inputs, AttributeProto... attributes) {
    return node(name, name, opType, inputs, attributes);
  }

  /** Adds a node with one output; returns the output. */
  String node(
      String name,
      String output,
      String opType,
      List<String> inputs,
      AttributeProto... attributes) {
    proto.addNode(
        NodeProto.newBuilder()
            .setName(name)
            .setOpType(opType)
            .addAllInput(inputs)
            .addOutput(output)
            .addAllAttribute(List.of(attributes)));
    return output;
  }

  /** Adds a float initializer; returns its name. */
  String floats(String name, float[] values, long... shape) {
    return initializer(OnnxProtos.tensor(name, values, shape));
  }

  /** Adds an int64 initializer with one dimension; returns its name. */
  String longs(String name, long... values) {
    return initializer(OnnxProtos.tensor(name, values, values.length));
  }

  /** Adds a uint8 scalar; returns its name. */
  String uint8(String name, int value) {
    return initializer(OnnxProtos.tensor(name, DataType.UINT8, new byte[] {(byte) value}));
  }

  /** Declares the input: the features of some images. */
  void addInput(int features) {
    proto.addInput(value(OnnxExporter.INPUT, DataType.FLOAT, NodeShape.vector(features)));
  }

  /** Adds the output: probabilities of logits. */
  void writeProbabilities(String logits, int classes) {
    node(
        "probabilities/softmax",
        OnnxExporter.OUTPUT,
        "Softmax",
        List.of(logits),
        OnnxProtos.attribute("axis", -1));
    proto.addOutput(value(OnnxExporter.OUTPUT, DataType.FLOAT, NodeShape.vector(classes)));
  }

  /**
   * Adds an output for the float values of a node of the network. It is a tensor of its own, so
   * that no optimisation has to keep the values themselves alive.
   */
  void writeValue(String node, String tensor, NodeShape shape) {
    String output = node(OnnxExporter.valueName(node), "Identity", List.of(tensor));
    proto.addOutput(value(output, DataType.FLOAT, shape));
  }

  private String initializer(TensorProto tensor) {
    proto.addInitializer(tensor);
    return tensor.getName();
  }

  /**
   * A value with one entry per image in the dimension {@code batch}, followed by the given shape.
   */
  static ValueInfoProto value(String name, DataType type, NodeShape shape) {
    return withBatch(
        shape.isVector()
            ? OnnxProtos.value(name, type, 0, shape.channels())
            : OnnxProtos.value(name, type, 0, shape.channels(), shape.height(), shape.width()));
  }

  /** A value with one stack of maps per image in the dimension {@code batch}, channels last. */
  static ValueInfoProto channelsLast(String name, DataType type, NodeShape shape) {
    return withBatch(
        OnnxProtos.value(name, type, 0, shape.height(), shape.width(), shape.channels()));
  }

  private static ValueInfoProto withBatch(ValueInfoProto unnamed) {
    ValueInfoProto.Builder value = unnamed.toBuilder();
    value
        .getTypeBuilder()
        .getTensorTypeBuilder()
        .getShapeBuilder()
        .getDimBuilder(0)
        .setDimParam("batch");
    return value.build();
  }
}
