package dev.subbit.tribuo.quantizer.graph;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.onnxruntime.OnnxJavaType;
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
    assertRefused(input(), "has no axis of samples");
  }
}
