package dev.subbit.tribuo.quantizer;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.onnx.proto.OnnxMl.AttributeProto;
import ai.onnx.proto.OnnxMl.GraphProto;
import ai.onnx.proto.OnnxMl.ModelProto;
import ai.onnx.proto.OnnxMl.NodeProto;
import ai.onnx.proto.OnnxMl.TensorProto.DataType;
import ai.onnx.proto.OnnxMl.ValueInfoProto;
import dev.subbit.onnx.OnnxProtos;
import dev.subbit.onnx.WeightsFunction;
import dev.subbit.tribuo.quantizer.fit.FitSettings;
import dev.subbit.tribuo.quantizer.graph.Feed;
import dev.subbit.tribuo.quantizer.input.Calibration;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.SplittableRandom;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.ShrinkingMode;
import org.junit.jupiter.api.Test;

/** Convolutions inside the bodies of If and Loop, beside what the untouched file gives. */
class BodiesTest {

  private static final int CHANNELS = 4;
  private static final double CLOSE = 20;

  private final GraphBuilder graph = new GraphBuilder(3, 0, CHANNELS, 9, 10);
  private int names;

  BodiesTest() {
    graph.tensor("shared", 0.4, CHANNELS, CHANNELS, 3, 3);
    graph.graph().addInitializer(OnnxProtos.tensor("yes", DataType.BOOL, new byte[] {1}));
  }

  private static AttributeProto pads() {
    return OnnxProtos.attribute("pads", 1, 1, 1, 1);
  }

  private static AttributeProto body(String name, GraphProto.Builder graph) {
    return AttributeProto.newBuilder()
        .setName(name)
        .setType(AttributeProto.AttributeType.GRAPH)
        .setG(graph.setName(name))
        .build();
  }

  private static ValueInfoProto scalar(String name, DataType type) {
    return OnnxProtos.value(name, type);
  }

  private String fresh(String kind) {
    return kind + names++;
  }

  private String node(
      GraphProto.Builder to, String opType, List<String> reads, AttributeProto... attributes) {
    String output = fresh(opType.toLowerCase(Locale.ROOT));
    to.addNode(
        NodeProto.newBuilder()
            .setName("node_" + output)
            .setOpType(opType)
            .addAllInput(reads)
            .addOutput(output)
            .addAllAttribute(List.of(attributes)));
    return output;
  }

  /** Weights of a body: its own, of a Constant in it, or of the main graph. */
  private String weights(GraphProto.Builder to, int kind) {
    if (kind == 0) {
      return "shared";
    }
    float[] numbers = graph.numbers(CHANNELS * CHANNELS * 9, 0.4);
    // Bodies beside each other may give their values the same names.
    String name = kind == 1 ? "w" : fresh("w");
    if (kind == 1) {
      to.addInitializer(OnnxProtos.tensor(name, numbers, CHANNELS, CHANNELS, 3, 3));
      return name;
    }
    return node(
        to,
        "Constant",
        List.of(),
        AttributeProto.newBuilder()
            .setName("value")
            .setType(AttributeProto.AttributeType.TENSOR)
            .setT(OnnxProtos.tensor(name, numbers, CHANNELS, CHANNELS, 3, 3))
            .build());
  }

  private String conv(GraphProto.Builder to, String x, int kind) {
    return node(to, "Conv", List.of(x, weights(to, kind)), pads());
  }

  /** Whether the mean of a value is positive, which differs between feeds. */
  private String isPositive(GraphProto.Builder to, String x) {
    String mean = node(to, "ReduceMean", List.of(x), OnnxProtos.attribute("keepdims", 0L));
    String zero = fresh("zero");
    to.addInitializer(OnnxProtos.tensor(zero, new float[] {0}));
    String flat = fresh("flat");
    to.addInitializer(OnnxProtos.tensor(flat, new long[] {1}, 1));
    String greater = node(to, "Greater", List.of(mean, zero));
    return node(to, "Reshape", List.of(greater, flat));
  }

  private String choice(
      GraphProto.Builder to, String condition, GraphProto.Builder then, GraphProto.Builder other) {
    return node(
        to, "If", List.of(condition), body("then_branch", then), body("else_branch", other));
  }

  /** A branch with one convolution and what follows it. */
  private GraphProto.Builder branch(String x, int kind, String activation) {
    GraphProto.Builder branch = GraphProto.newBuilder();
    String y = node(branch, activation, List.of(conv(branch, x, kind)));
    return branch.addOutput(OnnxProtos.valueOfAnyShape(y, DataType.FLOAT));
  }

