package dev.subbit.tribuo.quantizer;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.onnx.proto.OnnxMl.GraphProto;
import ai.onnx.proto.OnnxMl.ModelProto;
import ai.onnx.proto.OnnxMl.NodeProto;
import ai.onnx.proto.OnnxMl.TensorProto;
import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import dev.subbit.onnx.ExecutionBackend;
import dev.subbit.onnx.OnnxProtos;
import dev.subbit.onnx.graph.TinyGraph;
import dev.subbit.tribuo.quantizer.fit.FitSettings;
import dev.subbit.tribuo.quantizer.graph.Feed;
import dev.subbit.tribuo.quantizer.graph.GraphSession;
import dev.subbit.tribuo.quantizer.graph.OperatorSets;
import dev.subbit.tribuo.quantizer.input.Calibration;
import dev.subbit.tribuo.settings.Clipping;
import java.io.IOException;
import java.nio.FloatBuffer;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Foreign graphs on 8-bit activations. */
class IntegerActivationsTest {

  private static final long[] SHAPE = {3, 8, 18, 17};

  private final List<Feed> feeds =
      List.of(GraphBuilder.feed(1, SHAPE), GraphBuilder.feed(2, SHAPE));

  private QuantizationResult quantize(ModelProto model, int tau, int stages, boolean fpga)
      throws IOException {
    QuantizationSettings settings =
        new QuantizationSettings(
            new FitSettings(tau, stages, 2, 1),
            List.of(),
            0,
            -1,
            Metric.LARGEST,
            true,
            Rest.FLOAT,
            Optional.of(new IntegerActivations(Clipping.LEAST_ERROR, fpga)));
    return new OnnxQuantizer(settings)
        .quantize(
            OperatorSets.upgrade("test", model), Calibration.of(feeds), (done, all, what) -> {});
  }

  private static List<String> opTypes(QuantizationResult result) {
    return TinyGraph.opTypes(result.model().getGraph());
  }

  private static long count(ModelProto model, String opType) {
    return model.getGraph().getNodeList().stream()
        .filter(node -> node.getOpType().equals(opType))
        .count();
  }

  private static float[] run(
      ModelProto model, Feed feed, String backend, Map<String, String> settings)
      throws OrtException {
    OrtEnvironment environment = OrtEnvironment.getEnvironment();
    FloatBuffer values =
        feed.tensors()
            .get("x")
            .data()
            .duplicate()
            .order(feed.tensors().get("x").data().order())
            .asFloatBuffer();
    try (OrtSession.SessionOptions options = new OrtSession.SessionOptions()) {
      ExecutionBackend.named(backend).configure(options, settings);
      try (OrtSession session = environment.createSession(model.toByteArray(), options);
          OnnxTensor x = OnnxTensor.createTensor(environment, values, SHAPE);
          OrtSession.Result result = session.run(Map.of("x", x))) {
        FloatBuffer output = ((OnnxTensor) result.get(0)).getFloatBuffer();
        float[] floats = new float[output.remaining()];
        output.get(floats);
        return floats;
      }
    }
  }

  private static void assertSameBitsEverywhere(ModelProto model, Feed feed) throws OrtException {
    float[] bodies = run(model, feed, "onnxruntime", Map.of());
    assertArrayEquals(bodies, run(model, feed, "native", Map.of()), 0f);
    assertArrayEquals(bodies, run(model, feed, "fpga", Map.of("backend", "emulator")), 0f);
  }

  /** Convolution, batch norm, ReLU, pooling; a residual addition; a branch that stays float. */
  private static ModelProto network() {
    GraphBuilder graph = new GraphBuilder(3, -1, 8, 18, 17);
    String first = graph.conv("x", 16, 8, OnnxProtos.attribute("pads", 1, 1, 1, 1));
    String relu = graph.node("Relu", List.of(first));
    String second = graph.conv(relu, 16, 16, OnnxProtos.attribute("pads", 1, 1, 1, 1));
    graph.graph().addInitializer(OnnxProtos.tensor("zero", new float[] {0}));
    graph.graph().addInitializer(OnnxProtos.tensor("six", new float[] {6}));
    String clip = graph.node("Clip", List.of(second, "zero", "six"));
    String pool =
        graph.node(
            "MaxPool",
            List.of(clip),
            OnnxProtos.attribute("kernel_shape", 2, 2),
            OnnxProtos.attribute("strides", 2, 2));
    String third = graph.conv(pool, 16, 16, OnnxProtos.attribute("pads", 1, 1, 1, 1));
    String sum = graph.node("Add", List.of(third, pool));
    String last = graph.node("Relu", List.of(sum));
    String fourth = graph.conv(last, 8, 16);
    return graph.model(13, fourth);
  }

