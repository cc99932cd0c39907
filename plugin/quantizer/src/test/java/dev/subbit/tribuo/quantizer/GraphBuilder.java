package dev.subbit.tribuo.quantizer;

import ai.onnx.proto.OnnxMl.AttributeProto;
import ai.onnx.proto.OnnxMl.GraphProto;
import ai.onnx.proto.OnnxMl.ModelProto;
import ai.onnx.proto.OnnxMl.NodeProto;
import ai.onnx.proto.OnnxMl.TensorProto;
import ai.onnx.proto.OnnxMl.ValueInfoProto;
import ai.onnxruntime.OnnxJavaType;
import dev.subbit.onnx.OnnxProtos;
import dev.subbit.tribuo.quantizer.graph.Feed;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;

/** Writes small float models as a foreign tool would. */
final class GraphBuilder {

  private final GraphProto.Builder graph = GraphProto.newBuilder().setName("foreign");
  private final SplittableRandom rng;
  private int values;

  GraphBuilder(long seed, long... inputShape) {
    rng = new SplittableRandom(seed);
    graph.addInput(value("x", inputShape));
  }

  static ValueInfoProto value(String name, long... shape) {
    ValueInfoProto.Builder info = ValueInfoProto.newBuilder().setName(name);
    info.getTypeBuilder()
        .getTensorTypeBuilder()
        .setElemType(TensorProto.DataType.FLOAT.getNumber());
    for (long dimension : shape) {
      if (dimension > 0) {
        info.getTypeBuilder()
            .getTensorTypeBuilder()
            .getShapeBuilder()
            .addDimBuilder()
            .setDimValue(dimension);
      } else {
        info.getTypeBuilder()
            .getTensorTypeBuilder()
            .getShapeBuilder()
            .addDimBuilder()
            .setDimParam("d" + -dimension);
      }
    }
    return info.build();
  }

  GraphProto.Builder graph() {
    return graph;
  }

  float[] numbers(int count, double size) {
    float[] numbers = new float[count];
    for (int i = 0; i < count; i++) {
      numbers[i] = (float) (size * (rng.nextDouble() + rng.nextDouble() - 1));
    }
    return numbers;
  }

  /** An initializer of random numbers. */
  String tensor(String name, double size, long... shape) {
    int count = 1;
    for (long dimension : shape) {
      count *= (int) dimension;
    }
    graph.addInitializer(OnnxProtos.tensor(name, numbers(count, size), shape));
    return name;
  }

  /** A node; its output has a name of its own. */
  String node(String opType, List<String> inputs, AttributeProto... attributes) {
    String output = "v" + values++;
    graph.addNode(
        NodeProto.newBuilder()
            .setName("/" + opType + "_" + output)
            .setOpType(opType)
            .addAllInput(inputs)
            .addOutput(output)
            .addAllAttribute(List.of(attributes)));
    return output;
  }

  /** A 3x3 convolution with weights of usual size. */
  String conv(String x, int out, int in, AttributeProto... attributes) {
    String weights = tensor("w" + values, 2 / Math.sqrt(9.0 * in), out, in, 3, 3);
    String bias = tensor("b" + values, 0.5, out);
    return node("Conv", List.of(x, weights, bias), attributes);
  }

  ModelProto model(long opset, String... outputs) {
    for (String output : outputs) {
      graph.addOutput(value(output, -1, -2, -3, -4));
    }
    ModelProto.Builder model = ModelProto.newBuilder().setIrVersion(7).setGraph(graph);
    model.addOpsetImportBuilder().setVersion(opset);
    return model.build();
  }

  /** Smooth inputs, as those of real networks are. */
  static Feed feed(long seed, long... shape) {
    SplittableRandom rng = new SplittableRandom(seed);
    int count = 1;
    for (long dimension : shape) {
      count *= (int) dimension;
    }
    ByteBuffer data = ByteBuffer.allocateDirect(count * Float.BYTES).order(ByteOrder.nativeOrder());
    float last = 0;
    for (int i = 0; i < count; i++) {
      last = 0.5f * last + (float) (2 * rng.nextDouble() - 1);
      data.putFloat(last);
    }
    return new Feed(Map.of("x", new Feed.Tensor(OnnxJavaType.FLOAT, shape, data.rewind())));
  }
}
