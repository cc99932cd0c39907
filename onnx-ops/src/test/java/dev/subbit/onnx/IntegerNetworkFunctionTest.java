package dev.subbit.onnx;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.onnx.proto.OnnxMl.AttributeProto;
import ai.onnx.proto.OnnxMl.FunctionProto;
import ai.onnx.proto.OnnxMl.GraphProto;
import ai.onnx.proto.OnnxMl.ModelProto;
import ai.onnx.proto.OnnxMl.NodeProto;
import ai.onnx.proto.OnnxMl.TensorProto.DataType;
import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import dev.subbit.onnx.IntegerLayer.Window;
import dev.subbit.onnx.IntegerNetworkFunction.Step;
import java.nio.FloatBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Integer networks as one node and as a node per layer, and those that are refused. */
class IntegerNetworkFunctionTest {

  private static final int PIXELS = 9;

  /** A stem, a convolution, a block, a shortcut with a block beside it, and a classifier. */
  static List<Step> steps(long seed) {
    Random random = new Random(seed);
    Step stem =
        new Step(
            "stem",
            new IntegerLayer.Stem(
                Window.square(3, 1, 1),
                bytes(random, 8 * 3 * 9),
                bytes(random, 3),
                shorts(random, 8),
                shorts(random, 8),
                4,
                Window.square(3, 2, 1),
                16),
            IntegerNetworkFunction.NETWORK_INPUT);
    Step conv =
        new Step(
            "conv",
            new IntegerLayer.Conv(
                weights(random, 8, 8),
                1,
                shorts(random, 8),
                shorts(random, 8),
                shorts(random, 8),
                7,
                Window.NONE,
                16),
            1);
    return List.of(
        stem,
        conv,
        new Step("block", block(random, 8, 8, 1), 2, 1),
        new Step(
            "shortcut",
            new IntegerLayer.Shortcut(
                2, bytes(random, 12 * 8), shorts(random, 12), shorts(random, 12), 8, 16),
            3),
        new Step("narrow", block(random, 8, 12, 2), 3, 4),
        new Step(
            "classifier",
            new IntegerLayer.Classifier(
                1,
                bytes(random, 10 * 12),
                TestVectors.floats(random, 10, 0.01f, 1),
                TestVectors.floats(random, 10, -1, 1),
                3),
            5));
  }

  private static IntegerLayer.Block block(Random random, int in, int out, int stride) {
    return new IntegerLayer.Block(
        weights(random, in, out),
        stride,
        shorts(random, in),
        shorts(random, out),
        shorts(random, out),
        7,
        shorts(random, out),
        1,
        shorts(random, out),
        16);
  }

  private static PackedConvWeights weights(Random random, int in, int out) {
    float[] scale = new float[out];
    Arrays.fill(scale, 1);
    int[] codewords = random.ints(16, 0, 512).toArray();
    return PackedConvWeights.pack(
        in, new Codebook(4, codewords), random.ints(in * out, 0, 16).toArray(), scale);
  }

  private static byte[] bytes(Random random, int count) {
    byte[] bytes = new byte[count];
    random.nextBytes(bytes);
    return bytes;
  }

  private static short[] shorts(Random random, int count) {
    short[] shorts = new short[count];
    for (int i = 0; i < count; i++) {
      shorts[i] = (short) random.nextInt(-3000, 3000);
    }
    return shorts;
  }

  private static GraphProto.Builder graph() {
    return GraphProto.newBuilder()
        .setName("graph")
        .addInput(OnnxProtos.value("x", DataType.FLOAT, 1, 3, PIXELS, PIXELS));
  }

  static ModelProto asOneNode(List<Step> steps) {
    GraphProto.Builder graph = graph();
    String y = IntegerNetworkFunction.add(graph, "network", "x", steps);
    return SubBitModels.ofGraph(
        graph.addOutput(OnnxProtos.valueOfAnyShape(y, DataType.FLOAT)).build());
  }

