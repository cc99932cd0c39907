package dev.subbit.tribuo.quantizer;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.onnx.proto.OnnxMl.ModelProto;
import dev.subbit.onnx.OnnxProtos;
import dev.subbit.onnx.graph.TinyGraph;
import dev.subbit.tribuo.quantizer.fit.Codewords;
import dev.subbit.tribuo.quantizer.graph.ConvLayer;
import dev.subbit.tribuo.quantizer.graph.ConvScan;
import dev.subbit.tribuo.quantizer.graph.Feed;
import dev.subbit.tribuo.quantizer.graph.FloatArray;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** Ratios of layers in models that are small enough to be computed by hand. */
class LayerSignalsTest {

  /** Two layers of one pixel and 1x1 kernels, the second behind the first. */
  private static ModelProto model(float first, float second) {
    return new TinyGraph()
        .input("x", 2, 1, 1, 2)
        .filled("w", first, 1, 1, 1, 1)
        .filled("v", second, 2, 1, 1, 1)
        .node("Conv", List.of("x", "w"), "a", OnnxProtos.attribute("kernel_shape", 1, 1))
        .node("Conv", List.of("a", "v"), "y", OnnxProtos.attribute("kernel_shape", 1, 1))
        .output("y")
        .model();
  }

  private static Map<String, Double> signals(ModelProto quantized, float... values) {
    ModelProto exact = model(2, 3);
    List<ConvLayer> layers = ConvScan.of(exact, names -> Map.of(), Codewords.INT8).layers();
    Feed feed =
        new Feed(Map.of("x", Feed.Tensor.of(new FloatArray(new long[] {2, 1, 1, 2}, values))));
    return LayerSignals.of(exact, quantized, layers, List.of(feed, feed));
  }

  @Test
  void isVarianceOverSquaredErrorWithAllLayersBeforeQuantized() {
    Map<String, Double> signals = signals(model(2.2f, 3), 1, -1, 1, -1);
    // Values are 2 and -2, off by 0.2: a hundredth of the variance, in both layers.
    assertEquals(20, signals.get("a"), 1e-3);
    assertEquals(20, signals.get("y"), 1e-3);
    signals = signals(model(2, 3.3f), 1, -1, 1, -1);
    assertEquals(Double.POSITIVE_INFINITY, signals.get("a"));
    assertEquals(20, signals.get("y"), 1e-3);
  }

  @Test
  void meansOfChannelsAreNoSignal() {
    // 5 and 7 vary by 1 around 6: the variance is that of 1 and -1, and the error is of 10 and 14.
    Map<String, Double> signals = signals(model(2.2f, 3), 5, 7, 5, 7);
    double squared = (1 + 1.4 * 1.4) / 2;
    assertEquals(10 * Math.log10(4 / squared), signals.get("a"), 1e-3);
  }

  @Test
  void whatNeverVariesHasNoRatio() {
    assertTrue(Double.isNaN(signals(model(2.2f, 3), 1, 1, 1, 1).get("a")));
  }
}