  @Test
  void chainsStayInEightBitsFromConvolutionToConvolution() throws IOException, OrtException {
    QuantizationResult result = quantize(network(), 5, 1, false);
    ModelProto model = result.model();
    assertEquals(4, count(model, "QLinearSubBitConv"));
    assertEquals(2, count(model, "QuantizeLinear"), "the input and the residual sum");
    assertEquals(3, count(model, "DequantizeLinear"), "both summands and the output");
    assertEquals(1, count(model, "Relu"), "the one behind the sum");
    assertEquals(0, count(model, "Clip"));
    assertEquals(0, count(model, "SubBitConv"));
    assertSameBitsEverywhere(model, feeds.get(0));
  }

  private static double cost(QuantizationResult result) {
    double before = result.floatActivations().get(0).getSignalToNoise();
    double after = result.outputs().get(0).getSignalToNoise();
    assertTrue(after > before - 0.5, before + " dB, then " + after + " dB");
    return before - after;
  }

  @Test
  void costLittleBesideWhatTheWeightsCost() throws IOException, OrtException {
    QuantizationResult result = quantize(network(), 6, 1, false);
    assertEquals(4, count(result.model(), "QLinearSubBitConv"));
    assertEquals(1, count(result.model(), "Add"), "the residual sum");
    cost(result);
    assertSameBitsEverywhere(result.model(), feeds.get(1));
  }

  @Test
  void severalStagesAreOneConvolutionThatRoundsOnce() throws IOException, OrtException {
    QuantizationResult one = quantize(network(), 5, 3, false);
    assertEquals(4, count(one.model(), "QLinearConv"));
    assertEquals(4, count(one.model(), "SubBitWeights"));
    assertEquals(2, count(one.model(), "QuantizeLinear"), "chains stay in 8 bits");
    assertEquals(1, count(one.model(), "Add"), "the residual sum");
    assertSameBitsEverywhere(one.model(), feeds.get(1));

    QuantizationResult each = quantize(network(), 5, 3, true);
    assertEquals(4, count(each.model(), "QLinearSubBitConv"), "the first stages");
    assertEquals(8, count(each.model(), "QLinearSubBitBlock"), "which take them in");
    assertEquals(1, count(each.model(), "Add"), "the residual sum");
    assertSameBitsEverywhere(each.model(), feeds.get(1));

    assertTrue(cost(one) < cost(each) / 2, cost(one) + " dB, " + cost(each) + " for the FPGA");
    assertEquals(
        one.layers().get(0).bytesAfter() + 16 * 4,
        each.layers().get(0).bytesAfter(),
        "two more biases of 16 outputs, but no scales of the sum");
  }

