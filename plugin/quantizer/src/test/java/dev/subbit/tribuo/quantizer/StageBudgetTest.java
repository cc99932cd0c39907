package dev.subbit.tribuo.quantizer;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.onnx.proto.OnnxMl.ModelProto;
import dev.subbit.onnx.OnnxProtos;
import dev.subbit.tribuo.quantizer.fit.FitSettings;
import dev.subbit.tribuo.quantizer.input.Calibration;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** Bits where they matter. */
class StageBudgetTest {

  @Test
  void stagesGoWhereTheyTakeMostNoiseOffForTheirBits() {
    // The second layer is as noisy as the first and ten times as large.
    double[][] noise = {{1, 0.5, 0.4}, {1, 0.5, 0.4}, {0.01, 0.009, 0.008}};
    List<int[]> path = StageBudget.path(new long[] {10, 100, 10}, noise);
    assertArrayEquals(new int[] {1, 1, 1}, path.get(0));
    assertArrayEquals(new int[] {2, 1, 1}, path.get(1));
    assertArrayEquals(new int[] {3, 1, 1}, path.get(2));
    assertArrayEquals(new int[] {3, 2, 1}, path.get(3));
    assertArrayEquals(new int[] {3, 3, 3}, path.get(6));
    assertEquals(7, path.size());
  }

  @Test
  void theBudgetIsNotPassed() {
    long[] weights = {10, 100, 10};
    double[][] noise = {{1, 0.5, 0.4}, {1, 0.5, 0.4}, {0.01, 0.009, 0.008}};
    List<int[]> path = StageBudget.path(weights, noise);
    assertArrayEquals(path.get(0), StageBudget.within(path, weights, 9, 1));
    assertArrayEquals(path.get(2), StageBudget.within(path, weights, 9, 1.2));
    assertArrayEquals(path.get(6), StageBudget.within(path, weights, 9, 3));
  }

  private static ModelProto model() {
    GraphBuilder graph = new GraphBuilder(3, 0, 8, 12, 12);
    String first = graph.node("Relu", List.of(graph.conv("x", 16, 8)));
    String maps = graph.conv(first, 16, 16);
    String pooled =
        graph.node(
            "AveragePool",
            List.of(maps),
            OnnxProtos.attribute("kernel_shape", 4, 4),
            OnnxProtos.attribute("strides", 4, 4));
    return graph.model(13, graph.node("Flatten", List.of(pooled)));
  }

  private static QuantizationResult quantize(double bits, double maxDrop) {
    return new OnnxQuantizer(
            new QuantizationSettings(
                new FitSettings(4, 3, 1, 1),
                List.of(),
                bits,
                maxDrop,
                Metric.LARGEST,
                true,
                Rest.FLOAT,
                Optional.empty()))
        .quantize(
            model(),
            Calibration.of(List.of(GraphBuilder.feed(2, 64, 8, 12, 12))),
            (done, all, what) -> {});
  }

  @Test
  void bitsBoundTheIndicesOfAllLayersTogether() {
    QuantizationResult result = quantize(0.9, -1);
    double bits = 0;
    double weights = 0;
    for (LayerResult layer : result.layers()) {
      int count = layer.inChannels() * layer.outChannels() * 9;
      bits += layer.bitsPerWeight() * count;
      weights += count;
      assertEquals(3, layer.noise().length);
      assertTrue(layer.noise()[0] > layer.noise()[2], "more stages, less noise");
    }
    assertTrue(bits / weights <= 0.905 && bits / weights > 0.44, bits / weights + " bits");
  }

  @Test
  void theLargestDropIsKept() {
    QuantizationResult result = quantize(0, 0.5);
    assertTrue(result.outputs().get(0).getSameLargest() >= 0.5);
    assertTrue(
        result.layers().stream().mapToInt(LayerResult::stages).sum() < 6, "fewer than allowed");
    String message =
        assertThrows(IllegalArgumentException.class, () -> quantize(0, 0)).getMessage();
    assertTrue(message.contains("allow more stages"), message);
  }

  @Test
  void boundsThatCannotBeKeptAreRefused() {
    String message =
        assertThrows(IllegalArgumentException.class, () -> quantize(0.3, -1)).getMessage();
    assertTrue(message.contains("0.44"), message);
    assertThrows(IllegalArgumentException.class, () -> quantize(1, 0.1));
    assertThrows(IllegalArgumentException.class, () -> quantize(0, 1));
  }
}
