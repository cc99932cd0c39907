package dev.subbit.tribuo.quantizer;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.onnx.proto.OnnxMl.AttributeProto;
import ai.onnx.proto.OnnxMl.FunctionProto;
import ai.onnx.proto.OnnxMl.GraphProto;
import ai.onnx.proto.OnnxMl.ModelProto;
import ai.onnx.proto.OnnxMl.NodeProto;
import ai.onnx.proto.OnnxMl.TensorProto;
import ai.onnx.proto.OnnxMl.TensorProto.DataType;
import ai.onnxruntime.OnnxJavaType;
import dev.subbit.onnx.OnnxProtos;
import dev.subbit.tribuo.quantizer.fit.FitSettings;
import dev.subbit.tribuo.quantizer.graph.Feed;
import dev.subbit.tribuo.quantizer.input.Calibration;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SplittableRandom;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.ShrinkingMode;
import org.junit.jupiter.api.Test;

/**
 * Graphs of every kind that exporters write. Eight stages at tau = 9 come close to any weights, so
 * that the result must give what ONNX Runtime gives for the untouched file.
 */
class GraphKindsTest {

  private static final int CHANNELS = 4;
  private static final long[] SHAPE = {6, CHANNELS, 11, 13};
  private static final double CLOSE = 25;

  /** Errors of several convolutions, multiplied by their largest values, add up. */
  private static final double CLOSE_IN_DEPTH = 14;

  private final GraphBuilder graph = new GraphBuilder(7, 0, CHANNELS, 11, 13);

  private static AttributeProto pads() {
    return OnnxProtos.attribute("pads", 1, 1, 1, 1);
  }

  private QuantizationResult follows(ModelProto untouched, Feed feed, double close)
      throws IOException {
    return UntouchedModel.follows(untouched, List.of(feed), close);
  }

  private QuantizationResult follows(ModelProto untouched) throws IOException {
    return follows(untouched, GraphBuilder.feed(3, SHAPE), CLOSE);
  }

  private static long count(ModelProto model, String opType) {
    return model.getGraph().getNodeList().stream()
        .filter(node -> node.getOpType().equals(opType))
        .count();
  }

  private static Feed halves(long seed) {
    Feed floats = GraphBuilder.feed(seed, SHAPE);
    ByteBuffer from = floats.tensors().get("x").data();
    ByteBuffer data = ByteBuffer.allocateDirect(from.capacity() / 2).order(ByteOrder.nativeOrder());
    for (int i = 0; i < from.capacity(); i += Float.BYTES) {
      data.putShort(ai.onnxruntime.platform.Fp16Conversions.floatToFp16(from.getFloat(i)));
    }
    return new Feed(Map.of("x", new Feed.Tensor(OnnxJavaType.FLOAT16, SHAPE, data.rewind())));
  }

  private String cast(String x, DataType type) {
    return graph.node("Cast", List.of(x), OnnxProtos.attribute("to", (long) type.getNumber()));
  }

  @Test
  void weightsBehindCastAndTranspose() throws IOException {
    String half = cast(graph.tensor("w", 0.5, 3, 3, 5, CHANNELS), DataType.FLOAT16);
    String turned =
        graph.node("Transpose", List.of(half), OnnxProtos.attribute("perm", 2, 3, 0, 1));
    String y = graph.node("Conv", List.of("x", cast(turned, DataType.FLOAT)), pads());
    QuantizationResult result = follows(graph.model(13, y));
    assertEquals(1, result.layers().size(), result.left()::toString);
    assertEquals(0, count(result.model(), "Transpose"), "what made the weights is gone");
  }

  @Test
  void scalesAndBiasesBehindTheConvolution() throws IOException {
    String a = graph.conv("x", 6, CHANNELS, pads());
    String b = graph.node("Mul", List.of(graph.tensor("k", 2, 6, 1, 1), a));
    String c = graph.node("Sub", List.of(graph.tensor("s", 1, 1, 6, 1, 1), b));
    String d = graph.node("Div", List.of(c, graph.tensor("d", 3, 1)));
    String y = graph.node("Add", List.of(d, graph.tensor("map", 1, 11, 13)));
    QuantizationResult result = follows(graph.model(13, y));
    assertEquals(3, result.layers().get(0).folded());
    assertEquals(1, count(result.model(), "Add"), "that of a map; the stages are one weight");
  }

