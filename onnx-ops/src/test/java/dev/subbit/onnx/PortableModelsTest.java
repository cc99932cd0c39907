package dev.subbit.onnx;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.onnx.proto.OnnxMl.FunctionProto;
import ai.onnx.proto.OnnxMl.GraphProto;
import ai.onnx.proto.OnnxMl.ModelProto;
import ai.onnx.proto.OnnxMl.NodeProto;
import ai.onnx.proto.OnnxMl.OperatorSetIdProto;
import ai.onnx.proto.OnnxMl.TensorProto;
import ai.onnx.proto.OnnxMl.TensorProto.DataType;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtSession;
import dev.subbit.onnx.PackedSignNodes.PackedOutputs;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Models without functions compute what the operators do, and hold nothing but standard nodes. */
class PortableModelsTest {

  @ParameterizedTest
  @EnumSource
  void inlinedModelsGiveTheExpectedOutput(OperatorTable operator) throws Exception {
    for (TestVector vector : TestVector.read(TestVectors.file(operator))) {
      assertMatches(vector, PortableModels.inlined(OrtRunner.model(vector)));
    }
  }

  @ParameterizedTest
  @EnumSource(
      mode = EnumSource.Mode.EXCLUDE,
      names = {"PACK_SIGNS", "PACKED_BINARY_SUB_BIT_CONV", "BINARY_SUB_BIT_BLOCK"})
  void plainModelsGiveTheExpectedOutput(OperatorTable operator) throws Exception {
    for (TestVector vector : TestVector.read(TestVectors.file(operator))) {
      assertMatches(vector, PortableModels.plain(OrtRunner.model(vector)));
    }
  }

  private static void assertMatches(TestVector vector, ModelProto model) throws Exception {
    assertStandard(model);
    try (OrtSession.SessionOptions options = new OrtSession.SessionOptions()) {
      options.setIntraOpNumThreads(1);
      try (OrtSession session =
          OrtEnvironment.getEnvironment().createSession(model.toByteArray(), options)) {
        OperatorTest.assertMatches(vector, OrtRunner.run(session, vector));
      }
    }
  }

  private static void assertStandard(ModelProto model) {
    assertEquals(List.of(), model.getFunctionsList());
    assertEquals(
        List.of(""),
        model.getOpsetImportList().stream().map(OperatorSetIdProto::getDomain).toList());
    for (NodeProto node : model.getGraph().getNodeList()) {
      assertEquals("", node.getDomain());
      if (node.getOpType().equals("Constant")) {
        assertEquals("value", node.getAttribute(0).getName());
      }
    }
  }

  private static Map<String, Long> counts(ModelProto model) {
    Map<String, Long> counts = new TreeMap<>();
    model.getGraph().getNodeList().forEach(node -> counts.merge(node.getOpType(), 1L, Long::sum));
    return counts;
  }

  private static ModelProto vector(OperatorTable operator) throws Exception {
    return OrtRunner.model(TestVector.read(TestVectors.file(operator)).get(0));
  }

  @ParameterizedTest
  @EnumSource(names = {"SUB_BIT_CONV", "STAGED_SUB_BIT_CONV"})
  void aPlainRealConvolutionIsOneConv(OperatorTable operator) throws Exception {
    ModelProto plain = PortableModels.plain(vector(operator));
    assertEquals(Map.of("Conv", 1L), counts(plain));
    assertTrue(
        plain.getGraph().getInitializerList().stream()
            .noneMatch(tensor -> tensor.getName().matches("index|codebook|scale")),
        plain::toString);
  }

  @Test
  void inlinedModelsKeepTheirWeightsSmall() throws Exception {
    ModelProto model = vector(OperatorTable.BINARY_SUB_BIT_CONV);
    assertEquals(
        model.getGraph().getInitializerList(),
        PortableModels.inlined(model).getGraph().getInitializerList());
  }

  /** A chain whose signs are packed, with and without floats beside them. */
  private static GraphProto.Builder chain() {
    PackedConvWeights weights =
        PackedConvWeights.pack(9, new Codebook(1, new int[] {5, 300}), new int[81], new float[9]);
    ConvAttributes same = ConvAttributes.of(1, 1);
    float[] ones = {1, 2, 3, 4, 5, -6, 7, 8, 9};
    GraphProto.Builder graph =
        GraphProto.newBuilder()
            .setName("chain")
            .addInput(OnnxProtos.value("x", DataType.FLOAT, 1, 9, 4, 4));
    PackedSignNodes.packSigns(graph, "signs", "x", ones);
    PackedSignNodes.packedBinaryConv(
        graph, "first", "signs", weights.withScale(ones), same, ones, PackedOutputs.SIGNS);
    PackedSignNodes.block(
        graph,
        "second",
        PackedSignNodes.signsOf("first"),
        weights.withScale(ones),
        same,
        "x",
        new PackedSignNodes.BlockParameters(ones, ones, ones, ones, ones),
        PackedOutputs.VALUES);
    return graph
        .addValueInfo(OnnxProtos.value("signs", DataType.UINT8, 1, 2, 4, 4))
        .addOutput(OnnxProtos.value("second", DataType.FLOAT, 1, 9, 4, 4));
  }

