package dev.subbit.onnx;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.onnx.proto.OnnxMl.FunctionProto;
import ai.onnx.proto.OnnxMl.GraphProto;
import ai.onnx.proto.OnnxMl.ModelProto;
import ai.onnx.proto.OnnxMl.NodeProto;
import ai.onnx.proto.OnnxMl.TensorProto;
import ai.onnx.proto.OnnxMl.TensorProto.DataType;
import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtSession;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The weights that a model computes are those that were packed, in every runtime and form. */
class WeightsFunctionTest {

  private static CodedWeights random(
      Random random, int stages, int tau, int taps, boolean signs, long... shape) {
    int rows = (int) shape[0];
    int size = (int) Arrays.stream(shape).skip(1).reduce(1, (a, b) -> a * b);
    int vectors = (size + taps - 1) / taps;
    List<byte[]> codebooks = new ArrayList<>();
    List<int[]> indices = new ArrayList<>();
    List<float[]> scales = new ArrayList<>();
    for (int s = 0; s < stages; s++) {
      byte[] words = new byte[taps << tau];
      for (int i = 0; i < words.length; i++) {
        words[i] = (byte) (signs ? 2 * random.nextInt(2) - 1 : random.nextInt(255) - 127);
      }
      codebooks.add(words);
      indices.add(random.ints((long) rows * vectors, 0, 1 << tau).toArray());
      scales.add(TestVectors.floats(random, rows, -0.5f, 2));
    }
    return CodedWeights.pack(shape, taps, codebooks, indices, scales);
  }

  /** A model that adds its input to the weights, so that it gives them for an input of zeros. */
  private static ModelProto model(CodedWeights weights, long opset) {
    GraphProto.Builder graph =
        GraphProto.newBuilder()
            .setName("weights")
            .addInput(OnnxProtos.value("x", DataType.FLOAT, 1))
            .addOutput(OnnxProtos.value("y", DataType.FLOAT, weights.shape()));
    WeightsFunction.write(graph, "w", weights);
    graph.addNode(
        NodeProto.newBuilder().setOpType("Add").addInput("x").addInput("w").addOutput("y"));
    ModelProto.Builder model = ModelProto.newBuilder().setIrVersion(8).setGraph(graph);
    model.addOpsetImportBuilder().setVersion(opset);
    return SubBitModels.withOperators(model).build();
  }

  private static float[] run(ModelProto model, String backend) throws Exception {
    try (OrtSession.SessionOptions options = new OrtSession.SessionOptions()) {
      ExecutionBackend.named(backend).configure(options, Map.of());
      try (OrtSession session = SubBitSessions.create(model.toByteArray(), options);
          OnnxTensor x = OnnxTensor.createTensor(OrtEnvironment.getEnvironment(), new float[1]);
          OrtSession.Result result = session.run(Map.of("x", x))) {
        float[] values = new float[((OnnxTensor) result.get(0)).getFloatBuffer().remaining()];
        ((OnnxTensor) result.get(0)).getFloatBuffer().get(values);
        return values;
      }
    }
  }

  private static void assertClose(float[] expected, float[] actual, String what) {
    float largest = 0;
    for (float value : expected) {
      largest = Math.max(largest, Math.abs(value));
    }
    assertArrayEquals(expected, actual, 1e-6f * largest, what);
  }

  @Test
  void modelsComputeTheWeightsThatWerePacked() throws Exception {
    Random random = new Random(1);
    long[][] shapes = {
      {4, 3, 3, 3}, {5, 16, 1, 1}, {7, 13, 1, 1}, {3, 2, 5, 5}, {1, 1}, {6, 20}, {9}, {2, 3, 2}
    };
    for (int i = 0; i < 40; i++) {
      long[] shape = shapes[i % shapes.length];
      int taps = shape.length == 4 && shape[2] == 3 ? 9 : 1 + random.nextInt(12);
      CodedWeights weights =
          random(random, 1 + i % 8, 1 + i % 9, taps, random.nextBoolean(), shape);
      String what = Arrays.toString(shape) + " of " + taps + ", case " + i;
      ModelProto model = model(weights, 18);
      for (String backend : List.of("onnxruntime", "native")) {
        assertClose(weights.toDense(), run(model, backend), what);
      }
      assertClose(weights.toDense(), run(PortableModels.inlined(model), "onnxruntime"), what);
      assertClose(weights.toDense(), run(PortableModels.plain(model), "onnxruntime"), what);
    }
  }

  @ParameterizedTest
  @ValueSource(longs = {12, 13, 15, 17, 19, 21, 23})
  void meanTheSameInOlderAndNewerOperatorSets(long opset) throws Exception {
    CodedWeights weights = random(new Random(opset), 3, 5, 8, false, 6, 20, 1, 1);
    assertClose(weights.toDense(), run(model(weights, opset), "onnxruntime"), "set " + opset);
  }

