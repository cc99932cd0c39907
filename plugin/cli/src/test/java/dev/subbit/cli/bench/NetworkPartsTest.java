package dev.subbit.cli.bench;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.onnx.proto.OnnxMl.ModelProto;
import ai.onnx.proto.OnnxMl.NodeProto;
import ai.onnx.proto.OnnxMl.TensorProto.DataType;
import ai.onnx.proto.OnnxMl.TensorShapeProto.Dimension;
import ai.onnx.proto.OnnxMl.ValueInfoProto;
import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtException;
import dev.subbit.tribuo.network.ImageShape;
import java.nio.FloatBuffer;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

class NetworkPartsTest {

  /** The stem halves the image twice, and the first block has 64 channels. */
  private static final List<Long> STEM_VALUES = List.of(1L, 64L, 18L, 18L);

  private static final List<Long> CHANNELS_LAST = List.of(1L, 18L, 18L, 64L);

  private final BenchNetwork network =
      new BenchNetwork("small", "resnet18", new ImageShape(3, 72, 72), 10);
  private final NetworkParts parts = new NetworkParts(network);

  @Test
  void theStemEndsWhereTheFirstBlockBegins() throws OrtException {
    Contest stem = parts.stem();
    assertEquals(List.of(STEM_VALUES), shapes(stem.fp32().getGraph().getOutputList()));
    assertEquals(1, operators(stem.int8()).get("MaxPool"));
    assertFalse(operators(stem.fp32()).containsKey("Gemm"));

    ModelProto binary = stem.forms().get(0).models().make(5);
    assertEquals(1, operators(binary).get("PackSigns"));
    assertEquals(2, binary.getGraph().getOutputCount());
    assertTrue(shapes(binary.getGraph().getOutputList()).contains(STEM_VALUES));

    ModelProto integer = stem.forms().get(1).models().make(5);
    assertEquals(1, operators(integer).get("IntegerStem"));
    assertEquals(List.of(CHANNELS_LAST), shapes(integer.getGraph().getOutputList()));
    assertEquals(
        DataType.INT16_VALUE,
        integer.getGraph().getOutput(0).getType().getTensorType().getElemType());
  }

  @Test
  void aPartComputesWhatItComputesInItsNetwork() throws OrtException {
    ModelProto part = parts.stem().fp32();
    String output = part.getGraph().getOutput(0).getName();
    float[] alone = values(part, output);
    assertArrayEquals(values(network.inFloats(), output), alone);
    assertEquals(64 * 18 * 18, alone.length);
  }

  @Test
  void shortcutsAndClassifierAreAllThatIsNeitherStemNorBlock() throws OrtException {
    Contest tail = parts.shortcutsAndClassifier();
    // A real network has a shortcut for two convolutions, a binary one for each; three change size.
    assertEquals(3, operators(tail.fp32()).get("Conv"));
    for (int tau : List.of(5, 9)) {
      assertEquals(
          Map.of(
              "AveragePool",
              3L,
              "Conv",
              3L,
              "GlobalAveragePool",
              1L,
              "Flatten",
              1L,
              "Gemm",
              1L,
              "Softmax",
              1L),
          operators(tail.forms().get(0).models().make(tau)));
      ModelProto integer = tail.forms().get(1).models().make(tau);
      assertEquals(
          Map.of("IntegerShortcut", 3L, "IntegerClassifier", 1L, "Softmax", 1L),
          operators(integer));
      assertEquals(4, integer.getGraph().getInputCount());
      assertEquals(4, integer.getGraph().getOutputCount());
    }
  }

  private static Map<String, Long> operators(ModelProto model) {
    return model.getGraph().getNodeList().stream()
        .collect(Collectors.groupingBy(NodeProto::getOpType, Collectors.counting()));
  }

  private static List<List<Long>> shapes(List<ValueInfoProto> values) {
    return values.stream()
        .map(
            value ->
                value.getType().getTensorType().getShape().getDimList().stream()
                    .map(Dimension::getDimValue)
                    .toList())
        .toList();
  }

  private static float[] values(ModelProto model, String tensor) throws OrtException {
    return ModelValues.of(model, List.of(tensor), NetworkPartsTest::floats).get(tensor);
  }

  private static float[] floats(OnnxTensor tensor) {
    FloatBuffer buffer = tensor.getFloatBuffer();
    float[] floats = new float[buffer.remaining()];
    buffer.get(floats);
    return floats;
  }
}