  static ModelProto asANodePerLayer(List<Step> steps) {
    GraphProto.Builder graph = graph();
    List<String> values = new ArrayList<>(List.of("x"));
    for (Step step : steps) {
      String x = values.get(step.reads());
      values.add(
          step.layer() instanceof IntegerLayer.Block
              ? IntegerNodes.add(
                  graph,
                  step.name(),
                  x,
                  values.get(step.residual()),
                  (IntegerLayer.Block) step.layer())
              : IntegerNodes.add(graph, step.name(), x, step.layer()));
    }
    String y = values.get(steps.size());
    return SubBitModels.ofGraph(
        graph.addOutput(OnnxProtos.valueOfAnyShape(y, DataType.FLOAT)).build());
  }

  private static float[] run(ModelProto model, String backend, float[] pixels) throws Exception {
    try (OrtSession.SessionOptions options = new OrtSession.SessionOptions()) {
      ExecutionBackend.named(backend).configure(options, Map.of());
      try (OrtSession session = SubBitSessions.create(model.toByteArray(), options);
          OnnxTensor x =
              OnnxTensor.createTensor(
                  OrtEnvironment.getEnvironment(),
                  FloatBuffer.wrap(pixels),
                  new long[] {1, 3, PIXELS, PIXELS});
          OrtSession.Result result = session.run(Map.of("x", x))) {
        return ((float[][]) result.get(0).getValue())[0];
      }
    }
  }

  @Test
  void aNetworkComputesWhatItsLayersCompute() throws Exception {
    float[] pixels = TestVectors.floats(new Random(3), 3 * PIXELS * PIXELS, -5, 260);
    float[] expected = run(asANodePerLayer(steps(1)), "onnxruntime", pixels);
    assertEquals(10, expected.length);
    for (String backend : List.of("onnxruntime", "native")) {
      for (ModelProto model : List.of(asOneNode(steps(1)), asANodePerLayer(steps(1)))) {
        assertEquals(Arrays.toString(expected), Arrays.toString(run(model, backend, pixels)));
      }
    }
  }

  @Test
  void theFunctionHasOneNodePerLayer() {
    ModelProto model = asOneNode(steps(1));
    FunctionProto function = model.getFunctions(model.getFunctionsCount() - 1);
    NodeProto node = model.getGraph().getNode(0);
    assertEquals("IntegerNetwork", function.getName());
    assertEquals(node.getInputCount(), function.getInputCount());
    assertEquals("X", function.getInput(0));
    assertEquals("p0", function.getInput(1));
    assertEquals(
        List.of(
            "IntegerStem",
            "IntegerSubBitConv",
            "IntegerSubBitBlock",
            "IntegerShortcut",
            "IntegerSubBitBlock",
            "IntegerClassifier"),
        function.getNodeList().stream().map(NodeProto::getOpType).toList());
    // Four parameters of the stem, five of the convolution, seven of the block.
    assertEquals(List.of("y3", "p16", "p17", "p18"), function.getNode(3).getInputList());
    assertEquals("y4", function.getNode(4).getInput(6));
    assertEquals(List.of("kinds", "reads", "residuals", "settings"), function.getAttributeList());
    assertEquals(
        List.of("network/stem/weight", "network/stem/zero_pixel"),
        node.getInputList().subList(1, 3));
    assertEquals(model, SubBitModels.withFunctions(model.toBuilder()).build());
  }

  /** Every function that the network's calls, directly or not, is in the model, and no other. */
  @Test
  void theFunctionsOfTheLayersAreAddedToo() {
    assertEquals(
        List.of(
            "BinarySubBitConv",
            "IntegerStem",
            "IntegerSubBitConv",
            "IntegerSubBitBlock",
            "IntegerShortcut",
            "IntegerClassifier",
            "IntegerNetwork"),
        asOneNode(steps(1)).getFunctionsList().stream().map(FunctionProto::getName).toList());
  }