  /** QDQ: 8-bit weights of one scale a channel, activations rounded around the convolution. */
  private static ModelProto rounded(TensorProto.DataType type, boolean relu) {
    GraphBuilder graph = new GraphBuilder(5, -1, 8, 18, 17);
    GraphProto.Builder proto = graph.graph();
    byte zero = (byte) (type == TensorProto.DataType.INT8 ? -8 : 120);
    byte outZero = (byte) (relu ? type == TensorProto.DataType.INT8 ? -128 : 0 : zero);
    proto.addInitializer(OnnxProtos.tensor("x/scale", new float[] {0.016f}));
    proto.addInitializer(OnnxProtos.tensor("x/zero", type, new byte[] {zero}));
    proto.addInitializer(OnnxProtos.tensor("y/scale", new float[] {0.05f}));
    proto.addInitializer(OnnxProtos.tensor("y/zero", type, new byte[] {outZero}));
    byte[] weights = new byte[16 * 8 * 9];
    float[] numbers = graph.numbers(weights.length, 127);
    for (int i = 0; i < weights.length; i++) {
      weights[i] = (byte) numbers[i];
    }
    proto.addInitializer(OnnxProtos.tensor("w", TensorProto.DataType.INT8, weights, 16, 8, 3, 3));
    float[] scales = new float[16];
    int[] biases = new int[16];
    float[] biasScales = new float[16];
    for (int o = 0; o < 16; o++) {
      scales[o] = 0.002f + 0.0001f * o;
      biasScales[o] = scales[o] * 0.016f;
      biases[o] = 1000 * (o - 8);
    }
    proto.addInitializer(OnnxProtos.tensor("w/scale", scales, 16));
    proto.addInitializer(OnnxProtos.tensor("w/zero", TensorProto.DataType.INT8, new byte[16], 16));
    proto.addInitializer(OnnxProtos.tensor("b", biases, 16));
    proto.addInitializer(OnnxProtos.tensor("b/scale", biasScales, 16));
    String stored = graph.node("QuantizeLinear", List.of("x", "x/scale", "x/zero"));
    String x = graph.node("DequantizeLinear", List.of(stored, "x/scale", "x/zero"));
    String w =
        graph.node(
            "DequantizeLinear",
            List.of("w", "w/scale", "w/zero"),
            OnnxProtos.attribute("axis", 0L));
    String b =
        graph.node("DequantizeLinear", List.of("b", "b/scale"), OnnxProtos.attribute("axis", 0L));
    String y = graph.node("Conv", List.of(x, w, b));
    String last = relu ? graph.node("Relu", List.of(y)) : y;
    String rounded = graph.node("QuantizeLinear", List.of(last, "y/scale", "y/zero"));
    return graph.model(13, graph.node("DequantizeLinear", List.of(rounded, "y/scale", "y/zero")));
  }

  @ParameterizedTest
  @CsvSource({"UINT8, false", "UINT8, true", "INT8, false", "INT8, true"})
  void takesTheRangesThatAreThere(TensorProto.DataType type, boolean relu)
      throws IOException, OrtException {
    ModelProto before = rounded(type, relu);
    QuantizationResult apart = quantize(before, 5, 2, true);
    assertEquals(
        List.of("QuantizeLinear", "QLinearSubBitConv", "QLinearSubBitBlock", "DequantizeLinear"),
        opTypes(apart));
    cost(apart);
    assertSameBitsEverywhere(apart.model(), feeds.get(0));

    QuantizationResult two = quantize(before, 5, 2, false);
    assertEquals(
        List.of("QuantizeLinear", "SubBitWeights", "Cast", "QLinearConv", "DequantizeLinear"),
        opTypes(two));
    cost(two);
    assertSameBitsEverywhere(two.model(), feeds.get(0));

    QuantizationResult one = quantize(before, 6, 1, false);
    GraphProto graph = one.model().getGraph();
    assertEquals(List.of("QuantizeLinear", "QLinearSubBitConv", "DequantizeLinear"), opTypes(one));
    NodeProto conv = graph.getNode(1);
    assertEquals(graph.getNode(0).getOutput(0), conv.getInput(0));
    assertEquals(graph.getNode(2).getInput(0), conv.getOutput(0));
    assertFalse(
        graph.getInitializerList().stream().anyMatch(tensor -> tensor.getName().equals("w")),
        "the 8-bit weights are gone");
    cost(one);
    assertSameBitsEverywhere(one.model(), feeds.get(0));
  }

  @Test
  void theModelStillRunsInPlainOnnxRuntimeUnderItsNames() throws IOException {
    ModelProto before = network();
    ModelProto after = quantize(before, 5, 1, false).model();
    try (GraphSession wanted = new GraphSession(before);
        GraphSession given = new GraphSession(after)) {
      assertEquals(before.getGraph().getInputList(), after.getGraph().getInputList());
      assertEquals(wanted.run(feeds.get(0)).keySet(), given.run(feeds.get(0)).keySet());
    }
  }
}
