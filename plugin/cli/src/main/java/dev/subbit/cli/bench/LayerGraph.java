package dev.subbit.cli.bench;

import ai.onnx.proto.OnnxMl.GraphProto;
import ai.onnx.proto.OnnxMl.ModelProto;
import ai.onnx.proto.OnnxMl.NodeProto;
import ai.onnx.proto.OnnxMl.TensorProto.DataType;
import dev.subbit.onnx.OnnxProtos;
import dev.subbit.onnx.SubBitModels;
import java.util.List;

/** The graph of a model to measure, under construction. */
final class LayerGraph {

  private final GraphProto.Builder graph = GraphProto.newBuilder().setName("bench");

  /** The graph so far, to add to directly. */
  GraphProto.Builder proto() {
    return graph;
  }

  /** Adds an input of the graph; returns its name. */
  String input(String name, DataType type, long... shape) {
    graph.addInput(OnnxProtos.value(name, type, shape));
    return name;
  }

  /** Makes a value an output of the graph. */
  void output(String name, DataType type, long... shape) {
    graph.addOutput(OnnxProtos.value(name, type, shape));
  }

  /** Adds a float initializer; returns its name. */
  String floats(String name, float[] values, long... shape) {
    graph.addInitializer(OnnxProtos.tensor(name, values, shape));
    return name;
  }

  /** Adds an initializer of 8-bit values; returns its name. */
  String bytes(String name, DataType type, byte[] values, long... shape) {
    graph.addInitializer(OnnxProtos.tensor(name, type, values, shape));
    return name;
  }

  /** Adds a standard 3x3 convolution of stride 1 and padding 1; returns its output. */
  String conv(String name, String opType, String... inputs) {
    graph.addNode(
        NodeProto.newBuilder()
            .setName(name)
            .setOpType(opType)
            .addAllInput(List.of(inputs))
            .addOutput(name)
            .addAttribute(OnnxProtos.attribute("kernel_shape", 3, 3))
            .addAttribute(OnnxProtos.attribute("pads", 1, 1, 1, 1)));
    return name;
  }

  /** Adds a QuantizeLinear or DequantizeLinear; returns its output. */
  String rescaled(String name, String opType, int axis, String... inputs) {
    graph.addNode(
        NodeProto.newBuilder()
            .setName(name)
            .setOpType(opType)
            .addAllInput(List.of(inputs))
            .addOutput(name)
            .addAttribute(OnnxProtos.attribute("axis", axis)));
    return name;
  }

  /** The model. */
  ModelProto model() {
    return SubBitModels.ofGraph(graph.build());
  }
}