  /** Files that an earlier version wrote. */
  @Test
  void earlierFunctionsMeanTheSame() throws Exception {
    CodedWeights weights = random(new Random(9), 3, 5, 9, true, 6, 4, 3, 3);
    ModelProto model = model(weights, 18);
    List<FunctionProto> earlier =
        EarlierFunctions.all().stream()
            .filter(function -> function.getName().equals("SubBitWeights"))
            .toList();
    assertFalse(earlier.isEmpty());
    for (FunctionProto function : earlier) {
      assertNotEquals(model.getFunctions(0), function);
      ModelProto old = model.toBuilder().setFunctions(0, function).build();
      for (String backend : List.of("onnxruntime", "native")) {
        assertClose(weights.toDense(), run(old, backend), backend);
      }
    }
  }

  @ParameterizedTest
  @CsvSource({"onnxruntime, 12", "onnxruntime, 18", "native, 12", "native, 18"})
  void foldToOneConvolution(String backend, long opset, @TempDir Path folder) throws Exception {
    CodedWeights weights = random(new Random(7), 2, 5, 9, true, 8, 4, 3, 3);
    GraphProto.Builder graph =
        GraphProto.newBuilder()
            .setName("conv")
            .addInput(OnnxProtos.value("x", DataType.FLOAT, 1, 4, 6, 6))
            .addOutput(OnnxProtos.valueOfAnyShape("y", DataType.FLOAT));
    WeightsFunction.write(graph, "w", weights);
    graph.addNode(
        NodeProto.newBuilder().setOpType("Conv").addInput("x").addInput("w").addOutput("y"));
    Path optimized = folder.resolve("optimized.onnx");
    try (OrtSession.SessionOptions options = new OrtSession.SessionOptions()) {
      options.setOptimizationLevel(OrtSession.SessionOptions.OptLevel.BASIC_OPT);
      options.setOptimizedModelFilePath(optimized.toString());
      ExecutionBackend.named(backend).configure(options, Map.of());
      ModelProto.Builder written = ModelProto.newBuilder().setIrVersion(8).setGraph(graph);
      written.addOpsetImportBuilder().setVersion(opset);
      SubBitSessions.create(SubBitModels.withOperators(written).build().toByteArray(), options)
          .close();
    }
    ModelProto model = ModelProto.parseFrom(Files.readAllBytes(optimized));
    assertEquals(
        List.of("Conv"),
        model.getGraph().getNodeList().stream().map(NodeProto::getOpType).toList());
  }

  @Test
  void whatIsWrittenIsRead() {
    CodedWeights weights = random(new Random(3), 2, 4, 8, false, 5, 11);
    GraphProto graph = model(weights, 18).getGraph();
    Map<String, TensorProto> tensors = new HashMap<>();
    graph.getInitializerList().forEach(tensor -> tensors.put(tensor.getName(), tensor));
    CodedWeights read = WeightsFunction.read(graph.getNode(0), tensors);
    assertArrayEquals(weights.shape(), read.shape());
    assertEquals(4, read.tau());
    assertEquals(2, read.stages());
    assertArrayEquals(weights.indices(1), read.indices(1));
    assertArrayEquals(weights.toDense(), read.toDense());
    // Two stages of 5 x 2 indices, in planes of 2 bytes.
    assertEquals(new StoredSize(55, 2 * 4 * 2, 2 * 16 * 8, 2 * 5 * 4), read.size());

    tensors.put("w/scale", OnnxProtos.tensor("w/scale", new float[] {1, 2, 3}, 1, 3));
    assertTrue(
        message(graph.getNode(0), tensors).startsWith("Node 'w': its weights are damaged: "));
    tensors.remove("w/scale");
    assertEquals(
        "Node 'w': its scale is not a tensor in the file, of type FLOAT and with raw data",
        message(graph.getNode(0), tensors));
  }

  private static String message(NodeProto node, Map<String, TensorProto> tensors) {
    return assertThrows(IllegalArgumentException.class, () -> WeightsFunction.read(node, tensors))
        .getMessage();
  }

  @Test
  void signsAreSumsOfSubBitConvolutions() {
    CodedWeights signs = random(new Random(4), 3, 2, 9, true, 4, 5, 3, 3);
    List<PackedConvWeights> stages = signs.convolutions();
    assertEquals(3, stages.size());
    float[] sum = new float[4 * 5 * 9];
    for (PackedConvWeights stage : stages) {
      float[] dense = stage.toDense();
      for (int i = 0; i < sum.length; i++) {
        sum[i] += dense[i];
      }
    }
    assertArrayEquals(signs.toDense(), sum);
    assertArrayEquals(signs.toDense(), CodedWeights.of(stages).toDense());
    assertTrue(signs.isSigns());
    CodedWeights others = random(new Random(4), 1, 2, 9, false, 4, 5, 3, 3);
    assertFalse(others.isSigns());
    assertThrows(IllegalArgumentException.class, others::convolutions);
  }
}
