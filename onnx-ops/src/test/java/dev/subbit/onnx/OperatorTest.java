package dev.subbit.onnx;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.onnx.proto.OnnxMl.FunctionProto;
import ai.onnx.proto.OnnxMl.ModelProto;
import ai.onnx.proto.OnnxMl.NodeProto;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtSession;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Named;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/** Runs every case of the vector files in every possible way. */
class OperatorTest {

  private static final OrtEnvironment ENVIRONMENT = OrtEnvironment.getEnvironment();

  @ParameterizedTest
  @EnumSource
  void filesAreWhatTheGeneratorMakes(OperatorTable operator) throws Exception {
    Path file = TestVectors.file(operator);
    if (Boolean.getBoolean("subbit.writeVectors")) {
      Files.createDirectories(file.getParent());
      Files.writeString(file, TestVectors.text(operator));
    }
    assertTrue(
        Files.readString(file).equals(TestVectors.text(operator)),
        file + " is out of date; regenerate it with -Dsubbit.writeVectors=true");
  }

  static Stream<Arguments> vectorsAndBackends() {
    return Stream.of("onnxruntime", "native")
        .flatMap(
            backend ->
                Stream.of(OrtSession.SessionOptions.OptLevel.values())
                    .flatMap(
                        level ->
                            Stream.of(OperatorTable.values())
                                .map(operator -> Arguments.of(backend, level, operator))));
  }

  @ParameterizedTest
  @MethodSource("vectorsAndBackends")
  void givesTheExpectedOutput(
      String backend, OrtSession.SessionOptions.OptLevel level, OperatorTable operator)
      throws Exception {
    List<TestVector> vectors = TestVector.read(TestVectors.file(operator));
    assertFalse(vectors.isEmpty());
    for (TestVector vector : vectors) {
      byte[] model = OrtRunner.model(vector).toByteArray();
      try (OrtSession.SessionOptions options = new OrtSession.SessionOptions()) {
        options.setIntraOpNumThreads(1);
        options.setOptimizationLevel(level);
        ExecutionBackend.named(backend).configure(options, Map.of());
        try (OrtSession session = ENVIRONMENT.createSession(model, options)) {
          List<TestTensor> outputs = OrtRunner.run(session, vector);
          assertEquals(vector.outputs().size(), outputs.size());
          assertMatches(vector, outputs);
        }
      }
    }
  }

  /** If an operator has two outputs, either may be left out. */
  @ParameterizedTest
  @MethodSource("vectorsAndBackends")
  void eachOutputCanBeRequestedAlone(
      String backend, OrtSession.SessionOptions.OptLevel level, OperatorTable operator)
      throws Exception {
    TestVector vector = TestVector.read(TestVectors.file(operator)).get(1);
    for (String output : operator.outputs.stream().map(OperatorTable.Output::name).toList()) {
      byte[] model = OrtRunner.model(vector, List.of(output)).toByteArray();
      try (OrtSession.SessionOptions options = new OrtSession.SessionOptions()) {
        options.setOptimizationLevel(level);
        ExecutionBackend.named(backend).configure(options, Map.of());
        try (OrtSession session = SubBitSessions.create(model, options)) {
          List<TestTensor> outputs = OrtRunner.run(session, vector);
          assertEquals(List.of(output), outputs.stream().map(TestTensor::name).toList());
          assertMatches(vector, outputs);
        }
      }
    }
  }

  @ParameterizedTest
  @EnumSource
  void bodiesMeanTheSameInModelsOfOlderAndNewerOperatorSets(OperatorTable operator)
      throws Exception {
    TestVector vector = TestVector.read(TestVectors.file(operator)).get(0);
    ModelProto.Builder model = OrtRunner.model(vector).toBuilder();
    for (long opset : new long[] {SubBitOperator.OLDEST_STANDARD_OPSET, 13, 15, 17, 19, 21, 23}) {
      model.getOpsetImportBuilder(0).setVersion(opset);
      byte[] bytes = SubBitModels.withOperators(model).build().toByteArray();
      try (OrtSession.SessionOptions options = new OrtSession.SessionOptions();
          OrtSession session = SubBitSessions.create(bytes, options)) {
        assertMatches(vector, OrtRunner.run(session, vector));
      }
    }
  }

