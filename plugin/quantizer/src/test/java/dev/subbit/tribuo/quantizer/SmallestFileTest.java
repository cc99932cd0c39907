package dev.subbit.tribuo.quantizer;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.onnx.proto.OnnxMl.ModelProto;
import ai.onnxruntime.OnnxJavaType;
import dev.subbit.tribuo.quantizer.fit.Codewords;
import dev.subbit.tribuo.quantizer.fit.FitSettings;
import dev.subbit.tribuo.quantizer.graph.Feed;
import dev.subbit.tribuo.quantizer.graph.GraphSession;
import dev.subbit.tribuo.quantizer.graph.ModelInput;
import dev.subbit.tribuo.quantizer.input.Calibration;
import dev.subbit.tribuo.quantizer.input.CalibrationFeeds;
import dev.subbit.tribuo.quantizer.input.Samples;
import dev.subbit.tribuo.settings.Clipping;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

class SmallestFileTest {

  private static final int CHANNELS = 16;

  /** One search within a drop of 0.3, which takes its time. */
  private static QuantizationResult found;

  @BeforeAll
  static void search() {
    found = find(0.3);
  }

  /** A classifier of three convolutions and a dense layer, which 4 and 8 bits make smaller. */
  private static ModelProto model() {
    GraphBuilder graph = new GraphBuilder(5, 0, 3, 8, 8);
    String x = graph.node("Relu", List.of(graph.conv("x", CHANNELS, 3)));
    String wide = graph.tensor("wide", 0.4, 64, CHANNELS, 1, 1);
    x = graph.node("Relu", List.of(graph.node("Conv", List.of(x, wide))));
    x = graph.node("Relu", List.of(graph.conv(x, 64, 64)));
    x = graph.node("Flatten", List.of(x));
    String dense = graph.tensor("dense", 0.3, 64 * 16, 10);
    return graph.model(13, graph.node("MatMul", List.of(x, dense)));
  }

  private static Calibration calibration() {
    Feed.Tensor tensor = GraphBuilder.feed(1, 200, 3, 8, 8).tensors().get("x");
    return CalibrationFeeds.splitToChoose(
        List.of(new ModelInput("x", OnnxJavaType.FLOAT, new long[] {-1, 3, 8, 8})),
        Map.of("x", new Samples(tensor.type(), tensor.shape(), tensor.data(), "drawn")));
  }

  private static QuantizationSettings settings(double maxDrop) {
    return new QuantizationSettings(
        new FitSettings(5, 2, 1, 1),
        List.of(),
        0,
        maxDrop,
        Metric.LARGEST,
        false,
        Rest.FLOAT,
        Optional.empty());
  }

  private static QuantizationResult find(double maxDrop) {
    ModelProto model = model();
    try (GraphSession reference = new GraphSession(model)) {
      return new SmallestFile(settings(maxDrop), Deadline.NONE)
          .find(model, reference, calibration(), QuantizationProgress.NONE);
    }
  }

  @Test
  void theSmallestOfTheCurveWithinTheDropIsGiven() {
    QuantizationResult result = found;
    long smallest =
        result.curve().stream()
            .filter(SizePoint::within)
            .mapToLong(SizePoint::bytes)
            .min()
            .orElseThrow();
    assertEquals(smallest, result.model().getSerializedSize());
    assertEquals(50, result.chosenOn());
    assertTrue(result.curve().stream().allMatch(file -> file.within() == file.drop() <= 0.3));
    for (int i = 1; i < result.curve().size(); i++) {
      assertTrue(result.curve().get(i).bytes() >= result.curve().get(i - 1).bytes());
    }
    // Both kinds of codewords, both kinds of rest, and the model without sub-bit layers.
    assertEquals(
        6,
        result.curve().stream()
            .map(file -> file.codewords() + " " + file.rest())
            .distinct()
            .count());
    assertEquals(2, result.curve().stream().filter(file -> file.codewords() == null).count());
  }

  /** The figure of the curve decided, so that it flatters; what is reported is measured anew. */
  @Test
  void whatIsReportedComesFromSamplesThatNothingWasChosenBy() {
    QuantizationResult result = found;
    Calibration calibration = calibration();
    ModelProto model = model();
    try (GraphSession reference = new GraphSession(model)) {
      ModelComparison comparison = new ModelComparison(reference, Metric.LARGEST);
      assertEquals(
          comparison.with(result.model(), calibration.heldOut()).get(0).getSignalToNoise(),
          result.outputs().get(0).getSignalToNoise());
      SizePoint chosen =
          result.curve().stream()
              .filter(file -> file.bytes() == result.model().getSerializedSize())
              .findFirst()
              .orElseThrow();
      assertEquals(
          comparison.with(result.model(), calibration.choice()).get(0).getSignalToNoise(),
          chosen.signalToNoise());
    }
  }

  @Test
  void whereSubBitLayersLoseTooMuchFourOrEightBitsAreTheAnswer() {
    QuantizationResult result = find(0.06);
    assertTrue(result.layers().isEmpty(), result.curve()::toString);
    assertTrue(result.model().getSerializedSize() <= result.int8().bytes());
    Verdict verdict = Verdict.of(result, result.model().getSerializedSize());
    assertTrue(verdict.sentence().contains("has no sub-bit layers"), verdict.sentence());
  }

  @Test
  void mapsGiveNoDecisionsToMeasureADropBy() {
    GraphBuilder graph = new GraphBuilder(5, 0, 3, 8, 8);
    ModelProto maps = graph.model(13, graph.conv("x", CHANNELS, 3));
    try (GraphSession reference = new GraphSession(maps)) {
      String message =
          assertThrows(
                  IllegalArgumentException.class,
                  () ->
                      new SmallestFile(settings(0.1), Deadline.NONE)
                          .find(maps, reference, calibration(), QuantizationProgress.NONE))
              .getMessage();
      assertTrue(message.startsWith("No output of the model gives decisions"), message);
    }
  }

  @Test
  void aSearchNeedsADropAndFloatActivations() {
    assertThrows(
        IllegalArgumentException.class, () -> new SmallestFile(settings(-1), Deadline.NONE));
    QuantizationSettings integer =
        new QuantizationSettings(
            new FitSettings(5, 2, 1, 1),
            List.of(),
            0,
            0.1,
            Metric.LARGEST,
            false,
            Rest.FLOAT,
            Optional.of(new IntegerActivations(Clipping.LEAST_ERROR, false)));
    assertThrows(IllegalArgumentException.class, () -> new SmallestFile(integer, Deadline.NONE));
  }

  /** Without any time the plain files are measured, and the layers are not fitted. */
  @Test
  void whereTheTimeIsOverTheBestSoFarIsTaken() {
    ModelProto model = model();
    try (GraphSession reference = new GraphSession(model)) {
      QuantizationResult result =
          new SmallestFile(settings(0.06), Deadline.after(Duration.ZERO))
              .find(model, reference, calibration(), QuantizationProgress.NONE);
      assertTrue(result.curve().stream().noneMatch(file -> file.codewords() == Codewords.INT8));
      QuantizationResult hurried =
          new OnnxQuantizer(settings(0.99), Deadline.after(Duration.ZERO))
              .quantize(model, reference, calibration(), QuantizationProgress.NONE);
      assertTrue(hurried.layers().stream().allMatch(LayerResult::plain));
    }
  }
}