  @Test
  void networksOfOneStructureShareTheFunction() {
    GraphProto.Builder graph = graph();
    IntegerNetworkFunction.add(graph, "a", "x", steps(1));
    IntegerNetworkFunction.add(graph, "b", "x", steps(2));
    ModelProto model = SubBitModels.ofGraph(graph.build());
    assertEquals(7, model.getFunctionsCount());
  }

  @Test
  void networksOfDifferentStructuresAreRefused() {
    GraphProto.Builder graph = graph();
    IntegerNetworkFunction.add(graph, "a", "x", steps(1));
    List<Step> wider = new ArrayList<>(steps(1));
    IntegerLayer.Shortcut shortcut = (IntegerLayer.Shortcut) wider.get(3).layer();
    wider.set(
        3,
        new Step(
            "shortcut",
            new IntegerLayer.Shortcut(
                2, shortcut.weight(), shortcut.multiplier(), shortcut.bias(), 9, 16),
            3));
    IntegerNetworkFunction.add(graph, "b", "x", wider);
    assertRefused(() -> SubBitModels.ofGraph(graph.build()), "'a' and 'b'", "different structures");
  }

  @Test
  void layersThatFormNoNetworkAreRefused() {
    List<Step> good = steps(1);
    assertRefusedSteps(List.of(), "'net': the number of layers is 0");
    assertRefusedSteps(good.subList(0, 5), "layer 5", "IntegerClassifier");
    assertRefusedSteps(good.subList(1, 6), "layer 1", "IntegerStem");
    assertRefusedSteps(replaced(1, s -> new Step("conv", s.layer(), 0)), "layer 2: reads is 0");
    assertRefusedSteps(replaced(1, s -> new Step("conv", s.layer(), 2)), "layer 2: reads is 2");
    assertRefusedSteps(
        replaced(2, s -> new Step("block", s.layer(), 2, -1)), "layer 3: residuals is -1");
    assertRefusedSteps(
        replaced(2, s -> new Step("block", s.layer(), 1, 1)), "no layer reads layer 2");
    assertRefusedSteps(
        replaced(3, s -> new Step("shortcut", shortcut(11, 8), 3)),
        "layer 5: its number of output channels is 12, allowed: 11");
    assertRefusedSteps(
        replaced(3, s -> new Step("shortcut", shortcut(12, 7), 3)),
        "layer 4: its number of input channels is 7, allowed: 8");
    List<Step> many = new ArrayList<>(good.subList(0, 1));
    many.addAll(Collections.nCopies(1023, good.get(1)));
    many.add(good.get(5));
    assertRefusedSteps(many, "the number of layers is 1025");
  }

  private static IntegerLayer shortcut(int out, int in) {
    return new IntegerLayer.Shortcut(2, new byte[out * in], new short[out], new short[out], 8, 16);
  }

  private static List<Step> replaced(int i, java.util.function.UnaryOperator<Step> change) {
    List<Step> steps = new ArrayList<>(steps(1));
    steps.set(i, change.apply(steps.get(i)));
    return steps;
  }

  private static void assertRefusedSteps(List<Step> steps, String... parts) {
    assertRefused(() -> IntegerNetworkFunction.add(graph(), "net", "x", steps), parts);
  }

  private static void assertRefused(
      org.junit.jupiter.api.function.Executable executable, String... parts) {
    IllegalArgumentException e = assertThrows(IllegalArgumentException.class, executable);
    for (String part : parts) {
      assertTrue(e.getMessage().contains(part), e.getMessage());
    }
  }

  // ---- Models from untrusted sources.

  private static ModelProto changed(Consumer<ModelProto.Builder> change) {
    ModelProto.Builder model = asOneNode(steps(1)).toBuilder();
    change.accept(model);
    return model.build();
  }

  private static AttributeProto.Builder attribute(ModelProto.Builder model, String name) {
    return model.getGraphBuilder().getNodeBuilder(0).getAttributeBuilderList().stream()
        .filter(attribute -> attribute.getName().equals(name))
        .findAny()
        .orElseThrow();
  }

