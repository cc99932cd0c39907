package dev.subbit.tribuo.quantizer;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.onnx.proto.OnnxMl.ModelProto;
import ai.onnxruntime.OnnxJavaType;
import dev.subbit.onnx.OnnxProtos;
import dev.subbit.tribuo.quantizer.fit.FitSettings;
import dev.subbit.tribuo.quantizer.graph.Feed;
import dev.subbit.tribuo.quantizer.graph.FloatArray;
import dev.subbit.tribuo.quantizer.graph.GraphSession;
import dev.subbit.tribuo.quantizer.graph.ModelInput;
import dev.subbit.tribuo.quantizer.input.Calibration;
import dev.subbit.tribuo.quantizer.input.CalibrationFeeds;
import dev.subbit.tribuo.quantizer.input.Samples;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Whether what is printed is what is measured later, on other data of the same kind. */
class HeldOutFiguresTest {

  private static final int CHANNELS = 12;

  /** Three layers; the last sees few places. */
  private static ModelProto model(long seed) {
    GraphBuilder graph = new GraphBuilder(seed, 0, 3, 12, 12);
    String x = graph.node("Relu", List.of(graph.conv("x", CHANNELS, 3)));
    x =
        graph.node(
            "Relu", List.of(graph.conv(x, 24, CHANNELS, OnnxProtos.attribute("strides", 2, 2))));
    return graph.model(13, graph.conv(x, 16, 24, OnnxProtos.attribute("strides", 2, 2)));
  }

  private static Feed feed(long seed, int count) {
    return GraphBuilder.feed(seed, count, 3, 12, 12);
  }

  private static Calibration calibration(int count) {
    Feed.Tensor tensor = feed(1, count).tensors().get("x");
    return CalibrationFeeds.split(
        List.of(new ModelInput("x", OnnxJavaType.FLOAT, new long[] {-1, 3, 12, 12})),
        Map.of("x", new Samples(tensor.type(), tensor.shape(), tensor.data(), "drawn")));
  }

  private static QuantizationResult quantize(ModelProto model, int count, int stages) {
    return new OnnxQuantizer(new QuantizationSettings(new FitSettings(5, stages, 3, 1), List.of()))
        .quantize(model, calibration(count), (done, all, what) -> {});
  }

  /** The ratio on 1,000 other samples. */
  private static double later(ModelProto model, ModelProto quantized) {
    Feed others = feed(99, 1000);
    OutputAgreement agreement =
        new OutputAgreement(model.getGraph().getOutput(0).getName(), false, Metric.LARGEST);
    try (GraphSession wanted = new GraphSession(model);
        GraphSession given = new GraphSession(quantized)) {
      FloatArray before = wanted.run(others).values().iterator().next();
      agreement.add(before, given.run(others).values().iterator().next(), 1000);
    }
    return agreement.getSignalToNoise();
  }

  @Test
  void theRatioIsThatOfOtherData() {
    ModelProto model = model(400);
    QuantizationResult result = quantize(model, 400, 2);
    assertTrue(result.heldOut());
    assertEquals(80, result.measured());
    assertEquals(later(model, result.model()), result.outputs().get(0).getSignalToNoise(), 1, "dB");
  }

  /** Of 20 samples a ratio is off by a decibel now and then, and says so, but to no side. */
  @Test
  void ratiosOfFewSamplesLeanToNoSide() {
    double sum = 0;
    for (int seed = 0; seed < 6; seed++) {
      ModelProto model = model(seed);
      QuantizationResult result = quantize(model, 70, 2);
      assertEquals(20, result.measured());
      OutputAgreement printed = result.outputs().get(0);
      double difference = printed.getSignalToNoise() - later(model, result.model());
      assertTrue(
          Math.abs(difference) < 2 * printed.getUncertainty(),
          "seed " + seed + ": " + difference + " dB, " + printed.getUncertainty());
      sum += difference;
    }
    assertEquals(0, sum / 6, 0.7, "dB");
  }

  /** Where no weights were fitted, no samples need to be held out. */
  @Test
  void aModelWithoutFittedLayersIsMeasuredOnAllSamples() {
    GraphBuilder graph = new GraphBuilder(5, 0, 3, 12, 12);
    String weights = graph.tensor("w", 0.5, 16, 3, 5, 5);
    ModelProto model = graph.model(13, graph.node("Conv", List.of("x", weights)));
    QuantizationSettings settings =
        new QuantizationSettings(
            new FitSettings(5, 1, 3, 1),
            List.of(),
            0,
            -1,
            Metric.LARGEST,
            true,
            Rest.INT8,
            Optional.empty());
    QuantizationResult result =
        new OnnxQuantizer(settings).quantize(model, calibration(50), (done, all, what) -> {});
    assertEquals(List.of(), result.layers());
    assertEquals(50, result.measured());
    assertTrue(result.heldOut());
    assertEquals(later(model, result.model()), result.outputs().get(0).getSignalToNoise(), 1, "dB");
  }

  @ParameterizedTest
  @ValueSource(ints = {4, 12, 40})
  void fewSamplesAreNoWorseThanNone(int count) {
    ModelProto model = model(3);
    QuantizationResult fitted = quantize(model, count, 1);
    // Inputs that never vary leave the weights nearest to the float ones.
    Feed still =
        new Feed(
            Map.of(
                "x",
                Feed.Tensor.of(new FloatArray(new long[] {1, 3, 12, 12}, new float[3 * 144]))));
    QuantizationResult plain =
        new OnnxQuantizer(new QuantizationSettings(new FitSettings(5, 1, 3, 1), List.of()))
            .quantize(model, Calibration.of(List.of(still)), (done, all, what) -> {});
    double of = later(model, fitted.model());
    double without = later(model, plain.model());
    assertTrue(of > without - 0.2, of + " dB with " + count + " samples, " + without + " without");
    LayerResult last = fitted.layers().get(2);
    assertTrue(last.hasFewPatches(), last.patches() + " patches");
  }

  @Test
  void aSingleSampleIsNotHeldOut() {
    QuantizationResult result = quantize(model(3), 1, 1);
    assertFalse(result.heldOut());
    assertEquals(1, result.measured());
  }
}
