package dev.subbit.tribuo.quantizer.timing;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.onnx.proto.OnnxMl.GraphProto;
import ai.onnx.proto.OnnxMl.ModelProto;
import ai.onnx.proto.OnnxMl.NodeProto;
import ai.onnx.proto.OnnxMl.TensorProto.DataType;
import dev.subbit.onnx.Codebook;
import dev.subbit.onnx.OnnxProtos;
import dev.subbit.onnx.PackedConvWeights;
import dev.subbit.tribuo.quantizer.fit.StagedWeights;
import dev.subbit.tribuo.quantizer.graph.Feed;
import dev.subbit.tribuo.quantizer.graph.FloatArray;
import dev.subbit.tribuo.quantizer.graph.GraphEdits;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class LayerTimesTest {

  /** A chain of convolutions of two channels. */
  private static ModelProto chain(int layers) {
    GraphProto.Builder graph =
        GraphProto.newBuilder()
            .setName("chain")
            .addInput(OnnxProtos.value("v0", DataType.FLOAT, 0, 2, 8, 8))
            .addInitializer(OnnxProtos.tensor("w", new float[36], 2, 2, 3, 3))
            .addOutput(OnnxProtos.valueOfAnyShape("v" + layers, DataType.FLOAT));
    for (int i = 0; i < layers; i++) {
      graph.addNode(
          NodeProto.newBuilder()
              .setName("conv" + i)
              .setOpType("Conv")
              .addInput("v" + i)
              .addInput("w")
              .addOutput("v" + (i + 1))
              .addAttribute(OnnxProtos.attribute("pads", 1, 1, 1, 1)));
    }
    ModelProto.Builder model = ModelProto.newBuilder().setIrVersion(8).setGraph(graph);
    model.addOpsetImportBuilder().setVersion(17);
    return model.build();
  }

  private static StagedWeights weights(int stages) {
    PackedConvWeights stage =
        PackedConvWeights.pack(
            2, new Codebook(1, new int[] {0, 511}), new int[4], new float[] {0.1f, 0.1f});
    return new StagedWeights(
        Collections.nCopies(stages, stage), new float[2], new float[2], new float[2], 0);
  }

  private static Feed feed() {
    return new Feed(
        Map.of("v0", Feed.Tensor.of(new FloatArray(new long[] {3, 2, 8, 8}, new float[3 * 128]))));
  }

  private static void assertTimed(LayerTime time) {
    assertTrue(time.microsecondsBefore() > 0, time.toString());
    assertTrue(time.microsecondsAfter() > 0, time.toString());
    assertTrue(List.of("native", "onnxruntime").contains(time.backend()), time.toString());
  }

  @Test
  void layersComeInTheOrderOfTheGraphAndOthersAreLeftOut() {
    Map<String, LayerTime> times =
        LayerTimes.of(
            chain(3),
            Map.of("conv2", weights(1), "conv0", weights(2)),
            feed(),
            GraphEdits.Form.COMPACT);
    assertEquals(List.of("conv0", "conv2"), List.copyOf(times.keySet()));
    times.forEach(
        (name, time) -> {
          assertEquals(name, time.name());
          assertTimed(time);
        });
  }

  @ParameterizedTest
  @CsvSource({"SUMMED, 1", "SUMMED, 2", "STAGES, 2", "STAGES, 3"})
  void layersOnEightBitsAreTimedWithAllTheirStages(GraphEdits.Form form, int stages) {
    assertTimed(
        LayerTimes.of(chain(1), Map.of("conv0", weights(stages)), feed(), form).get("conv0"));
  }

  @Test
  void moreLayersThanAreAskedForAtOnceAreAllTimed() {
    Map<String, StagedWeights> weights = new HashMap<>();
    for (int i = 0; i < 9; i++) {
      weights.put("conv" + i, weights(1));
    }
    assertEquals(9, LayerTimes.of(chain(9), weights, feed(), GraphEdits.Form.COMPACT).size());
  }

  @Test
  void nothingToTimeTakesNoRun() {
    assertEquals(
        Map.of(), LayerTimes.of(chain(1), Map.of(), new Feed(Map.of()), GraphEdits.Form.COMPACT));
  }
}