  /** A loop that carries a value through a convolution. */
  private String loop(GraphProto.Builder to, String x, int kind, int iterations) {
    String count = fresh("count");
    to.addInitializer(OnnxProtos.tensor(count, new long[] {iterations}, 1));
    GraphProto.Builder body = GraphProto.newBuilder();
    String carried = fresh("carried");
    String condition = fresh("condition");
    body.addInput(scalar(fresh("iteration"), DataType.INT64))
        .addInput(scalar(condition, DataType.BOOL))
        .addInput(OnnxProtos.valueOfAnyShape(carried, DataType.FLOAT));
    String same = node(body, "Identity", List.of(condition));
    // The value around the loop is read inside, too.
    String sum = node(body, "Add", List.of(carried, x));
    String y = node(body, "Tanh", List.of(conv(body, sum, kind)));
    body.addOutput(scalar(same, DataType.BOOL))
        .addOutput(OnnxProtos.valueOfAnyShape(y, DataType.FLOAT));
    return node(to, "Loop", List.of(count, "yes", x), body("body", body));
  }

  /** Feeds of either sign, so that both branches run. */
  private static List<Feed> feeds(long seed) {
    List<Feed> feeds = new ArrayList<>();
    for (int i = 0; i < 4; i++) {
      Feed feed = GraphBuilder.feed(seed + i, 5, CHANNELS, 9, 10);
      var data = feed.tensors().get("x").data();
      for (int at = 0; at < data.capacity(); at += Float.BYTES) {
        data.putFloat(at, data.getFloat(at) + (i % 2 == 0 ? 0.5f : -0.5f));
      }
      feeds.add(feed);
    }
    return feeds;
  }

  private static List<String> left(QuantizationResult result) {
    return result.left().stream().map(node -> node.name() + ": " + node.reason()).toList();
  }

  @Test
  void bothBranchesOfAnIf() throws IOException {
    String x = graph.node("Relu", List.of(graph.conv("x", CHANNELS, CHANNELS, pads())));
    String condition = isPositive(graph.graph(), "x");
    String y = choice(graph.graph(), condition, branch(x, 1, "Relu"), branch(x, 1, "Sigmoid"));
    QuantizationResult result = UntouchedModel.follows(graph.model(13, y), feeds(1), CLOSE);
    assertEquals(3, result.layers().size(), left(result)::toString);
    for (LayerResult layer : result.layers()) {
      assertTrue(layer.signalToNoise() > CLOSE, layer::toString);
    }
    ModelProto model = result.model();
    assertEquals(
        3, model.getGraph().getNodeList().stream().filter(WeightsFunction::isCall).count());
    NodeProto found =
        model.getGraph().getNodeList().stream()
            .filter(node -> node.getOpType().equals("If"))
            .findFirst()
            .orElseThrow();
    for (AttributeProto branch : found.getAttributeList()) {
      assertEquals(0, branch.getG().getInitializerCount(), "the float weights are gone");
      assertEquals(1, branch.getG().getOutputCount(), "nothing of the observation is left");
    }
    assertEquals(1, found.getOutputCount());
  }

  @Test
  void theBodyOfALoop() throws IOException {
    String y = loop(graph.graph(), "x", 2, 3);
    QuantizationResult result = UntouchedModel.follows(graph.model(15, y), feeds(2), CLOSE);
    assertEquals(1, result.layers().size(), left(result)::toString);
    // Three iterations of the four feeds' five samples.
    assertTrue(result.layers().get(0).patches() > 3 * 9 * 10, "all iterations are seen");
  }

  @Test
  void aLoopThatNeverRunsIsNamed() throws IOException {
    String looped = loop(graph.graph(), "x", 2, 0);
    String y = graph.node("Add", List.of(looped, graph.conv("x", CHANNELS, CHANNELS, pads())));
    QuantizationResult result = UntouchedModel.follows(graph.model(15, y), feeds(2), CLOSE);
    assertEquals(1, result.layers().size());
    assertTrue(
        result.left().get(0).reason().endsWith("which does not run on any calibration input"),
        left(result)::toString);
  }

  @Test
  void weightsOfTheMainGraphStayOneWhereverTheyAreRead() throws IOException {
    String x = graph.node("Conv", List.of("x", "shared"), pads());
    String condition = isPositive(graph.graph(), "x");
    String y = choice(graph.graph(), condition, branch(x, 0, "Relu"), branch(x, 0, "Tanh"));
    QuantizationResult result = UntouchedModel.follows(graph.model(13, y), feeds(3), CLOSE);
    assertEquals(1, result.layers().size(), left(result)::toString);
    assertEquals(2, result.layers().get(0).sharing().size());
    assertEquals(
        1,
        result.model().getGraph().getInitializerList().stream()
            .filter(tensor -> tensor.getName().endsWith("/index"))
            .count());
  }

