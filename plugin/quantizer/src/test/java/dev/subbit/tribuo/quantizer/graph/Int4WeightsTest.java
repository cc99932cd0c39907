package dev.subbit.tribuo.quantizer.graph;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.onnx.proto.OnnxMl.ModelProto;
import dev.subbit.onnx.graph.TinyGraph;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class Int4WeightsTest {

  private final WeightKinds weights = new WeightKinds(4);

  @Test
  void weightsOfEveryKindTakeFourAndAHalfBitsAndStayClose() {
    ModelProto model = weights.all();
    ModelProto stored = Int4Weights.store(model);
    assertEquals(
        4,
        stored.getGraph().getInitializerList().stream()
            .filter(tensor -> tensor.getName().endsWith("/int4"))
            .count());
    assertTrue(stored.getSerializedSize() < 0.147 * model.getSerializedSize());
    double decibels = weights.decibels(model, stored);
    assertTrue(decibels > 14, decibels + " dB");
  }

  @Test
  void numbersOnTheGridOfTheirGroupAreExact() {
    float[] grid = new float[40 * 10];
    for (int o = 0; o < 10; o++) {
      for (int i = 0; i < 40; i++) {
        // In a MatMul, the weights of an output stand below each other. Each group has a -8.
        int flat = o * 40 + i;
        grid[i * 10 + o] = flat % 32 == 0 ? -8 : (flat * 7) % 15 - 7;
      }
    }
    ModelProto model =
        new TinyGraph()
            .input("x", 1, 40)
            .floats("m", grid, 40, 10)
            .node("MatMul", List.of("x", "m"), "y")
            .output("y")
            .model();
    Feed feed =
        new Feed(
            Map.of("x", Feed.Tensor.of(new FloatArray(new long[] {1, 40}, weights.numbers(40)))));
    try (GraphSession wanted = new GraphSession(model);
        GraphSession given = new GraphSession(Int4Weights.store(model))) {
      assertArrayEquals(
          wanted.run(feed).get("y").values(), given.run(feed).get("y").values(), 1e-4f);
    }
  }

  @Test
  void weightsTooSmallForTheirScalesStay() {
    float[] tiny = weights.numbers(400);
    for (int i = 0; i < tiny.length; i++) {
      tiny[i] *= 1e-6f;
    }
    ModelProto model =
        new TinyGraph()
            .input("x", 1, 40)
            .floats("m", tiny, 40, 10)
            .node("MatMul", List.of("x", "m"), "y")
            .output("y")
            .model();
    assertSame(model, Int4Weights.store(model));
  }

  @Test
  void whatACallerMayReplaceStays() {
    ModelProto model = weights.replaceable();
    assertSame(model, Int4Weights.store(model));
  }
}
