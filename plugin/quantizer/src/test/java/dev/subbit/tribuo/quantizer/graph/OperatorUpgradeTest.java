package dev.subbit.tribuo.quantizer.graph;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.onnx.proto.OnnxMl.AttributeProto;
import ai.onnx.proto.OnnxMl.ModelProto;
import ai.onnx.proto.OnnxMl.NodeProto;
import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import dev.subbit.onnx.OnnxProtos;
import dev.subbit.onnx.SubBitModels;
import dev.subbit.onnx.graph.TinyGraph;
import java.io.IOException;
import java.nio.FloatBuffer;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What nodes of old operator sets compute, before and after. */
class OperatorUpgradeTest {

  private static final long[] SHAPE = {2, 3, 6, 5};

  private final TinyGraph graph =
      new TinyGraph()
          .input("x", SHAPE)
          .floats("gamma", new float[] {2, 3, 0.5f}, 3)
          .floats("beta", new float[] {5, 7, 1}, 3)
          .floats("mean", new float[] {1, -1, 0}, 3)
          .floats("variance", new float[] {3, 15, 1}, 3);

  private static AttributeProto floats(String name, float... values) {
    AttributeProto.Builder attribute =
        AttributeProto.newBuilder().setName(name).setType(AttributeProto.AttributeType.FLOATS);
    for (float value : values) {
      attribute.addFloats(value);
    }
    return attribute.build();
  }

  private ModelProto model(long opset, String output) {
    graph.output(output);
    ModelProto.Builder model = graph.model().toBuilder();
    model.getOpsetImportBuilder(0).setVersion(opset);
    return model.build();
  }

  private static float[] run(ModelProto model) throws OrtException {
    OrtEnvironment environment = OrtEnvironment.getEnvironment();
    SplittableRandom rng = new SplittableRandom(9);
    float[] x = new float[180];
    for (int i = 0; i < x.length; i++) {
      x[i] = (float) rng.nextGaussian();
    }
    try (OrtSession session = environment.createSession(model.toByteArray());
        OnnxTensor input = OnnxTensor.createTensor(environment, FloatBuffer.wrap(x), SHAPE);
        OrtSession.Result result = session.run(Map.of("x", input))) {
      FloatBuffer buffer = ((OnnxTensor) result.get(0)).getFloatBuffer();
      float[] values = new float[buffer.remaining()];
      buffer.get(values);
      return values;
    }
  }

  private void assertSame(long opset, String output) throws IOException, OrtException {
    ModelProto old = model(opset, output);
    ModelProto upgraded = OperatorSets.upgrade("old.onnx", old);
    assertEquals(12, SubBitModels.standardOpset(upgraded));
    assertArrayEquals(run(old), run(upgraded));
  }

  @ParameterizedTest
  @ValueSource(longs = {7, 8, 9})
  void attributesThatBecameInputs(long opset) throws Exception {
    graph
        .node("Clip", List.of("x"), "c", OnnxProtos.attribute("max", 0.7f))
        .node(
            "Pad",
            List.of("c"),
            "p",
            OnnxProtos.attribute("pads", 0, 0, 1, 2, 0, 0, 0, 1),
            OnnxProtos.attribute("value", 3f))
        .node(
            "Slice",
            List.of("p"),
            "s",
            OnnxProtos.attribute("starts", 1, -4),
            OnnxProtos.attribute("ends", 6, 1000),
            OnnxProtos.attribute("axes", 2, 3));
    graph.node(
        NodeProto.newBuilder()
            .setOpType("TopK")
            .addInput("s")
            .addAllOutput(List.of("y", "indices"))
            .addAttribute(OnnxProtos.attribute("k", 3L))
            .build());
    assertSame(opset, "y");
  }

  @ParameterizedTest
  @ValueSource(longs = {7, 8})
  void normalisationAndDropout(long opset) throws Exception {
    graph
        .node(
            "BatchNormalization",
            List.of("x", "gamma", "beta", "mean", "variance"),
            "n",
            OnnxProtos.attribute("spatial", 1L))
        .node("Dropout", List.of("n"), "y", OnnxProtos.attribute("ratio", 0.4f));
    assertSame(opset, "y");
  }

  @ParameterizedTest
  @ValueSource(strings = {"nearest", "linear"})
  void enlargingByScales(String mode) throws Exception {
    graph.node(
        "Upsample",
        List.of("x"),
        "y",
        OnnxProtos.attribute("mode", mode),
        floats("scales", 1, 1, 2, 3));
    assertSame(7, "y");
  }

  @ParameterizedTest
  @ValueSource(longs = {9, 10})
  void resizingByAnInput(long opset) throws Exception {
    graph
        .floats("scales", new float[] {1, 1, 1.5f, 2}, 4)
        .node(
            opset == 9 ? "Upsample" : "Resize",
            List.of("x", "scales"),
            "y",
            OnnxProtos.attribute("mode", "nearest"));
    assertSame(opset, "y");
  }

  @Test
  void makingSmallerTakesTheNextPixel() throws Exception {
    graph
        .floats("scales", new float[] {1, 1, 0.4f, 0.6f}, 4)
        .node("Resize", List.of("x", "scales"), "y", OnnxProtos.attribute("mode", "nearest"));
    assertSame(10, "y");
  }

  @Test
  void whatHasNoCounterpartIsRefusedByName() {
    graph.node(
        "BatchNormalization",
        List.of("x", "gamma", "beta", "mean", "variance"),
        "y",
        OnnxProtos.attribute("spatial", 0L));
    String message =
        assertThrows(IOException.class, () -> OperatorSets.upgrade("old.onnx", model(8, "y")))
            .getMessage();
    assertTrue(message.contains("old.onnx: node 'y' (BatchNormalization)"), message);
  }
}
