package dev.subbit.onnx;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.onnx.proto.OnnxMl.FunctionProto;
import ai.onnx.proto.OnnxMl.GraphProto;
import ai.onnx.proto.OnnxMl.ModelProto;
import ai.onnx.proto.OnnxMl.NodeProto;
import ai.onnx.proto.OnnxMl.OperatorSetIdProto;
import ai.onnx.proto.OnnxMl.TensorProto;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import com.google.protobuf.ByteString;
import dev.subbit.onnx.SubBitNodes.Quantized;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** Models that are built around the operators, and models that are refused. */
class SubBitModelsTest {

  private static final PackedConvWeights WEIGHTS =
      PackedConvWeights.pack(1, Codebook.full(), new int[] {0, 511}, new float[] {1, 2});

  private static GraphProto.Builder graph() {
    return GraphProto.newBuilder().setName("graph");
  }

  @Test
  void onlyTheFunctionsInUseAreAddedAndEachOnce() {
    GraphProto.Builder graph = graph();
    SubBitNodes.conv(graph, "a", "x", WEIGHTS, ConvAttributes.of(1, 1), null);
    SubBitNodes.conv(graph, "b", "x", WEIGHTS, ConvAttributes.of(2, 1), new float[2]);
    ModelProto model = SubBitModels.ofGraph(graph.build());
    assertEquals(List.of(SubBitOperator.SUB_BIT_CONV.function()), model.getFunctionsList());
    assertEquals(8, model.getIrVersion());
    assertEquals(model, SubBitModels.withFunctions(model.toBuilder()).build());
  }

  @Test
  void otherImportsAndFunctionsAreKept() {
    OperatorSetIdProto extension =
        OperatorSetIdProto.newBuilder().setDomain("other").setVersion(3).build();
    FunctionProto function = FunctionProto.newBuilder().setDomain("other").setName("Other").build();
    ModelProto model =
        SubBitModels.withFunctions(
                ModelProto.newBuilder()
                    .setGraph(graph())
                    .addOpsetImport(extension)
                    .addFunctions(function))
            .build();
    assertTrue(model.getOpsetImportList().contains(extension));
    assertEquals(List.of(function), model.getFunctionsList());
  }

  @Test
  void aModelKeepsItsOperatorSetIfItIsNewEnough() {
    GraphProto.Builder graph = graph();
    SubBitNodes.conv(graph, "a", "x", WEIGHTS, ConvAttributes.of(1, 1), null);
    ModelProto.Builder foreign = ModelProto.newBuilder().setIrVersion(6).setGraph(graph);
    foreign.addOpsetImportBuilder().setVersion(13);
    ModelProto model = SubBitModels.withOperators(foreign).build();
    assertEquals(13, SubBitModels.standardOpset(model));
    assertEquals(8, model.getIrVersion());
    assertEquals(model, SubBitModels.withOperators(model.toBuilder()).build());
    foreign.getOpsetImportBuilder(0).setVersion(11);
    Exception e =
        assertThrows(
            IllegalArgumentException.class, () -> SubBitModels.withOperators(foreign).build());
    assertTrue(e.getMessage().contains("12 or newer"), e.getMessage());
  }

  @Test
  void initializersAreNamedAfterTheNode() {
    GraphProto.Builder graph = graph();
    assertEquals(
        "block1/conv",
        SubBitNodes.binaryConv(
            graph, "block1/conv", "x", WEIGHTS, ConvAttributes.of(1, 1), new float[2]));
    assertEquals(
        List.of(
            "block1/conv/index", "block1/conv/codebook", "block1/conv/scale", "block1/conv/bias"),
        graph.getInitializerList().stream().map(tensor -> tensor.getName()).toList());
  }

  @Test
  void aWeightCostsTauNinthsOfABit() {
    PackedConvWeights weights =
        PackedConvWeights.pack(64, new Codebook(5, new int[32]), new int[64 * 64], new float[64]);
    GraphProto.Builder graph = graph();
    SubBitNodes.conv(graph, "conv", "x", weights, ConvAttributes.of(1, 1), null);
    assertEquals(64 * 64 * 9 * 5 / 9 / 8, graph.getInitializer(0).getRawData().size());
    assertEquals(32 * 9, graph.getInitializer(1).getRawData().size());
  }