  @Test
  void plainSignsAreThoseOfFloats() throws Exception {
    ModelProto model = SubBitModels.ofGraph(chain().build());
    ModelProto plain = PortableModels.plain(model);
    assertStandard(plain);
    assertTrue(
        plain.getGraph().getNodeList().stream().noneMatch(node -> node.getOpType().equals("Floor")),
        plain::toString);
    for (UnaryOperator<ModelProto> form :
        List.<UnaryOperator<ModelProto>>of(PortableModels::inlined, PortableModels::plain)) {
      float[][][][] expected = run(model);
      float[][][][] actual = run(form.apply(model));
      assertTrue(java.util.Arrays.deepEquals(expected, actual));
    }
  }

  private static float[][][][] run(ModelProto model) throws Exception {
    float[][][][] x = new float[1][9][4][4];
    for (int i = 0; i < 9 * 16; i++) {
      x[0][i / 16][i / 4 % 4][i % 4] = (float) Math.sin(i) * 8 - 4;
    }
    OrtEnvironment environment = OrtEnvironment.getEnvironment();
    try (OrtSession session = environment.createSession(model.toByteArray());
        ai.onnxruntime.OnnxTensor tensor = ai.onnxruntime.OnnxTensor.createTensor(environment, x);
        OrtSession.Result result = session.run(Map.of("x", tensor))) {
      return (float[][][][]) result.get(0).getValue();
    }
  }

  @Test
  void packedSignsThatSomethingElseReadsAreRefused() {
    GraphProto.Builder output =
        chain().addOutput(OnnxProtos.value("first/signs", DataType.UINT8, 1, 2, 4, 4));
    assertRefused(SubBitModels.ofGraph(output.build()), "'first/signs'");
    GraphProto.Builder reader = chain();
    reader.addNode(
        NodeProto.newBuilder().setName("reader").setOpType("Abs").addInput("signs").addOutput("a"));
    assertRefused(SubBitModels.ofGraph(reader.build()), "'reader'");
    GraphProto.Builder given = chain();
    given.removeNode(0).addInput(OnnxProtos.value("signs", DataType.UINT8, 1, 2, 4, 4));
    assertRefused(SubBitModels.ofGraph(given.build()), "'first'");
  }

  @Test
  void weightsThatCannotBeDecodedAreNamed() throws Exception {
    ModelProto model = vector(OperatorTable.SUB_BIT_CONV);
    assertRefused(without(model, "index"), "'index'");
    ModelProto.Builder damaged = without(model, "codebook").toBuilder();
    damaged
        .getGraphBuilder()
        .addInitializer(OnnxProtos.tensor("codebook", DataType.INT8, new byte[18], 2, 3, 3));
    assertRefused(damaged.build(), "'index' are damaged");
  }

  private static ModelProto without(ModelProto model, String tensor) {
    List<TensorProto> kept =
        model.getGraph().getInitializerList().stream()
            .filter(one -> !one.getName().equals(tensor))
            .toList();
    ModelProto.Builder builder = model.toBuilder();
    builder.getGraphBuilder().clearInitializer().addAllInitializer(kept);
    return builder.build();
  }

  @Test
  void eightBitConvolutionsNeedAnOperatorSetThatDequantizesPerChannel() throws Exception {
    ModelProto.Builder old = vector(OperatorTable.Q_LINEAR_SUB_BIT_CONV).toBuilder();
    old.getOpsetImportBuilder(0).setVersion(12);
    Exception e =
        assertThrows(IllegalArgumentException.class, () -> PortableModels.inlined(old.build()));
    assertTrue(
        e.getMessage().contains("'conv' needs operator set 13") && e.getMessage().endsWith("12"),
        e.getMessage());
  }

  @Test
  void otherFunctionsAreInlinedToo() throws Exception {
    ModelProto.Builder model = vector(OperatorTable.SUB_BIT_CONV).toBuilder();
    model.addFunctions(
        FunctionProto.newBuilder()
            .setDomain("other")
            .setName("Twice")
            .addInput("a")
            .addOutput("b")
            .addOpsetImport(OperatorSetIdProto.newBuilder().setVersion(18))
            .addNode(
                NodeProto.newBuilder()
                    .setOpType("Add")
                    .addInput("a")
                    .addInput("a")
                    .addOutput("b")));
    model
        .getGraphBuilder()
        .addNode(
            NodeProto.newBuilder()
                .setDomain("other")
                .setOpType("Twice")
                .addInput("X")
                .addOutput("twice"))
        .addOutput(OnnxProtos.valueOfAnyShape("twice", DataType.FLOAT));
    assertEquals(Map.of("Conv", 1L, "Add", 1L), counts(PortableModels.plain(model.build())));
  }

  private static void assertRefused(ModelProto model, String part) {
    Exception e = assertThrows(IllegalArgumentException.class, () -> PortableModels.plain(model));
    assertTrue(e.getMessage().contains(part), e.getMessage());
  }
}