  @Test
  void floatSixteen() throws IOException {
    GraphProto.Builder proto = graph.graph();
    TensorProto floats = OnnxProtos.tensor("w", graph.numbers(7 * CHANNELS * 9, 0.6), 1);
    ByteBuffer bits =
        ByteBuffer.allocate(7 * CHANNELS * 9 * Short.BYTES).order(ByteOrder.LITTLE_ENDIAN);
    ByteBuffer raw = floats.getRawData().asReadOnlyByteBuffer().order(ByteOrder.LITTLE_ENDIAN);
    while (raw.hasRemaining()) {
      bits.putShort(ai.onnxruntime.platform.Fp16Conversions.floatToFp16(raw.getFloat()));
    }
    proto.addInitializer(OnnxProtos.tensor("w", DataType.FLOAT16, bits.array(), 7, CHANNELS, 3, 3));
    proto.setInput(0, OnnxProtos.value("x", DataType.FLOAT16, 0, CHANNELS, 11, 13));
    String y = graph.node("Relu", List.of(graph.node("Conv", List.of("x", "w"), pads())));
    ModelProto.Builder model = graph.model(15, y).toBuilder();
    model.getGraphBuilder().setOutput(0, OnnxProtos.valueOfAnyShape(y, DataType.FLOAT16));
    QuantizationResult result = follows(model.build(), halves(5), CLOSE);
    assertEquals(1, result.layers().size(), result.left()::toString);
  }

  @Test
  void fusedConvolutionsWithSumAndActivation() throws IOException {
    graph.tensor("w", 0.4, CHANNELS, CHANNELS, 3, 3);
    graph.tensor("b", 0.5, CHANNELS);
    AttributeProto kind = OnnxProtos.attribute("activation", "LeakyRelu");
    AttributeProto slope =
        AttributeProto.newBuilder()
            .setName("activation_params")
            .setType(AttributeProto.AttributeType.FLOATS)
            .addFloats(0.3f)
            .build();
    graph
        .graph()
        .addNode(
            NodeProto.newBuilder()
                .setName("fused")
                .setOpType("FusedConv")
                .setDomain("com.microsoft")
                .addAllInput(List.of("x", "w", "b", "x"))
                .addOutput("y")
                .addAttribute(pads())
                .addAttribute(kind)
                .addAttribute(slope));
    ModelProto.Builder model = graph.model(13, "y").toBuilder();
    model.addOpsetImportBuilder().setDomain("com.microsoft").setVersion(1);
    QuantizationResult result = follows(model.build());
    assertEquals("fused", result.layers().get(0).name());
    assertEquals(0, count(result.model(), "FusedConv"));
  }

  @Test
  void integerConvolutionsWithZeroPoints() throws IOException {
    byte[] weights = new byte[6 * CHANNELS * 9];
    new SplittableRandom(11).nextBytes(weights);
    graph
        .graph()
        .addInitializer(OnnxProtos.tensor("w", DataType.UINT8, weights, 6, CHANNELS, 3, 3))
        .addInitializer(OnnxProtos.tensor("wz", DataType.UINT8, new byte[] {100}))
        .addNode(
            NodeProto.newBuilder()
                .setOpType("DynamicQuantizeLinear")
                .addInput("x")
                .addAllOutput(List.of("q", "s", "z")));
    String y = graph.node("ConvInteger", List.of("q", "w", "z", "wz"), pads());
    String z = graph.node("Mul", List.of(cast(y, DataType.FLOAT), "s"));
    QuantizationResult result = follows(graph.model(14, z));
    assertEquals(1, result.layers().size(), result.left()::toString);
  }

  @Test
  void fourBitWeights() throws IOException {
    byte[] packed = new byte[5 * CHANNELS * 9 / 2];
    new SplittableRandom(13).nextBytes(packed);
    graph.graph().addInitializer(OnnxProtos.tensor("q", DataType.INT4, packed, 5, CHANNELS, 3, 3));
    String w =
        graph.node(
            "DequantizeLinear",
            List.of("q", graph.tensor("s", 0.2, 5)),
            OnnxProtos.attribute("axis", 0L));
    ModelProto model = graph.model(21, graph.node("Conv", List.of("x", w), pads()));
    assertEquals(1, follows(model.toBuilder().setIrVersion(10).build()).layers().size());
  }

