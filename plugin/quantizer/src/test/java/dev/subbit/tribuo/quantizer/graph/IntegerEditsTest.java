package dev.subbit.tribuo.quantizer.graph;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.onnx.proto.OnnxMl.GraphProto;
import ai.onnx.proto.OnnxMl.ModelProto;
import ai.onnx.proto.OnnxMl.TensorProto.DataType;
import dev.subbit.onnx.CodedWeights;
import dev.subbit.onnx.ConvAttributes;
import dev.subbit.onnx.OnnxProtos;
import dev.subbit.onnx.SubBitModels;
import dev.subbit.onnx.SubBitNodes;
import dev.subbit.onnx.WeightsFunction;
import dev.subbit.onnx.graph.TinyGraph;
import dev.subbit.tribuo.network.TrainedNetwork.QuantizedRange;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** Which nodes and values are left when convolutions run on 8 bits. */
class IntegerEditsTest {

  private static final QuantizedRange UNIT = new QuantizedRange(1, 0);

  private final TinyGraph graph = new TinyGraph().input("x", 1, 1, 3, 3);

  private TinyGraph conv(String name, String x, float scale, float bias) {
    SubBitNodes.conv(
        graph.builder(),
        name,
        x,
        SubBitLayers.ones(1, 1, scale),
        ConvAttributes.of(1, 1),
        new float[] {bias});
    return graph;
  }

  /** Two stages, whose sum {@code weights} is an input of convolutions. */
  private TinyGraph summed(String weights, float first, float second) {
    WeightsFunction.write(
        graph.builder(),
        weights,
        CodedWeights.of(List.of(SubBitLayers.ones(1, 1, first), SubBitLayers.ones(1, 1, second))));
    return graph;
  }

  private TinyGraph summedConv(String name, String x, String weights, float bias) {
    return graph
        .floats(name + "/bias", new float[] {bias}, 1)
        .node(
            "Conv",
            List.of(x, weights, name + "/bias"),
            name,
            OnnxProtos.attribute("pads", 1, 1, 1, 1));
  }

  private ModelProto floatModel() {
    return SubBitModels.withOperators(graph.model().toBuilder()).build();
  }

  private List<String> asked() {
    return IntegerEdits.valuesWithoutRange(IntegerConv.of(floatModel()));
  }

  /** The model on 8 bits, all ranges in steps of 1 from 0. */
  private ModelProto replaced() {
    return replaced(Map.of());
  }

  private ModelProto replaced(Map<String, QuantizedRange> special) {
    ModelProto model = floatModel();
    List<IntegerConv> convs = IntegerConv.of(model);
    Map<String, QuantizedRange> ranges = new HashMap<>();
    IntegerEdits.valuesWithoutRange(convs).forEach(value -> ranges.put(value, UNIT));
    ranges.putAll(special);
    return IntegerEdits.replace(model, convs, ranges);
  }

  private static float[] floats(ModelProto model, String name) {
    return model.getGraph().getInitializerList().stream()
        .filter(tensor -> tensor.getName().equals(name))
        .findFirst()
        .flatMap(FloatTensors::values)
        .orElseThrow();
  }

  private static float[] run(ModelProto model, String output) {
    float[] values = {0, 0, 0, 0, 2, 0, 0, 0, 3};
    Feed feed =
        new Feed(Map.of("x", Feed.Tensor.of(new FloatArray(new long[] {1, 1, 3, 3}, values))));
    try (GraphSession session = new GraphSession(model)) {
      return session.run(feed).get(output).values();
    }
  }

  @Test
  void aChainStaysInEightBitsBetweenItsEnds() {
    conv("a", "x", 1, 0).node("Relu", List.of("a"), "r");
    conv("b", "r", 2, 6).output("b");
    assertEquals(List.of("x", "r", "b"), asked(), "each once");
    ModelProto model = replaced();
    assertEquals(
        List.of("QuantizeLinear", "QLinearSubBitConv", "QLinearSubBitConv", "DequantizeLinear"),
        TinyGraph.opTypes(model.getGraph()));
    assertArrayEquals(run(floatModel(), "b"), run(model, "b"), "whole numbers are exact");
  }

