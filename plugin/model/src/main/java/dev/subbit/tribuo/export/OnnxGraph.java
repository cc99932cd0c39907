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

  private String initializer(TensorProto tensor) {
    proto.addInitializer(tensor);
    return tensor.getName();
  }

  /**
   * A value with one entry per image in the dimension {@code batch}, followed by the given shape.
   */
  static ValueInfoProto value(String name, DataType type, NodeShape shape) {
    ValueInfoProto.Builder value =
        (shape.isVector()
                ? OnnxProtos.value(name, type, 0, shape.channels())
                : OnnxProtos.value(name, type, 0, shape.channels(), shape.height(), shape.width()))
            .toBuilder();
    value
        .getTypeBuilder()
        .getTensorTypeBuilder()
        .getShapeBuilder()
        .getDimBuilder(0)
        .setDimParam("batch");
    return value.build();
  }
}