  @Test
  void weightsThatSeveralConvolutionsReadStayOne() throws IOException {
    graph.tensor("w", 0.4, CHANNELS, CHANNELS, 3, 3);
    String a = graph.node("Relu", List.of(graph.node("Conv", List.of("x", "w"), pads())));
    String bias = graph.tensor("b", 1, CHANNELS);
    String b = graph.node("Conv", List.of(a, "w", bias), pads());
    ModelProto model = graph.model(13, graph.node("Add", List.of(b, a)));
    QuantizationResult result = follows(model);
    assertEquals(1, result.layers().size());
    assertEquals(1, result.layers().get(0).sharing().size());
    assertEquals(2, result.weights().size());
    assertEquals(
        1,
        result.model().getGraph().getInitializerList().stream()
            .filter(tensor -> tensor.getName().endsWith("/index"))
            .count());
  }

  @Test
  void functionsOfOneNameAreToldApartByTheirOverloads() throws IOException {
    ModelProto.Builder model = graph.model(17).toBuilder().setIrVersion(10);
    model.addOpsetImportBuilder().setDomain("own").setVersion(1);
    String x = "x";
    for (String overload : List.of("", "wide", "tall")) {
      boolean wide = overload.equals("wide");
      String weights = "w" + overload;
      model
          .getGraphBuilder()
          .addInitializer(
              OnnxProtos.tensor(
                  weights, graph.numbers(CHANNELS * CHANNELS * 9, 0.5), CHANNELS, CHANNELS, 3, 3));
      FunctionProto.Builder function =
          FunctionProto.newBuilder()
              .setName("Block")
              .setDomain("own")
              .setOverload(overload)
              .addAllInput(List.of("a", "k"))
              .addOutput("r");
      function.addOpsetImportBuilder().setVersion(17);
      function.addNode(
          NodeProto.newBuilder()
              .setOpType("Conv")
              .addAllInput(List.of("a", "k"))
              .addOutput("c")
              .addAttribute(
                  wide
                      ? OnnxProtos.attribute("pads", 1, 2, 1, 0)
                      : OnnxProtos.attribute("pads", 2, 1, 0, 1)));
      function.addNode(
          NodeProto.newBuilder()
              .setOpType(overload.isEmpty() ? "Relu" : wide ? "Neg" : "Tanh")
              .addInput("c")
              .addOutput("r"));
      model.addFunctions(function);
      String y = overload.equals("tall") ? "y" : "v" + overload;
      model
          .getGraphBuilder()
          .addNode(
              NodeProto.newBuilder()
                  .setDomain("own")
                  .setOpType("Block")
                  .setOverload(overload)
                  .addAllInput(List.of(x, weights))
                  .addOutput(y));
      x = y;
    }
    model.getGraphBuilder().addOutput(GraphBuilder.value("y", -1, -2, -3, -4));
    assertEquals(3, follows(model.build()).layers().size());
  }

  @Test
  void initializedInputsOfVersion3() throws IOException {
    graph.tensor("w", 0.4, CHANNELS, CHANNELS, 3, 3);
    graph.graph().addInput(GraphBuilder.value("w", CHANNELS, CHANNELS, 3, 3));
    String y = graph.node("Conv", List.of("x", "w"), pads());
    QuantizationResult result = follows(graph.model(12, y).toBuilder().setIrVersion(3).build());
    assertEquals(1, result.layers().size(), result.left()::toString);
  }

  /** If with the branches that a random number chooses, which reads and shadows outer names. */
  private String branches(String x, String outer, List<String> taken) {
    List<AttributeProto> branches = new ArrayList<>();
    graph.graph().addInitializer(OnnxProtos.tensor(x + "/zero", new float[] {0}));
    String mean = graph.node("ReduceMean", List.of(x), OnnxProtos.attribute("keepdims", 0L));
    String yes = graph.node("Greater", List.of(mean, x + "/zero"));
    for (String name : List.of("then_branch", "else_branch")) {
      GraphProto.Builder branch = GraphProto.newBuilder().setName(name);
      String last = outer;
      for (String each : taken) {
        String own = each + (name.startsWith("then") ? "" : "_else");
        branch.addNode(NodeProto.newBuilder().setOpType("Abs").addInput(last).addOutput(own));
        last = own;
      }
      branch.addNode(
          NodeProto.newBuilder()
              .setOpType("ReduceMax")
              .addInput(last)
              .addOutput(name + x)
              .addAttribute(OnnxProtos.attribute("keepdims", 0L)));
      branch.addOutput(GraphBuilder.value(name + x));
      branches.add(
          AttributeProto.newBuilder()
              .setName(name)
              .setType(AttributeProto.AttributeType.GRAPH)
              .setG(branch)
              .build());
    }
    String chosen = graph.node("If", List.of(yes), branches.toArray(AttributeProto[]::new));
    return graph.node("Mul", List.of(x, chosen));
  }

