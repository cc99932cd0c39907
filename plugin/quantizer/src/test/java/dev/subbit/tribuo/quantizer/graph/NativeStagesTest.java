package dev.subbit.tribuo.quantizer.graph;

import static org.junit.jupiter.api.Assertions.assertEquals;

import ai.onnx.proto.OnnxMl.AttributeProto;
import dev.subbit.onnx.Codebook;
import dev.subbit.onnx.OnnxProtos;
import dev.subbit.onnx.PackedConvWeights;
import dev.subbit.onnx.graph.TinyGraph;
import dev.subbit.tribuo.quantizer.fit.Codewords;
import dev.subbit.tribuo.quantizer.fit.StagedWeights;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.IntStream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class NativeStagesTest {

  private static final AttributeProto PADS = OnnxProtos.attribute("pads", 1, 1, 1, 1);

  private static StagedWeights weights(int out, int in, int tau, int stages) {
    PackedConvWeights one =
        PackedConvWeights.pack(
            in,
            new Codebook(tau, IntStream.range(0, 1 << tau).toArray()),
            new int[out * in],
            new float[out]);
    return new StagedWeights(
        Collections.nCopies(stages, one), new float[out], new float[out], new float[out], 0);
  }

  /** A graph of one convolution, of images of `size` rows and columns, or of any size for 0. */
  private static TinyGraph graph(int in, int out, int size) {
    return new TinyGraph()
        .input("x", 1, in, size, size)
        .filled("w", 0.5f, out, in, 3, 3)
        .node("Conv", List.of("x", "w"), "y", PADS)
        .output("y");
  }

  private static Map<ConvLayer, StagedWeights> layers(TinyGraph graph, StagedWeights weights) {
    Map<ConvLayer, StagedWeights> layers = new LinkedHashMap<>();
    ConvScan.of(graph.model(), values -> Map.of(), Codewords.SIGNS)
        .layers()
        .forEach(layer -> layers.put(layer, weights));
    return layers;
  }

  @ParameterizedTest
  @CsvSource({
    "64, 64, 56, 5, 2, false",
    "512, 512, 7, 5, 2, true",
    "512, 512, 7, 5, 1, false",
    "512, 512, 2, 5, 2, false",
    "512, 512, 0, 5, 2, true"
  })
  void layersAreChosenByTheirCostInImagesOfTheModelsSize(
      int in, int out, int size, int tau, int stages, boolean faster) {
    TinyGraph graph = graph(in, out, size);
    assertEquals(
        faster ? Set.of("y") : Set.of(),
        NativeStages.of(graph.model(), layers(graph, weights(out, in, tau, stages))));
  }

  /** A small image beside a large one takes little of the time; beside another small one, half. */
  @ParameterizedTest
  @CsvSource({"40, true", "2, false"})
  void layersThatShareWeightsAreChosenTogether(int otherSize, boolean faster) {
    TinyGraph graph =
        graph(256, 256, 2)
            .input("other", 1, 256, otherSize, otherSize)
            .node("Conv", List.of("other", "w"), "z", PADS)
            .output("z");
    assertEquals(
        faster ? Set.of("y", "z") : Set.of(),
        NativeStages.of(graph.model(), layers(graph, weights(256, 256, 5, 2))));
  }
}