  @Test
  void whatOthersReadComesBackAsFloatsUnderItsName() {
    conv("a", "x", 1, 0);
    conv("b", "a", 1, 0).node("Neg", List.of("a"), "n").output("b").output("n");
    ModelProto model = replaced();
    assertEquals(
        List.of(
            "QuantizeLinear",
            "QLinearSubBitConv",
            "DequantizeLinear",
            "QLinearSubBitConv",
            "DequantizeLinear",
            "Neg"),
        TinyGraph.opTypes(model.getGraph()));
    assertEquals("a", model.getGraph().getNode(2).getOutput(0));
    assertArrayEquals(run(floatModel(), "n"), run(model, "n"));
  }

  @Test
  void aMaxPoolingBetweenConvolutionsStaysInEightBits() {
    conv("a", "x", 1, 0)
        .node("MaxPool", List.of("a"), "p", OnnxProtos.attribute("kernel_shape", 2, 2));
    conv("b", "p", 1, 0).output("b");
    ModelProto model = replaced();
    assertEquals(
        List.of(
            "QuantizeLinear",
            "QLinearSubBitConv",
            "MaxPool",
            "QLinearSubBitConv",
            "DequantizeLinear"),
        TinyGraph.opTypes(model.getGraph()));
    assertArrayEquals(run(floatModel(), "b"), run(model, "b"));
  }

  @Test
  void stagesBecomeBlocksThatAddWhatCameBefore() {
    conv("a", "x", 1, 4);
    conv("b", "x", 3, 0);
    graph.node("Add", List.of("a", "b"), "s").output("s");
    ModelProto model = replaced();
    assertEquals(
        List.of("QuantizeLinear", "QLinearSubBitConv", "QLinearSubBitBlock", "DequantizeLinear"),
        TinyGraph.opTypes(model.getGraph()));
    assertArrayEquals(run(floatModel(), "s"), run(model, "s"));
  }

  @Test
  void aSumOfStagesIsOneConvolutionOfWholeWeights() {
    summed("w", 1.5f, -0.5f);
    summedConv("c", "x", "w", 4).node("Relu", List.of("c"), "r");
    conv("d", "r", 1, 0).output("d");
    assertEquals(List.of("x", "r", "d"), asked());
    ModelProto model = replaced();
    assertEquals(
        List.of(
            "QuantizeLinear",
            "SubBitWeights",
            "Cast",
            "QLinearConv",
            "QLinearSubBitConv",
            "DequantizeLinear"),
        TinyGraph.opTypes(model.getGraph()));
    assertArrayEquals(new float[] {3, -1}, floats(model, "w/whole/multiples"));
    assertArrayEquals(new float[] {0.5f}, floats(model, "c/w_scale"));
    assertArrayEquals(run(floatModel(), "d"), run(model, "d"));
  }

  @Test
  void convolutionsThatShareASumShareItInEightBits() {
    summed("w", 3, 1);
    summedConv("a", "x", "w", 0).output("a");
    summedConv("b", "a", "w", 2).output("b");
    ModelProto model = replaced(Map.of("b", new QuantizedRange(2, 0)));
    assertEquals(
        List.of(
            "QuantizeLinear",
            "SubBitWeights",
            "Cast",
            "QLinearConv",
            "DequantizeLinear",
            "QLinearConv",
            "DequantizeLinear"),
        TinyGraph.opTypes(model.getGraph()));
    assertEquals(model.getGraph().getNode(3).getInput(3), model.getGraph().getNode(5).getInput(3));
    assertArrayEquals(run(floatModel(), "b"), run(model, "b"));
  }