  @Test
  void aBranchThatOnlySomeIterationsTakeIsNamed() throws IOException {
    GraphProto.Builder body = GraphProto.newBuilder();
    graph.graph().addInitializer(OnnxProtos.tensor("three", new long[] {3}, 1));
    graph.graph().addInitializer(OnnxProtos.tensor("one", new long[] {1}, 1));
    body.addInput(scalar("i", DataType.INT64))
        .addInput(scalar("go", DataType.BOOL))
        .addInput(OnnxProtos.valueOfAnyShape("carried", DataType.FLOAT));
    String go = node(body, "Identity", List.of("go"));
    String later = node(body, "Greater", List.of("i", "one"));
    String y = choice(body, later, branch("carried", 1, "Relu"), branch("carried", 2, "Tanh"));
    body.addOutput(scalar(go, DataType.BOOL))
        .addOutput(OnnxProtos.valueOfAnyShape(y, DataType.FLOAT));
    String looped = node(graph.graph(), "Loop", List.of("three", "yes", "x"), body("body", body));
    String z = graph.node("Add", List.of(looped, graph.conv("x", CHANNELS, CHANNELS, pads())));
    QuantizationResult result = UntouchedModel.follows(graph.model(13, z), feeds(4), CLOSE);
    assertEquals(1, result.layers().size());
    assertEquals(2, result.left().size());
    assertTrue(
        result.left().get(0).reason().startsWith("it is inside If 'node_if"), "" + left(result));
    assertTrue(result.left().get(0).reason().contains("not one size in all iterations"));
  }

  @Test
  void weightsThatALoopCarriesAreNamed() throws IOException {
    GraphProto.Builder body = GraphProto.newBuilder();
    graph.graph().addInitializer(OnnxProtos.tensor("two", new long[] {2}, 1));
    body.addInput(scalar("i", DataType.INT64))
        .addInput(scalar("go", DataType.BOOL))
        .addInput(OnnxProtos.valueOfAnyShape("kernel", DataType.FLOAT));
    String go = node(body, "Identity", List.of("go"));
    String half = node(body, "Sin", List.of("kernel"));
    String y = node(body, "Conv", List.of("x", "kernel"), pads());
    body.addOutput(scalar(go, DataType.BOOL))
        .addOutput(OnnxProtos.valueOfAnyShape(half, DataType.FLOAT))
        .addOutput(OnnxProtos.valueOfAnyShape(y, DataType.FLOAT));
    graph
        .graph()
        .addNode(
            NodeProto.newBuilder()
                .setName("carrier")
                .setOpType("Loop")
                .addAllInput(List.of("two", "yes", "shared"))
                .addAllOutput(List.of("last", "all"))
                .addAttribute(body("body", body)));
    QuantizationResult result =
        new OnnxQuantizer(new QuantizationSettings(new FitSettings(4, 1, 1, 1), List.of()))
            .quantize(graph.model(13, "all"), Calibration.of(feeds(5)), QuantizationProgress.NONE);
    assertEquals(
        "its weights 'kernel' can be others in each iteration of a loop",
        result.left().get(0).reason());
  }

  @Property(tries = 3, shrinking = ShrinkingMode.OFF)
  void randomBodiesInsideEachOther(@ForAll long seed) throws IOException {
    BodiesTest test = new BodiesTest();
    SplittableRandom rng = new SplittableRandom(seed);
    String x = "x";
    int convolutions = 0;
    for (int i = 0; i < 2; i++) {
      int kind = rng.nextInt(3);
      if (rng.nextBoolean()) {
        x = test.loop(test.graph.graph(), x, kind, rng.nextInt(1, 4));
        convolutions++;
      } else {
        GraphProto.Builder then = GraphProto.newBuilder();
        // A loop in a branch; the other branch reads a value around both.
        String inner = test.loop(then, x, kind, 2);
        then.addOutput(OnnxProtos.valueOfAnyShape(inner, DataType.FLOAT));
        String condition = test.isPositive(test.graph.graph(), "x");
        x =
            test.choice(
                test.graph.graph(), condition, then, test.branch(x, rng.nextInt(3), "Tanh"));
        convolutions += 2;
      }
    }
    QuantizationResult result =
        UntouchedModel.follows(test.graph.model(rng.nextInt(13, 18), x), feeds(seed), 12);
    assertEquals(convolutions, result.weights().size(), left(result)::toString);
  }
}