  static Stream<Arguments> earlierFunctions() {
    return EarlierFunctions.all().stream()
        .flatMap(
            function ->
                Stream.of(OperatorTable.values())
                    .filter(operator -> operator.opType.equals(function.getName()))
                    .map(
                        operator ->
                            Arguments.of(
                                operator, Named.of(function.getNodeCount() + " nodes", function))));
  }

  /** Files that an earlier version wrote: bodies and kernels give what today's bodies give. */
  @ParameterizedTest
  @MethodSource("earlierFunctions")
  void earlierFunctionsMeanTheSame(OperatorTable operator, FunctionProto function)
      throws Exception {
    for (TestVector vector : TestVector.read(TestVectors.file(operator))) {
      byte[] model = withFunction(OrtRunner.model(vector), function).toByteArray();
      for (String backend : List.of("onnxruntime", "native")) {
        try (OrtSession.SessionOptions options = new OrtSession.SessionOptions()) {
          options.setIntraOpNumThreads(1);
          ExecutionBackend.named(backend).configure(options, Map.of());
          try (OrtSession session = SubBitSessions.create(model, options)) {
            assertMatches(vector, OrtRunner.run(session, vector));
          }
        }
      }
    }
  }

  private static ModelProto withFunction(ModelProto model, FunctionProto other) {
    ModelProto.Builder earlier = model.toBuilder();
    for (int i = 0; i < model.getFunctionsCount(); i++) {
      if (model.getFunctions(i).getName().equals(other.getName())) {
        earlier.setFunctions(i, other);
      }
    }
    assertNotEquals(model.getFunctionsList(), earlier.getFunctionsList());
    return earlier.build();
  }

  static void assertMatches(TestVector vector, List<TestTensor> outputs) {
    for (TestTensor actual : outputs) {
      TestTensor expected =
          vector.outputs().stream()
              .filter(output -> output.name().equals(actual.name()))
              .findAny()
              .orElseThrow();
      assertMatches(vector + " " + actual.name(), vector.operator(), expected, actual);
    }
  }

  private static void assertMatches(
      String what, OperatorTable operator, TestTensor expected, TestTensor actual) {
    assertEquals(expected.type(), actual.type(), what);
    assertArrayEquals(expected.shape(), actual.shape(), what);
    if (operator != OperatorTable.SUB_BIT_CONV && operator != OperatorTable.STAGED_SUB_BIT_CONV) {
      assertArrayEquals(withOneNan(expected), withOneNan(actual), what);
      return;
    }
    float largest = 0;
    for (int i = 0; i < expected.values().length; i++) {
      largest = Math.max(largest, Math.abs(expected.f(i)));
    }
    for (int i = 0; i < expected.values().length; i++) {
      assertEquals(expected.f(i), actual.f(i), 1e-4f * largest, what + " at " + i);
    }
  }

  /** The bits of the values, with all bit patterns of not-a-number replaced by the same one. */
  private static int[] withOneNan(TestTensor tensor) {
    int[] values = tensor.values().clone();
    for (int i = 0; i < values.length; i++) {
      if (tensor.type() == TestTensor.Type.F32) {
        values[i] = Float.floatToIntBits(tensor.f(i));
      }
    }
    return values;
  }

  private static final List<String> PACK = List.of("Add", "GreaterOrEqual", "Cast", "Conv", "Cast");

  private static final List<String> UNPACK_AND_CONVOLVE =
      List.of(
          "Cast",
          "Gather",
          "Mul",
          "Floor",
          "Sub",
          "Sub",
          "GreaterOrEqual",
          "Where",
          "Conv",
          "Round",
          "Mul",
          "Add");

  private static List<String> concat(List<List<String>> lists) {
    return lists.stream().flatMap(List::stream).toList();
  }