  @Property(tries = 6, shrinking = ShrinkingMode.OFF)
  void randomGraphsWithSharedWeightsTakenNamesAndSubgraphs(@ForAll long seed) throws IOException {
    GraphKindsTest test = new GraphKindsTest();
    SplittableRandom rng = new SplittableRandom(seed);
    String x = "x";
    test.graph.tensor("shared", 0.4, CHANNELS, CHANNELS, 3, 3);
    int convolutions = 0;
    for (int i = 0; i < 3; i++) {
      String conv =
          rng.nextBoolean()
              ? test.graph.node("Conv", List.of(x, "shared"), pads())
              : test.graph.conv(x, CHANNELS, CHANNELS, pads());
      convolutions++;
      String layer = "/Conv_" + conv;
      // Names that the quantizer would give.
      List<String> taken =
          rng.nextBoolean()
              ? List.of(layer + "/stage1/index", layer + "/sum2", layer + "/stage2")
              : List.of(layer + "/stage3/scale", layer + "/stage1");
      x = test.branches(conv, rng.nextBoolean() ? "shared" : conv, taken);
    }
    ModelProto model = test.graph.model(rng.nextInt(13, 18), x);
    QuantizationResult result = test.follows(model, GraphBuilder.feed(seed, SHAPE), CLOSE_IN_DEPTH);
    assertEquals(convolutions, result.weights().size(), result.left()::toString);
  }

  @Test
  void outputsWhoseSizeDependsOnTheDataAreNotComparedAndCostNothingElse() {
    String a = graph.conv("x", 3, CHANNELS, pads());
    graph.graph().addInitializer(OnnxProtos.tensor("zero", new float[] {0}));
    String found = graph.node("NonZero", List.of(graph.node("Greater", List.of(a, "zero"))));
    ModelProto.Builder model = graph.model(13, a).toBuilder();
    model.getGraphBuilder().addOutput(OnnxProtos.valueOfAnyShape(found, DataType.INT64));
    QuantizationResult result =
        new OnnxQuantizer(new QuantizationSettings(new FitSettings(4, 1, 1, 1), List.of()))
            .quantize(
                model.build(),
                Calibration.of(List.of(GraphBuilder.feed(3, SHAPE))),
                (done, all, what) -> {});
    assertTrue(result.outputs().get(0).getSignalToNoise() > 2);
    assertEquals("its size depends on the data", result.outputs().get(1).getObstacle());
  }

  @Test
  void theRestIsStoredInEightBitsOnRequest() {
    String a = graph.conv("x", 32, CHANNELS, pads());
    String b = graph.node("Conv", List.of(a, graph.tensor("one", 0.2, 64, 32, 1, 1)));
    ModelProto model = graph.model(13, b);
    QuantizationSettings settings =
        new QuantizationSettings(
            new FitSettings(5, 2, 1, 1),
            List.of(),
            0,
            -1,
            Metric.LARGEST,
            true,
            Rest.INT8,
            Optional.empty());
    Calibration calibration = Calibration.of(List.of(GraphBuilder.feed(3, SHAPE)));
    QuantizationResult small =
        new OnnxQuantizer(settings).quantize(model, calibration, (done, all, what) -> {});
    QuantizationResult large =
        new OnnxQuantizer(new QuantizationSettings(settings.fit(), List.of()))
            .quantize(model, calibration, (done, all, what) -> {});
    assertTrue(small.model().getSerializedSize() < large.model().getSerializedSize() - 2 * 64 * 32);
    assertEquals(
        large.outputs().get(0).getSignalToNoise(),
        small.outputs().get(0).getSignalToNoise(),
        0.2,
        "dB");
  }
}
