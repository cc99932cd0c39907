package dev.subbit.tribuo.quantizer.graph;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.onnx.proto.OnnxMl.ModelProto;
import dev.subbit.onnx.OnnxProtos;
import dev.subbit.onnx.graph.TinyGraph;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class Int4WeightsTest {

  private final SplittableRandom rng = new SplittableRandom(4);

  private float[] numbers(int count) {
    float[] numbers = new float[count];
    for (int i = 0; i < count; i++) {
      numbers[i] = (float) rng.nextGaussian();
    }
    return numbers;
  }

  @Test
  void weightsOfEveryKindTakeFourAndAHalfBitsAndStayClose() {
    TinyGraph graph =
        new TinyGraph()
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
            .output("y");
    ModelProto model = graph.model();
    ModelProto stored = Int4Weights.store(model);
    assertEquals(
        4,
        stored.getGraph().getInitializerList().stream()
            .filter(tensor -> tensor.getName().endsWith("/int4"))
            .count());
    assertTrue(stored.getSerializedSize() < 0.147 * model.getSerializedSize());
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
      assertTrue(10 * Math.log10(signal / noise) > 14, signal / noise + "");
    }
  }

  @Test
  void numbersOnTheGridOfTheirGroupAreExact() {
    float[] weights = new float[40 * 10];
    for (int o = 0; o < 10; o++) {
      for (int i = 0; i < 40; i++) {
        // In a MatMul, the weights of an output stand below each other. Each group has a -8.
        int flat = o * 40 + i;
        weights[i * 10 + o] = flat % 32 == 0 ? -8 : (flat * 7) % 15 - 7;
      }
    }
    ModelProto model =
        new TinyGraph()
            .input("x", 1, 40)
            .floats("m", weights, 40, 10)
            .node("MatMul", List.of("x", "m"), "y")
            .output("y")
            .model();
    Feed feed =
        new Feed(Map.of("x", Feed.Tensor.of(new FloatArray(new long[] {1, 40}, numbers(40)))));
    try (GraphSession wanted = new GraphSession(model);
        GraphSession given = new GraphSession(Int4Weights.store(model))) {
      assertArrayEquals(
          wanted.run(feed).get("y").values(), given.run(feed).get("y").values(), 1e-4f);
    }
  }

  @Test
  void weightsTooSmallForTheirScalesStay() {
    float[] weights = numbers(400);
    for (int i = 0; i < weights.length; i++) {
      weights[i] *= 1e-6f;
    }
    ModelProto model =
        new TinyGraph()
            .input("x", 1, 40)
            .floats("m", weights, 40, 10)
            .node("MatMul", List.of("x", "m"), "y")
            .output("y")
            .model();
    assertSame(model, Int4Weights.store(model));
  }

  @Test
  void whatACallerMayReplaceStays() {
    ModelProto model =
        new TinyGraph()
            .input("x", 1, 8, 6, 6)
            .input("c", 16, 8, 3, 3)
            .floats("c", numbers(16 * 8 * 9), 16, 8, 3, 3)
            .node("Conv", List.of("x", "c"), "y")
            .output("y")
            .model();
    assertSame(model, Int4Weights.store(model));
  }
}
