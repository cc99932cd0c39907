package dev.subbit.onnx.graph;

import ai.onnx.proto.OnnxMl.AttributeProto;
import ai.onnx.proto.OnnxMl.GraphProto;
import ai.onnx.proto.OnnxMl.ModelProto;
import ai.onnx.proto.OnnxMl.NodeProto;
import ai.onnx.proto.OnnxMl.TensorProto;
import dev.subbit.onnx.OnnxProtos;
import java.util.Arrays;
import java.util.List;

/** A graph written down node by node. */
public final class TinyGraph {

  private final GraphProto.Builder graph = GraphProto.newBuilder().setName("tiny");

  public TinyGraph input(String name, long... shape) {
    graph.addInput(OnnxProtos.value(name, TensorProto.DataType.FLOAT, shape));
    return this;
  }

  public TinyGraph tensor(TensorProto tensor) {
    graph.addInitializer(tensor);
    return this;
  }

  public TinyGraph floats(String name, float[] values, long... shape) {
    return tensor(OnnxProtos.tensor(name, values, shape));
  }

  /** Floats of one value each. */
  public TinyGraph filled(String name, float value, long... shape) {
    int count = 1;
    for (long dimension : shape) {
      count *= (int) dimension;
    }
    float[] values = new float[count];
    Arrays.fill(values, value);
    return floats(name, values, shape);
  }

  /** A node of the name of its output. */
  public TinyGraph node(
      String opType, List<String> inputs, String output, AttributeProto... attributes) {
    return node(nodeOf(opType, inputs, output, attributes));
  }

  public TinyGraph node(NodeProto node) {
    graph.addNode(node);
    return this;
  }

  public TinyGraph output(String name) {
    graph.addOutput(OnnxProtos.valueOfAnyShape(name, TensorProto.DataType.FLOAT));
    return this;
  }

  public GraphProto.Builder builder() {
    return graph;
  }

  public GraphProto build() {
    return graph.build();
  }

  public ModelProto model() {
    ModelProto.Builder model = ModelProto.newBuilder().setIrVersion(8).setGraph(graph);
    model.addOpsetImportBuilder().setVersion(17);
    return model.build();
  }

  public static NodeProto nodeOf(
      String opType, List<String> inputs, String output, AttributeProto... attributes) {
    return NodeProto.newBuilder()
        .setName(output)
        .setOpType(opType)
        .addAllInput(inputs)
        .addOutput(output)
        .addAllAttribute(List.of(attributes))
        .build();
  }

  /** An attribute that holds a graph. */
  public static AttributeProto subgraph(String name, GraphProto graph) {
    return AttributeProto.newBuilder()
        .setName(name)
        .setType(AttributeProto.AttributeType.GRAPH)
        .setG(graph)
        .build();
  }

  /** An attribute that holds a tensor. */
  public static AttributeProto value(TensorProto tensor) {
    return AttributeProto.newBuilder()
        .setName("value")
        .setType(AttributeProto.AttributeType.TENSOR)
        .setT(tensor)
        .build();
  }

  /** An attribute of a function's node that the caller gives. */
  public static AttributeProto reference(
      String name, String callers, AttributeProto.AttributeType type) {
    return AttributeProto.newBuilder().setName(name).setRefAttrName(callers).setType(type).build();
  }

  public static List<String> opTypes(GraphProto graph) {
    return graph.getNodeList().stream().map(NodeProto::getOpType).toList();
  }

  public static List<String> initializers(GraphProto graph) {
    return graph.getInitializerList().stream().map(TensorProto::getName).toList();
  }
}