  static Stream<Arguments> foldedGraphs() {
    return Stream.of(
        Arguments.of(OperatorTable.SUB_BIT_CONV, List.of("Conv")),
        Arguments.of(OperatorTable.STAGED_SUB_BIT_CONV, List.of("Conv")),
        Arguments.of(
            OperatorTable.BINARY_SUB_BIT_CONV,
            List.of("GreaterOrEqual", "Where", "Conv", "Round", "Mul", "Add")),
        Arguments.of(OperatorTable.Q_LINEAR_SUB_BIT_CONV, List.of("QLinearConv")),
        Arguments.of(
            OperatorTable.Q_LINEAR_SUB_BIT_BLOCK,
            List.of(
                "Cast",
                "Sub",
                "Mul",
                "Cast",
                "Sub",
                "Conv",
                "Round",
                "Cast",
                "Add",
                "Cast",
                "Mul",
                "Add",
                "QuantizeLinear")),
        Arguments.of(OperatorTable.PACK_SIGNS, PACK),
        Arguments.of(
            OperatorTable.PACKED_BINARY_SUB_BIT_CONV, concat(List.of(UNPACK_AND_CONVOLVE, PACK))),
        Arguments.of(
            OperatorTable.BINARY_SUB_BIT_BLOCK,
            concat(List.of(UNPACK_AND_CONVOLVE, List.of("Add", "Add", "PRelu", "Add"), PACK))));
  }

  @ParameterizedTest
  @MethodSource("foldedGraphs")
  void bodyFoldsToOneConvolutionAtLoad(
      OperatorTable operator, List<String> operators, @TempDir Path folder) throws Exception {
    for (TestVector vector : TestVector.read(TestVectors.file(operator))) {
      if (operator == OperatorTable.PACKED_BINARY_SUB_BIT_CONV
          && vector.attribute("out_channels") == 1) {
        continue; // ONNX Runtime removes the addition of a single 0 before the packing.
      }
      if (operator == OperatorTable.Q_LINEAR_SUB_BIT_BLOCK && hasNeutralScalars(vector)) {
        continue; // It also removes subtractions of 0 and multiplications by 1.
      }
      assertEquals(operators, optimizedOperators(vector, "onnxruntime", folder), vector.toString());
    }
  }

  private static boolean hasNeutralScalars(TestVector vector) {
    Map<String, TestTensor> inputs = new HashMap<>();
    vector.inputs().forEach(input -> inputs.put(input.name(), input));
    return inputs.get("x_zero_point").values()[0] == 0
        || inputs.get("residual_zero_point").values()[0] == 0
        || inputs.get("residual_scale").f(0) == inputs.get("y_scale").f(0)
        || vector.attribute("out_channels") == 1;
  }

  @ParameterizedTest
  @EnumSource
  void kernelsTakeTheNodeInPlaceOfTheBody(OperatorTable operator, @TempDir Path folder)
      throws Exception {
    for (TestVector vector : TestVector.read(TestVectors.file(operator))) {
      assertEquals(
          List.of(operator.opType),
          optimizedOperators(vector, "native", folder),
          vector.toString());
    }
  }

  /** Lists the operators that remain in a vector's model once ONNX Runtime has simplified it. */
  private static List<String> optimizedOperators(TestVector vector, String backend, Path folder)
      throws Exception {
    Path optimized = folder.resolve(vector.name() + ".onnx");
    try (OrtSession.SessionOptions options = new OrtSession.SessionOptions()) {
      options.setOptimizationLevel(OrtSession.SessionOptions.OptLevel.BASIC_OPT);
      options.setOptimizedModelFilePath(optimized.toString());
      ExecutionBackend.named(backend).configure(options, Map.of());
      ENVIRONMENT.createSession(OrtRunner.model(vector).toByteArray(), options).close();
    }
    ModelProto model = ModelProto.parseFrom(Files.readAllBytes(optimized));
    return model.getGraph().getNodeList().stream().map(NodeProto::getOpType).toList();
  }

  @Test
  void vectorsStaySmall() throws Exception {
    for (OperatorTable operator : OperatorTable.values()) {
      long size = Files.size(TestVectors.file(operator));
      assertTrue(size < 120_000, TestVectors.file(operator) + " takes " + size + " bytes");
    }
  }
}