  @Test
  void floatReadersOfASumKeepIt() {
    summed("w", 3, 1);
    summedConv("a", "x", "w", 0).output("a").node("Neg", List.of("w"), "n").output("n");
    assertArrayEquals(run(floatModel(), "n"), run(replaced(), "n"));
    assertArrayEquals(run(floatModel(), "a"), run(replaced(), "a"));
  }

  @Test
  void aChannelWithoutWeightsStillHasItsBias() {
    summed("w", 1e-30f, 0);
    summedConv("c", "x", "w", 7).output("c");
    assertArrayEquals(run(floatModel(), "c"), run(replaced(), "c"));
  }

  @Test
  void biasesCountInStepsOfInputAndWeight() {
    conv("a", "x", 0.5f, 3).output("a");
    GraphProto edited = replaced(Map.of("x", new QuantizedRange(0.25f, 0))).getGraph();
    ByteBuffer bias =
        edited.getInitializerList().stream()
            .filter(tensor -> tensor.getName().equals("a/B"))
            .findFirst()
            .orElseThrow()
            .getRawData()
            .asReadOnlyByteBuffer()
            .order(ByteOrder.LITTLE_ENDIAN);
    assertEquals(Integer.BYTES, bias.remaining());
    assertEquals(24, bias.getInt(), "3 / (0.5 * 0.25)");
  }

  @Test
  void eightBitsThatAreThereAreNotAskedForAndKeepTheirNames() {
    graph
        .floats("s", new float[] {1})
        .tensor(OnnxProtos.tensor("z", DataType.UINT8, new byte[] {0}))
        .node("QuantizeLinear", List.of("x", "s", "z"), "xq")
        .node("DequantizeLinear", List.of("xq", "s", "z"), "xf");
    conv("c", "xf", 1, 0)
        .node("QuantizeLinear", List.of("c", "s", "z"), "q")
        .node("DequantizeLinear", List.of("q", "s", "z"), "y")
        .output("y");
    assertEquals(List.of(), asked());
    ModelProto model = replaced();
    assertEquals(
        List.of("QuantizeLinear", "QLinearSubBitConv", "DequantizeLinear"),
        TinyGraph.opTypes(model.getGraph()));
    assertEquals("xq", model.getGraph().getNode(1).getInput(0));
    assertEquals("q", model.getGraph().getNode(1).getOutput(0));
    assertArrayEquals(run(floatModel(), "y"), run(model, "y"));
  }

  @Test
  void anOutputOfAnotherTypeThanTheInputIsRoundedAnew() {
    graph
        .floats("s", new float[] {1})
        .tensor(OnnxProtos.tensor("z", DataType.INT8, new byte[] {0}));
    conv("c", "x", 1, 0)
        .node("QuantizeLinear", List.of("c", "s", "z"), "q")
        .node("DequantizeLinear", List.of("q", "s", "z"), "y")
        .output("y");
    assertEquals(List.of("x", "c"), asked(), "the input becomes unsigned, the output was signed");
    assertArrayEquals(run(floatModel(), "y"), run(replaced(), "y"));
  }

  @Test
  void namesThatTheModelHasAreStayedClearOf() {
    graph.filled("x/quantized", 1, 1).node("Neg", List.of("x/quantized"), "n").output("n");
    conv("a", "x", 1, 0).output("a");
    GraphProto edited = replaced().getGraph();
    assertEquals("x/quantized_2", edited.getNode(1).getOutput(0));
  }

  @Test
  void scalesThatOverflowAreRefusedWithTheLayer() {
    conv("deep/conv", "x", 1e30f, 0).output("deep/conv");
    String message =
        assertThrows(
                IllegalArgumentException.class,
                () -> replaced(Map.of("x", new QuantizedRange(1e10f, 0))))
            .getMessage();
    assertTrue(message.contains("'deep/conv'") && message.contains("overflows"), message);
  }

  @Test
  void nothingToReplaceChangesNothing() {
    ModelProto model = graph.node("Neg", List.of("x"), "y").output("y").model();
    assertSame(model, IntegerEdits.replace(model, List.of(), Map.of()));
  }
}
