package dev.subbit.tribuo.quantizer;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.onnx.proto.OnnxMl.AttributeProto;
import ai.onnx.proto.OnnxMl.FunctionProto;
import ai.onnx.proto.OnnxMl.ModelProto;
import ai.onnx.proto.OnnxMl.NodeProto;
import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import dev.subbit.onnx.OnnxProtos;
import dev.subbit.onnx.graph.FunctionInlining;
import dev.subbit.tribuo.quantizer.fit.FitSettings;
import dev.subbit.tribuo.quantizer.graph.Feed;
import dev.subbit.tribuo.quantizer.graph.GraphSession;
import dev.subbit.tribuo.quantizer.input.Calibration;
import java.io.IOException;
import java.nio.FloatBuffer;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** Models with functions of their own, as PyTorch's newer exporters write them. */
class FunctionInliningTest {

  private static final long[] SHAPE = {2, 8, 12, 12};

  private static NodeProto.Builder node(String opType, List<String> inputs, String... outputs) {
    return NodeProto.newBuilder()
        .setName(opType + "_" + outputs[0])
        .setOpType(opType)
        .addAllInput(inputs)
        .addAllOutput(List.of(outputs));
  }

  private static AttributeProto reference(String name, AttributeProto.AttributeType type) {
    return AttributeProto.newBuilder().setName(name).setRefAttrName(name).setType(type).build();
  }

  private static FunctionProto.Builder function(String name, List<String> inputs, String output) {
    FunctionProto.Builder function =
        FunctionProto.newBuilder()
            .setName(name)
            .setDomain("custom")
            .addAllInput(inputs)
            .addOutput(output);
    function.addOpsetImportBuilder().setVersion(17);
    return function;
  }

  /**
   * A block that calls another function twice; its bias may be left out, its slope has a default.
   */
  private static ModelProto model() {
    GraphBuilder graph = new GraphBuilder(1, -1, 8, 12, 12);
    graph.tensor("w1", 0.2, 8, 8, 3, 3);
    graph.tensor("w2", 0.2, 8, 8, 3, 3);
    graph.tensor("b", 0.5, 8);
    AttributeProto pads = OnnxProtos.attribute("pads", 1, 1, 1, 1);
    graph
        .graph()
        .addNode(node("Block", List.of("x", "w1", "b"), "h").setDomain("custom").addAttribute(pads))
        .addNode(
            node("Block", List.of("h", "w2"), "y")
                .setDomain("custom")
                .addAttribute(pads)
                .addAttribute(OnnxProtos.attribute("alpha", 0.5f)));
    FunctionProto leaky =
        function("Leaky", List.of("v"), "r")
            .addAttributeProto(OnnxProtos.attribute("alpha", 0.125f))
            .addNode(
                node("LeakyRelu", List.of("v"), "r")
                    .addAttribute(reference("alpha", AttributeProto.AttributeType.FLOAT)))
            .build();
    FunctionProto block =
        function("Block", List.of("x", "w", "bias"), "out")
            .addAttribute("pads")
            .addAttributeProto(OnnxProtos.attribute("alpha", 0.25f))
            .addNode(
                node("Conv", List.of("x", "w", "bias"), "h")
                    .addAttribute(reference("pads", AttributeProto.AttributeType.INTS)))
            .addNode(
                node("Leaky", List.of("h"), "left")
                    .setDomain("custom")
                    .addAttribute(reference("alpha", AttributeProto.AttributeType.FLOAT)))
            .addNode(node("Leaky", List.of("x"), "right").setDomain("custom"))
            .addNode(node("Add", List.of("left", "right"), "out"))
            .build();
    ModelProto.Builder model = graph.model(17, "y").toBuilder().setIrVersion(8);
    model.addOpsetImportBuilder().setDomain("custom").setVersion(1);
    FunctionProto.Builder blockWithImport = block.toBuilder();
    blockWithImport.addOpsetImportBuilder().setDomain("custom").setVersion(1);
    return model.addFunctions(leaky).addFunctions(blockWithImport).build();
  }

  private static float[] runWithFunctions(ModelProto model, Feed feed) throws OrtException {
    OrtEnvironment environment = OrtEnvironment.getEnvironment();
    Feed.Tensor x = feed.tensors().get("x");
    try (OrtSession session = environment.createSession(model.toByteArray());
        OnnxTensor tensor = x.toOnnx(environment);
        OrtSession.Result result = session.run(Map.of("x", tensor))) {
      FloatBuffer values = ((OnnxTensor) result.get(0)).getFloatBuffer();
      float[] floats = new float[values.remaining()];
      values.get(floats);
      return floats;
    }
  }

  @Test
  void computesWhatOnnxRuntimeComputes() throws IOException, OrtException {
    ModelProto model = model();
    Feed feed = GraphBuilder.feed(2, SHAPE);
    ModelProto inlined = FunctionInlining.inline("test", model, all -> true);
    assertEquals(0, inlined.getFunctionsCount());
    assertEquals(8, inlined.getGraph().getNodeCount());
    try (GraphSession session = new GraphSession(inlined)) {
      assertArrayEquals(runWithFunctions(model, feed), session.run(feed).get("y").values(), 1e-5f);
    }
    assertSame(inlined, FunctionInlining.inline("test", inlined, all -> true));
  }

  @Test
  void convolutionsInsideBecomeSubBit() throws IOException {
    QuantizationResult result =
        new OnnxQuantizer(new QuantizationSettings(new FitSettings(5, 2, 1, 1), List.of()))
            .quantize(
                FunctionInlining.inline("test", model(), all -> true),
                Calibration.of(List.of(GraphBuilder.feed(2, SHAPE))),
                (done, all, what) -> {});
    assertEquals(2, result.layers().size());
    assertTrue(result.left().isEmpty(), result.left()::toString);
  }

  private static void assertRefused(ModelProto model, String part) {
    String message =
        assertThrows(IOException.class, () -> FunctionInlining.inline("m.onnx", model, all -> true))
            .getMessage();
    assertTrue(message.startsWith("m.onnx") && message.contains(part), message);
  }

  @Test
  void refusesWhatHasNoMeaning() {
    ModelProto model = model();
    ModelProto.Builder circle = model.toBuilder();
    circle
        .getFunctionsBuilder(0)
        .addNode(node("Block", List.of("r", "r", "r"), "again").setDomain("custom"));
    assertRefused(circle.build(), "calls itself");
    ModelProto.Builder older = model.toBuilder();
    older.getFunctionsBuilder(0).getOpsetImportBuilder(0).setVersion(13);
    assertRefused(older.build(), "written in version 13");
    ModelProto.Builder wrong = model.toBuilder();
    wrong.getGraphBuilder().getNodeBuilder(0).addInput("x");
    assertRefused(wrong.build(), "has 4 inputs");
    // Each function calls the one before twice: 2^40 nodes.
    ModelProto.Builder bomb = model.toBuilder();
    String called = "Leaky";
    for (int i = 0; i < 40; i++) {
      bomb.addFunctions(
          function("Bomb" + i, List.of("v"), "r")
              .addNode(node(called, List.of("v"), "h").setDomain("custom"))
              .addNode(node(called, List.of("h"), "r").setDomain("custom")));
      called = "Bomb" + i;
    }
    bomb.getGraphBuilder().addNode(node(called, List.of("x"), "z").setDomain("custom"));
    assertRefused(bomb.build(), "more than");
  }
}
