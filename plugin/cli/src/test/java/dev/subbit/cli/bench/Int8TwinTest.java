package dev.subbit.cli.bench;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.onnx.proto.OnnxMl.ModelProto;
import ai.onnx.proto.OnnxMl.NodeProto;
import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtLoggingLevel;
import ai.onnxruntime.OrtSession;
import dev.subbit.tribuo.network.ImageShape;
import java.io.IOException;
import java.nio.FloatBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The 8-bit peer must be a good one, or the comparison would mean nothing. */
class Int8TwinTest {

  private static final OrtEnvironment ENVIRONMENT = OrtEnvironment.getEnvironment();

  /** With the large stem, whose max pooling and 7x7 convolution the small one lacks. */
  private final ModelProto floats =
      new BenchNetwork("resnet8", "resnet8", new ImageShape(3, 24, 24), 10).inFloats();

  private final ModelProto largeStem =
      new BenchNetwork("resnet18", "resnet18", new ImageShape(3, 72, 72), 10).inFloats();

  @TempDir Path folder;

  @Test
  void onnxRuntimeFusesEveryLayerIntoAnIntegerOperator() throws Exception {
    for (ModelProto model : List.of(floats, largeStem)) {
      Map<String, Long> operators = optimized(Int8Twin.of(model));
      assertEquals(count(model, "Conv"), operators.get("QLinearConv"), operators.toString());
      // The addition that is left belongs to the input's normalisation.
      assertEquals(count(model, "Add") - 1, operators.get("QLinearAdd"), operators.toString());
      Set<String> left = new TreeSet<>(operators.keySet());
      left.retainAll(Set.of("Conv", "FusedConv", "Gemm", "FusedGemm", "Relu", "GlobalAveragePool"));
      assertEquals(Set.of(), left, operators.toString());
    }
  }

  @Test
  void onnxRuntimeFusesALayersPeerIntoIntegerOperators() throws Exception {
    LayerShape shape = new LayerShape("resnet20", 8, 64, 3);
    Map<String, Long> operators = optimized(LayerPeer.INT8.model(shape));
    // Around the layers, ONNX Runtime changes the layout.
    operators.remove("Transpose");
    assertEquals(Map.of("QLinearConv", 3L), operators);
  }

  @Test
  void itGivesWhatTheFloatsGive() throws OrtException {
    Random random = new Random(1);
    FloatBuffer image = FloatBuffer.allocate(3 * 24 * 24);
    while (image.hasRemaining()) {
      image.put(random.nextInt(256));
    }
    float[] expected = run(floats, image.flip());
    float[] actual = run(Int8Twin.of(floats), image);
    float[] sorted = expected.clone();
    Arrays.sort(sorted);
    float spread = sorted[9] - sorted[0];
    assertTrue(spread > 0.001f, "the image must tell: " + Arrays.toString(expected));
    for (int label = 0; label < expected.length; label++) {
      assertEquals(expected[label], actual[label], 0.05f * spread, "label " + label);
    }
  }

  private static long count(ModelProto model, String opType) {
    return model.getGraph().getNodeList().stream()
        .filter(node -> node.getOpType().equals(opType))
        .count();
  }

  private Map<String, Long> optimized(ModelProto model) throws OrtException, IOException {
    Path file = folder.resolve("optimized.onnx");
    try (OrtSession.SessionOptions options = new OrtSession.SessionOptions()) {
      options.setOptimizedModelFilePath(file.toString());
      options.setSessionLogLevel(OrtLoggingLevel.ORT_LOGGING_LEVEL_ERROR);
      ENVIRONMENT.createSession(model.toByteArray(), options).close();
    }
    return ModelProto.parseFrom(Files.readAllBytes(file)).getGraph().getNodeList().stream()
        .collect(Collectors.groupingBy(NodeProto::getOpType, Collectors.counting()));
  }

  private static float[] run(ModelProto model, FloatBuffer image) throws OrtException {
    try (OrtSession session = ENVIRONMENT.createSession(model.toByteArray());
        OnnxTensor input =
            OnnxTensor.createTensor(ENVIRONMENT, image.duplicate(), new long[] {1, 3 * 24 * 24});
        OrtSession.Result result = session.run(Map.of("input", input))) {
      return ((float[][]) result.get(0).getValue())[0];
    }
  }
}
