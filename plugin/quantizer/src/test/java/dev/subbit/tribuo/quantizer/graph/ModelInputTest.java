package dev.subbit.tribuo.quantizer.graph;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.onnx.proto.OnnxMl.TensorProto.DataType;
import ai.onnxruntime.OnnxJavaType;
import dev.subbit.onnx.OnnxProtos;
import dev.subbit.onnx.graph.TinyGraph;
import java.util.List;
import org.junit.jupiter.api.Test;

class ModelInputTest {

  private static ModelInput input(long... shape) {
    return new ModelInput("x", OnnxJavaType.FLOAT, shape);
  }

  private static void assertRefused(ModelInput input, String reason, long... given) {
    String message =
        assertThrows(IllegalArgumentException.class, () -> input.sampleShape(given)).getMessage();
    assertTrue(message.contains("'x'") && message.contains(reason), message);
  }

  @Test
  void openDimensionsAreShownAsSuch() {
    assertEquals("[?, 3, ?, 224]", input(-1, 3, 0, 224).toString());
    assertEquals("[]", input().toString());
  }

  @Test
  void aFixedSampleNeedsNoWord() {
    assertArrayEquals(new long[] {3, 8, 9}, input(-1, 3, 8, 9).sampleShape(new long[0]));
    assertArrayEquals(new long[0], input(-1).sampleShape(new long[0]));
  }

  @Test
  void anImageOrAScalarHasNoAxisOfSamples() {
    assertArrayEquals(new long[] {3, 8, 9}, input(3, 8, 9).sampleShape(new long[0]));
    assertArrayEquals(new long[] {8, 9, 1}, input(-1, -1, 1).sampleShape(new long[] {8, 9, 1}));
    assertArrayEquals(new long[0], input().sampleShape(new long[0]));
  }

  @Test
  void aShapeThatTheModelLeavesOutIsTheUsers() {
    ModelInput open = new ModelInput("x", OnnxJavaType.FLOAT, null);
    assertArrayEquals(new long[] {3, 8, 9}, open.sampleShape(new long[] {3, 8, 9}));
    assertEquals("of any shape", open.toString());
  }

  @Test
  void inputsOfAModelAreThoseThatHaveToBeFed() {
    TinyGraph graph = new TinyGraph().input("x", 0, 2).input("w", 3).filled("w", 1, 3);
    graph.builder().addInput(OnnxProtos.value("ids", DataType.INT64));
    graph.builder().addInput(OnnxProtos.valueOfAnyShape("any", DataType.FLOAT));
    List<ModelInput> inputs = ModelInput.of(graph.node("Neg", List.of("x"), "y").model());
    assertEquals(List.of("x", "ids", "any"), inputs.stream().map(ModelInput::name).toList());
    assertEquals("[?, 2]", inputs.get(0).toString());
    assertEquals(OnnxJavaType.INT64, inputs.get(1).type());
    assertEquals("[]", inputs.get(1).toString(), "a scalar");
    assertEquals("of any shape", inputs.get(2).toString());
  }

  @Test
  void openDimensionsAreTakenFromTheUser() {
    assertArrayEquals(new long[] {3, 8, 9}, input(-1, 3, -1, -1).sampleShape(new long[] {3, 8, 9}));
    assertArrayEquals(
        new long[] {3, 8, 9},
        input(-1, 3, -1, 9).sampleShape(new long[] {0, 8, 0}),
        "nothing said of what is fixed");
  }

  @Test
  void whatStaysOpenOrContradictsTheModelIsRefused() {
    assertRefused(input(-1, 3, -1, 9), "--shape 3x224x224");
    assertRefused(input(-1, 3, -1), "not fixed in size", 3, 0);
    assertRefused(input(-1, 3, -1), "which --shape contradicts", 4, 8);
    assertRefused(input(-1, 3, -1), "a shape of 3 dimensions", 3, 8, 8);
    assertRefused(new ModelInput("x", OnnxJavaType.FLOAT, null), "has no shape", new long[0]);
  }
}
