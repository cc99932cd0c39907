package dev.subbit.tribuo.quantizer.graph;

import ai.onnx.proto.OnnxMl.AttributeProto;
import ai.onnx.proto.OnnxMl.GraphProto;
import ai.onnx.proto.OnnxMl.ModelProto;
import ai.onnx.proto.OnnxMl.NodeProto;
import ai.onnx.proto.OnnxMl.TensorProto;
import dev.subbit.onnx.OnnxProtos;
import dev.subbit.onnx.graph.TinyGraph;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;

/** Small models whose weights are to be stored in fewer bits. */
final class WeightKinds {

  private final SplittableRandom rng;

  WeightKinds(long seed) {
    this.rng = new SplittableRandom(seed);
  }

  float[] numbers(int count) {
    float[] numbers = new float[count];
    for (int i = 0; i < count; i++) {
      numbers[i] = (float) rng.nextGaussian();
    }
    return numbers;
  }

  /** A model with weights of the four operators that have some, and a bias too small to count. */
  ModelProto all() {
    return new TinyGraph()
        .input("x", 2, 8, 6, 6)
        .floats("c", numbers(16 * 8 * 9), 16, 8, 3, 3)
        .floats("t", numbers(16 * 8 * 4), 16, 8, 2, 2)
        .floats("g", numbers(400 * 512), 512, 400)
        .floats("m", numbers(30 * 400), 400, 30)
        .floats("small", numbers(30), 30)
        .node("Conv", List.of("x", "c"), "a")
        .node("ConvTranspose", List.of("a", "t"), "b", OnnxProtos.attribute("strides", 2, 2))
        .node("Flatten", List.of("b"), "f")
        .node("Gemm", List.of("f", "g"), "h")
        .node("MatMul", List.of("h", "m"), "i")
        .node("Add", List.of("i", "small"), "y")
        .output("y")
        .model();
  }

  /** Signal over noise in the output of such a model, in dB. */
  double decibels(ModelProto model, ModelProto stored) {
    Feed feed =
        new Feed(
            Map.of("x", Feed.Tensor.of(new FloatArray(new long[] {2, 8, 6, 6}, numbers(576)))));
    try (GraphSession wanted = new GraphSession(model);
        GraphSession given = new GraphSession(stored)) {
      float[] before = wanted.run(feed).get("y").values();
      float[] after = given.run(feed).get("y").values();
      double signal = 0;
      double noise = 0;
      for (int i = 0; i < before.length; i++) {
        signal += before[i] * before[i];
        noise += (before[i] - after[i]) * (before[i] - after[i]);
      }
      return 10 * Math.log10(signal / noise);
    }
  }

  /** A model whose weights are an input with a value for callers that give none. */
  ModelProto replaceable() {
    return new TinyGraph()
        .input("x", 1, 8, 6, 6)
        .input("c", 16, 8, 3, 3)
        .floats("c", numbers(16 * 8 * 9), 16, 8, 3, 3)
        .node("Conv", List.of("x", "c"), "y")
        .output("y")
        .model();
  }

  /** A model with Constant nodes in place of its initializers. */
  static ModelProto withConstants(ModelProto model) {
    GraphProto.Builder graph = model.getGraph().toBuilder().clearInitializer().clearNode();
    for (TensorProto tensor : model.getGraph().getInitializerList()) {
      graph.addNode(
          NodeProto.newBuilder()
              .setOpType("Constant")
              .addOutput(tensor.getName())
              .addAttribute(
                  AttributeProto.newBuilder()
                      .setName("value")
                      .setType(AttributeProto.AttributeType.TENSOR)
                      .setT(tensor)));
    }
    return model.toBuilder().setGraph(graph.addAllNode(model.getGraph().getNodeList())).build();
  }
}