  @Test
  void mismatchesAreRefusedWithTheNameOfTheNode() {
    Exception e =
        assertThrows(
            IllegalArgumentException.class,
            () ->
                SubBitNodes.conv(
                    graph(), "block1/conv", "x", WEIGHTS, ConvAttributes.of(1, 1), new float[3]));
    assertTrue(e.getMessage().contains("block1/conv"), e.getMessage());
    e =
        assertThrows(
            IllegalArgumentException.class,
            () ->
                SubBitNodes.conv(
                    graph(),
                    "block1/conv",
                    "x",
                    WEIGHTS,
                    new ConvAttributes(1, 1, 1, 1, 1, 1, 1, 1, 3),
                    null));
    assertTrue(e.getMessage().contains("3 groups"), e.getMessage());
    assertThrows(IllegalArgumentException.class, () -> ConvAttributes.of(0, 1));
    assertThrows(IllegalArgumentException.class, () -> ConvAttributes.of(1, -1));

    NodeProto unknown =
        NodeProto.newBuilder()
            .setName("block2")
            .setDomain(SubBitOperator.DOMAIN)
            .setOpType("SubBitPool")
            .build();
    e =
        assertThrows(
            IllegalArgumentException.class,
            () -> SubBitModels.ofGraph(graph().addNode(unknown).build()));
    assertTrue(e.getMessage().contains("block2"), e.getMessage());
    assertTrue(e.getMessage().contains("SubBitPool"), e.getMessage());
  }

  @Test
  void aQuantizedBlockNamesItsInputsInTheOperatorsOrder() {
    GraphProto.Builder graph = graph();
    Quantized x = new Quantized("x", "x_scale", "x_zero");
    Quantized residual = new Quantized("r", "r_scale", "r_zero");
    SubBitNodes.qLinearBlock(
        graph,
        "block",
        x,
        WEIGHTS,
        ConvAttributes.of(1, 1),
        new int[2],
        residual,
        "y_scale",
        "y_zero");
    assertEquals(
        List.of(
            "x",
            "x_scale",
            "x_zero",
            "block/index",
            "block/codebook",
            "block/scale",
            "y_scale",
            "y_zero",
            "block/bias",
            "r",
            "r_scale",
            "r_zero"),
        graph.getNode(0).getInputList());
    int channels = SubBitNodes.MAX_BLOCK_CHANNELS + 1;
    PackedConvWeights wide =
        PackedConvWeights.pack(channels, WEIGHTS.codebook(), new int[channels], new float[1]);
    Exception e =
        assertThrows(
            IllegalArgumentException.class,
            () ->
                SubBitNodes.qLinearBlock(
                    graph(),
                    "wide",
                    x,
                    wide,
                    ConvAttributes.of(1, 1),
                    new int[1],
                    residual,
                    "y_scale",
                    "y_zero"));
    assertTrue(
        e.getMessage().contains("'wide': 7001") && e.getMessage().contains("at most 7000"),
        e.getMessage());
  }

  @Test
  void sessionsAreOpenedOnlyForModelsWithKnownFunctions() throws Exception {
    TestVector vector = TestVector.read(TestVectors.file(OperatorTable.SUB_BIT_CONV)).get(0);
    ModelProto good = OrtRunner.model(vector);
    try (OrtSession.SessionOptions options = new OrtSession.SessionOptions()) {
      SubBitSessions.create(good.toByteArray(), options).close();

      // ONNX Runtime 1.28 crashes on this one.
      ModelProto.Builder noOutput = good.toBuilder();
      noOutput.getFunctionsBuilder(0).clearOutput().addInput("Y");
      assertRefused("dev.subbit.SubBitConv", noOutput.build().toByteArray(), options);

      ModelProto.Builder foreign = good.toBuilder();
      foreign.addFunctionsBuilder().setDomain("other").setName("Other");
      assertRefused("other.Other", foreign.build().toByteArray(), options);

      assertRefused("not an ONNX model", "no model".getBytes(StandardCharsets.US_ASCII), options);
    }
  }

  @Test
  void functionsThatAFunctionCallsAreAddedToo() throws Exception {
    TestVector vector =
        TestVector.read(TestVectors.file(OperatorTable.BINARY_SUB_BIT_BLOCK)).get(0);
    ModelProto good = OrtRunner.model(vector);
    assertEquals(
        List.of(
            SubBitOperator.BINARY_SUB_BIT_CONV.function(),
            SubBitOperator.PACK_SIGNS.function(),
            SubBitOperator.BINARY_SUB_BIT_BLOCK.function()),
        good.getFunctionsList());
    for (int i = 0; i < 3; i++) {
      byte[] lacking = good.toBuilder().removeFunctions(i).build().toByteArray();
      try (OrtSession.SessionOptions options = new OrtSession.SessionOptions()) {
        assertThrows(OrtException.class, () -> SubBitSessions.create(lacking, options));
      }
    }
  }

  /** Some tools know only the functions that stand before the one that calls them. */
  @Test
  void theFunctionOfTheWeightsStandsBeforeTheOneThatCallsIt() throws Exception {
    TestVector vector = TestVector.read(TestVectors.file(OperatorTable.STAGED_SUB_BIT_CONV)).get(0);
    ModelProto good = OrtRunner.model(vector);
    assertEquals(
        List.of(WeightsFunction.function(), SubBitOperator.STAGED_SUB_BIT_CONV.function()),
        good.getFunctionsList());
    for (int i = 0; i < 2; i++) {
      byte[] lacking = good.toBuilder().removeFunctions(i).build().toByteArray();
      try (OrtSession.SessionOptions options = new OrtSession.SessionOptions()) {
        assertThrows(OrtException.class, () -> SubBitSessions.create(lacking, options));
      }
    }
  }

