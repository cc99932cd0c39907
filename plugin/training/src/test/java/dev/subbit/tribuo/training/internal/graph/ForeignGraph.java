package dev.subbit.tribuo.training.internal.graph;

import ai.onnx.proto.OnnxMl.AttributeProto;
import ai.onnx.proto.OnnxMl.GraphProto;
import ai.onnx.proto.OnnxMl.ModelProto;
import ai.onnx.proto.OnnxMl.NodeProto;
import ai.onnx.proto.OnnxMl.TensorProto;
import dev.subbit.onnx.OnnxProtos;
import dev.subbit.tribuo.quantizer.graph.Feed;
import dev.subbit.tribuo.quantizer.graph.FloatArray;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;

/** Writes small float models as a foreign tool would. */
public final class ForeignGraph {

  private final GraphProto.Builder graph = GraphProto.newBuilder().setName("foreign");
  private final SplittableRandom rng;
  private long opset = 18;
  private int nodes;

  public ForeignGraph(long seed) {
    rng = new SplittableRandom(seed);
  }

  public ForeignGraph opset(long version) {
    opset = version;
    return this;
  }

  /** An input {@code x}. */
  public ForeignGraph input(long... shape) {
    graph.addInput(OnnxProtos.value("x", TensorProto.DataType.FLOAT, shape));
    return this;
  }

  public static float[] numbers(SplittableRandom rng, int count, double least, double most) {
    float[] numbers = new float[count];
    for (int i = 0; i < count; i++) {
      numbers[i] = (float) (least + (most - least) * rng.nextDouble());
    }
    return numbers;
  }

  /** An initializer of random numbers. */
  public String tensor(String name, double least, double most, long... shape) {
    int count = 1;
    for (long size : shape) {
      count *= (int) size;
    }
    graph.addInitializer(OnnxProtos.tensor(name, numbers(rng, count, least, most), shape));
    return name;
  }

  public String constant(String name, long... numbers) {
    graph.addInitializer(OnnxProtos.tensor(name, numbers, numbers.length));
    return name;
  }

  public String constant(String name, float[] numbers, long... shape) {
    graph.addInitializer(OnnxProtos.tensor(name, numbers, shape));
    return name;
  }

  /** A node with one output. */
  public String node(String operator, List<String> inputs, AttributeProto... attributes) {
    String output = "v" + nodes++;
    node(operator, inputs, List.of(output), attributes);
    return output;
  }

  public void node(
      String operator, List<String> inputs, List<String> outputs, AttributeProto... attributes) {
    graph.addNode(
        NodeProto.newBuilder()
            .setName(operator + "_" + outputs.get(0))
            .setOpType(operator)
            .addAllInput(inputs)
            .addAllOutput(outputs)
            .addAllAttribute(List.of(attributes)));
  }

  /** A 3x3 convolution with padding, and weights of usual size. */
  public String conv(String x, int out, int in) {
    double size = Math.sqrt(3.0 / (9 * in));
    String w = tensor("w" + nodes, -2 * size, 2 * size, out, in, 3, 3);
    String b = tensor("b" + nodes, -0.3, 0.3, out);
    return node("Conv", List.of(x, w, b), OnnxProtos.attribute("pads", 1, 1, 1, 1));
  }

  public GraphProto.Builder graph() {
    return graph;
  }

  public ModelProto model(String... outputs) {
    for (String output : outputs) {
      graph.addOutput(OnnxProtos.valueOfAnyShape(output, TensorProto.DataType.FLOAT));
    }
    ModelProto.Builder model = ModelProto.newBuilder().setIrVersion(8).setGraph(graph);
    model.addOpsetImportBuilder().setVersion(opset);
    return model.build();
  }

  /** Random numbers for the input {@code x}. */
  public static Feed feed(long seed, double least, double most, long... shape) {
    int count = 1;
    for (long size : shape) {
      count *= (int) size;
    }
    return feed(shape, numbers(new SplittableRandom(seed), count, least, most));
  }

  public static Feed feed(long[] shape, float[] numbers) {
    return new Feed(Map.of("x", Feed.Tensor.of(new FloatArray(shape, numbers))));
  }
}