  private static void assertNotOpened(ModelProto model, String... parts) {
    byte[] bytes = model.toByteArray();
    assertTimeoutPreemptively(
        Duration.ofSeconds(20),
        () -> {
          try (OrtSession.SessionOptions options = new OrtSession.SessionOptions()) {
            OrtException e =
                assertThrows(OrtException.class, () -> SubBitSessions.create(bytes, options));
            for (String part : parts) {
              assertTrue(e.getMessage().contains(part), e.getMessage());
            }
          }
        });
  }

  @ParameterizedTest
  @CsvSource({
    "kinds, 1, 5, kinds is 5",
    "kinds, 1, -1, kinds is -1",
    "kinds, 3, 1, the length of settings is",
    "reads, 1, 9223372036854775807, reads is 9223372036854775807",
    "reads, 4, 5, layer 5: reads is 5",
    "residuals, 2, 1024, residuals is 1024",
    "residuals, 0, 1, layer 1: residuals is 1",
    "settings, 0, -1, settings is -1",
    "settings, 0, 33, 'layer 1: strides is 33, allowed: 1 to 32'",
    "settings, 15, 8, 'layer 1: width is 8, allowed: 9 to 16'",
    "settings, 18, 3640, layer 2: 9 * in_channels * 2^shift is",
  })
  void attributesBeyondTheirLimitsAreRefusedWithTheNameOfTheNode(
      String attribute, int place, long value, String expected) {
    assertNotOpened(
        changed(model -> attribute(model, attribute).setInts(place, value)), "'network'", expected);
  }

  @Test
  void listsOfWrongLengthAreRefused() {
    for (String name : List.of("kinds", "reads", "residuals", "settings")) {
      assertNotOpened(changed(model -> attribute(model, name).addInts(0)), "'network'", "length");
      assertNotOpened(changed(model -> attribute(model, name).clearInts()), "'network'", "is 0");
      assertNotOpened(changed(model -> attribute(model, name).setName("other")), "'network'", name);
      assertNotOpened(
          changed(model -> attribute(model, name).setType(AttributeProto.AttributeType.INT)),
          "'network'",
          name);
      List<Long> huge = Collections.nCopies(5_000_000, 1L);
      assertNotOpened(changed(model -> attribute(model, name).addAllInts(huge)), "'network'");
    }
  }

  @Test
  void aFunctionThatIsNotTheNetworksOwnIsRefused() {
    int last = asOneNode(steps(1)).getFunctionsCount() - 1;
    assertNotOpened(
        changed(model -> model.getFunctionsBuilder(last).getNodeBuilder(2).setInput(0, "y1")),
        "dev.subbit.IntegerNetwork");
    assertNotOpened(
        changed(model -> model.getFunctionsBuilder(last).clearOutput()),
        "dev.subbit.IntegerNetwork");
    // Without a node there is nothing to make it of.
    assertNotOpened(
        changed(model -> model.getGraphBuilder().clearNode()), "dev.subbit.IntegerNetwork");
    assertNotOpened(
        changed(model -> model.getGraphBuilder().getNodeBuilder(0).addInput("x")),
        "'network': the number of inputs is");
  }

  @Test
  void aNetworkInASubgraphIsOneOfTheModel() {
    ModelProto.Builder model = asOneNode(steps(1)).toBuilder();
    NodeProto.Builder inner = model.getGraph().getNode(0).toBuilder().setName("inner");
    inner.getAttributeBuilder(3).setInts(0, 2);
    model
        .getGraphBuilder()
        .addNode(
            NodeProto.newBuilder()
                .setOpType("If")
                .addAttribute(
                    AttributeProto.newBuilder()
                        .setName("then_branch")
                        .setType(AttributeProto.AttributeType.GRAPH)
                        .setG(GraphProto.newBuilder().addNode(inner))));
    assertNotOpened(model.build(), "'network' and 'inner'", "different structures");
  }
}
