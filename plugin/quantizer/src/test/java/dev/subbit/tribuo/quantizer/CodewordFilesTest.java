package dev.subbit.tribuo.quantizer;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.onnx.proto.OnnxMl.ModelProto;
import ai.onnxruntime.OnnxJavaType;
import dev.subbit.onnx.OnnxProtos;
import dev.subbit.tribuo.quantizer.fit.Codewords;
import dev.subbit.tribuo.quantizer.fit.FitSettings;
import dev.subbit.tribuo.quantizer.graph.Feed;
import dev.subbit.tribuo.quantizer.graph.ModelInput;
import dev.subbit.tribuo.quantizer.input.Calibration;
import dev.subbit.tribuo.quantizer.input.CalibrationFeeds;
import dev.subbit.tribuo.quantizer.input.Samples;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** Files of numbers for codewords against files of signs, of networks with 1x1 and 3x3 kernels. */
class CodewordFilesTest {

  private static final int WIDTH = 48;

  private static ModelProto model(long seed) {
    GraphBuilder graph = new GraphBuilder(seed, 0, 3, 10, 10);
    String x = graph.node("Relu", List.of(graph.conv("x", WIDTH, 3, pads())));
    for (int block = 0; block < 2; block++) {
      String narrow = graph.tensor("narrow" + block, 0.3, WIDTH, WIDTH, 1, 1);
      String wide = graph.tensor("wide" + block, 0.3, 4 * WIDTH, WIDTH, 1, 1);
      x = graph.node("Relu", List.of(graph.node("Conv", List.of(x, narrow))));
      x = graph.node("Relu", List.of(graph.conv(x, WIDTH, WIDTH, pads())));
      x = graph.node("Relu", List.of(graph.node("Conv", List.of(x, wide))));
      String back = graph.tensor("back" + block, 0.2, WIDTH, 4 * WIDTH, 1, 1);
      x = graph.node("Conv", List.of(x, back));
    }
    return graph.model(13, x);
  }

  private static ai.onnx.proto.OnnxMl.AttributeProto pads() {
    return OnnxProtos.attribute("pads", 1, 1, 1, 1);
  }

  private static QuantizationResult quantize(
      ModelProto model, Codewords codewords, int stages, Rest rest) {
    Feed.Tensor tensor = GraphBuilder.feed(1, 100, 3, 10, 10).tensors().get("x");
    Calibration calibration =
        CalibrationFeeds.split(
            List.of(new ModelInput("x", OnnxJavaType.FLOAT, new long[] {-1, 3, 10, 10})),
            Map.of("x", new Samples(tensor.type(), tensor.shape(), tensor.data(), "drawn")));
    QuantizationSettings settings =
        new QuantizationSettings(
            new FitSettings(5, stages, 1, 1, codewords),
            List.of(),
            0,
            -1,
            Metric.LARGEST,
            false,
            rest,
            Optional.empty());
    return new OnnxQuantizer(settings).quantize(model, calibration, QuantizationProgress.NONE);
  }

  @Test
  void atEqualBytesNumbersComeAtLeastFourDecibelsNearer() {
    ModelProto model = model(11);
    // As in most networks of today, more than half of the weights are in 1x1 kernels.
    QuantizationResult signs = quantize(model, Codewords.SIGNS, 1, Rest.INT4);
    QuantizationResult numbers = quantize(model, Codewords.INT8, 2, Rest.INT4);
    assertTrue(signs.heldOut() && numbers.heldOut());
    assertTrue(
        numbers.model().getSerializedSize() <= signs.model().getSerializedSize(),
        numbers.model().getSerializedSize() + " and " + signs.model().getSerializedSize());
    double gain =
        numbers.outputs().get(0).getSignalToNoise() - signs.outputs().get(0).getSignalToNoise();
    assertTrue(gain >= 4, gain + " dB");
  }

  @Test
  void convolutionsOfEveryKernelAreFitted() {
    QuantizationResult numbers = quantize(model(11), Codewords.INT8, 1, Rest.FLOAT);
    assertEquals(
        List.of("3x3", "1x1", "3x3", "1x1", "1x1", "1x1", "3x3", "1x1", "1x1"),
        numbers.layers().stream().map(LayerResult::kernel).toList(),
        numbers.left()::toString);
    assertEquals(0.625, numbers.layers().get(1).bitsPerWeight(), 1e-9);
  }
}