  @Test
  void stagesAreThreeByThreeKernelsOfSigns() {
    CodedWeights numbers =
        CodedWeights.pack(
            new long[] {1, 1, 3, 3},
            9,
            List.of(new byte[18]),
            List.of(new int[1]),
            List.of(new float[1]));
    Exception e =
        assertThrows(
            IllegalArgumentException.class,
            () ->
                SubBitNodes.stagedConv(
                    graph(), "a", "x", numbers, ConvAttributes.of(1, 1), new float[1]));
    assertEquals("Node 'a': its weights [1, 1, 3, 3] are not 3x3 kernels of signs", e.getMessage());
    e =
        assertThrows(
            IllegalArgumentException.class,
            () ->
                SubBitNodes.stagedConv(
                    graph(),
                    "a",
                    "x",
                    CodedWeights.of(List.of(WEIGHTS, WEIGHTS)),
                    ConvAttributes.of(1, 1),
                    new float[3]));
    assertTrue(e.getMessage().startsWith("Node 'a': 2 output channels need"), e.getMessage());
  }

  @Test
  void theWeightsOfStagesAreReadAsTheyWereWritten() {
    CodedWeights weights =
        CodedWeights.of(List.of(WEIGHTS, WEIGHTS.withScale(new float[] {-3, 4})));
    GraphProto.Builder graph = graph();
    SubBitNodes.stagedConv(graph, "a", "x", weights, ConvAttributes.of(1, 1), new float[2]);
    Map<String, TensorProto> tensors = new HashMap<>();
    graph.getInitializerList().forEach(tensor -> tensors.put(tensor.getName(), tensor));
    assertArrayEquals(
        weights.toDense(), SubBitNodes.stagedWeights(graph.getNode(0), tensors).toDense());

    tensors.computeIfPresent(
        "a/codebook",
        (name, tensor) ->
            tensor.toBuilder().setRawData(ByteString.copyFrom(new byte[9216])).build());
    Exception e =
        assertThrows(
            IllegalArgumentException.class,
            () -> SubBitNodes.stagedWeights(graph.getNode(0), tensors));
    assertEquals("Node 'a': Weights [2, 1, 3, 3] are not 3x3 kernels of signs", e.getMessage());
  }

  @Test
  void packedNodesKeepThePlaceOfAnOutputThatIsLeftOut() {
    GraphProto.Builder graph = graph();
    PackedSignNodes.packSigns(graph, "signs", "x", new float[1]);
    PackedSignNodes.packedBinaryConv(
        graph,
        "a",
        "signs",
        WEIGHTS,
        ConvAttributes.of(1, 1),
        new float[2],
        PackedSignNodes.PackedOutputs.SIGNS);
    float[] two = new float[2];
    PackedSignNodes.block(
        graph,
        "b",
        "signs",
        WEIGHTS,
        ConvAttributes.of(1, 1),
        "r",
        new PackedSignNodes.BlockParameters(two, two, two, two, two),
        PackedSignNodes.PackedOutputs.VALUES);
    assertEquals(
        List.of(List.of("signs"), List.of("", "a/signs"), List.of("b", "")),
        graph.getNodeList().stream().map(node -> List.copyOf(node.getOutputList())).toList());
    Exception e =
        assertThrows(
            IllegalArgumentException.class,
            () ->
                PackedSignNodes.block(
                    graph,
                    "c",
                    "signs",
                    WEIGHTS,
                    ConvAttributes.of(1, 1),
                    "r",
                    new PackedSignNodes.BlockParameters(two, two, new float[3], two, two),
                    PackedSignNodes.PackedOutputs.VALUES));
    assertTrue(e.getMessage().contains("'c'") && e.getMessage().contains("slope"), e.getMessage());
  }

  private static void assertRefused(String part, byte[] model, OrtSession.SessionOptions options) {
    OrtException e = assertThrows(OrtException.class, () -> SubBitSessions.create(model, options));
    assertTrue(e.getMessage().contains(part), e.getMessage());
  }

  @Test
  void backendsOfThisModuleAreFoundAndTakeNoSettings() throws Exception {
    for (String name : List.of("onnxruntime", "native")) {
      ExecutionBackend backend = ExecutionBackend.named(name);
      assertEquals(name, backend.name());
      assertTrue(backend.devices().get(0).available());
      try (OrtSession.SessionOptions options = new OrtSession.SessionOptions()) {
        Exception e =
            assertThrows(
                IllegalArgumentException.class,
                () -> backend.configure(options, Map.of("speed", "11")));
        assertTrue(e.getMessage().contains("speed"), e.getMessage());
      }
    }
    Exception e =
        assertThrows(IllegalArgumentException.class, () -> ExecutionBackend.named("abacus"));
    assertTrue(e.getMessage().contains("onnxruntime, native"), e.getMessage());
  }
}
