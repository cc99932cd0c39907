package dev.subbit.tribuo.quantizer.graph;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.onnx.proto.OnnxMl.TensorProto;
import dev.subbit.onnx.OnnxProtos;
import dev.subbit.onnx.graph.TinyGraph;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class GraphSessionTest {

  private static Feed.Tensor floats(float[] values, long... shape) {
    return Feed.Tensor.of(new FloatArray(shape, values));
  }

  private static TinyGraph doubled() {
    return new TinyGraph().input("x", 0, 2).node("Add", List.of("x", "x"), "y").output("y");
  }

  @Test
  void givesAllNumbersAsFloatsInTheModelsOrder() {
    TinyGraph graph = doubled().node("Neg", List.of("x"), "a").node("Shape", List.of("x"), "shape");
    graph.builder().addOutput(OnnxProtos.valueOfAnyShape("shape", TensorProto.DataType.INT64));
    graph.output("a");
    try (GraphSession session = new GraphSession(graph.model())) {
      Map<String, FloatArray> outputs =
          session.run(new Feed(Map.of("x", floats(new float[] {1, 2}, 1, 2))));
      assertEquals(List.of("y", "shape", "a"), List.copyOf(outputs.keySet()));
      assertArrayEquals(new float[] {2, 4}, outputs.get("y").values());
      assertArrayEquals(new long[] {1, 2}, outputs.get("y").shape());
      assertArrayEquals(new float[] {1, 2}, outputs.get("shape").values());
      assertTrue(session.isDiscrete("shape"));
      assertFalse(session.isDiscrete("y"));
      assertArrayEquals(new float[] {-1, -2}, outputs.get("a").values());
    }
  }

  @Test
  void valuesThatTheModelDoesNotTakeArePassedOver() {
    try (GraphSession session = new GraphSession(doubled().model())) {
      Feed feed =
          new Feed(
              Map.of("x", floats(new float[] {3, 4}, 1, 2), "other", floats(new float[] {1}, 1)));
      assertArrayEquals(new float[] {6, 8}, session.run(feed).get("y").values());
    }
  }

  @Test
  void aFeedMayBeUsedAgain() {
    Feed feed = new Feed(Map.of("x", floats(new float[] {3, 4}, 1, 2)));
    try (GraphSession session = new GraphSession(doubled().model())) {
      session.run(feed);
      assertArrayEquals(new float[] {6, 8}, session.run(feed).get("y").values());
    }
  }

  @Test
  void sizesAreThoseOfImagesAsFarAsTheyAreFixed() {
    TinyGraph graph =
        new TinyGraph()
            .input("x", 0, 1, 9, 0)
            .filled("w", 1, 1, 1, 3, 3)
            .node("Conv", List.of("x", "w"), "c")
            .node("Flatten", List.of("c"), "flat")
            .output("flat");
    Map<String, long[]> sizes = GraphSession.sizes(graph.model(), List.of("x", "c", "flat"));
    assertEquals(2, sizes.size(), "a matrix has no size of an image");
    assertEquals(9, sizes.get("x")[0]);
    assertTrue(sizes.get("x")[1] < 1, "open");
    assertEquals(7, sizes.get("c")[0]);
    assertEquals(Map.of(), GraphSession.sizes(graph.model(), List.of()));
  }

  @Test
  void whatOnnxRuntimeRefusesIsSaidInItsWords() {
    TinyGraph unknown =
        new TinyGraph().input("x", 1).node("NoSuchOperator", List.of("x"), "y").output("y");
    String message =
        assertThrows(IllegalArgumentException.class, () -> new GraphSession(unknown.model()))
            .getMessage();
    assertTrue(message.startsWith("ONNX Runtime cannot load the model"), message);
    assertTrue(message.contains("NoSuchOperator"), message);
    try (GraphSession session = new GraphSession(doubled().model())) {
      Feed wrong = new Feed(Map.of("x", floats(new float[3], 1, 3)));
      message = assertThrows(IllegalArgumentException.class, () -> session.run(wrong)).getMessage();
      assertTrue(message.startsWith("The model fails on the calibration inputs"), message);
    }
  }
}
