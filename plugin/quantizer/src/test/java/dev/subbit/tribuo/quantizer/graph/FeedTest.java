package dev.subbit.tribuo.quantizer.graph;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class FeedTest {

  private static final Feed.Tensor ONE =
      Feed.Tensor.of(new FloatArray(new long[] {1}, new float[] {1}));

  @Test
  void keepsTheOrderOfItsInputsAndCannotBeChanged() {
    Map<String, Feed.Tensor> tensors = new LinkedHashMap<>();
    tensors.put("z", ONE);
    tensors.put("a", ONE);
    Feed feed = new Feed(tensors);
    tensors.clear();
    assertEquals(List.of("z", "a"), List.copyOf(feed.tensors().keySet()));
    assertThrows(UnsupportedOperationException.class, () -> feed.tensors().remove("a"));
  }

  @Test
  void aTensorIsACopyThatOnnxRuntimeReads() throws OrtException {
    float[] values = {1, 2, 3};
    Feed.Tensor tensor = Feed.Tensor.of(new FloatArray(new long[] {3, 1}, values));
    values[0] = 9;
    try (OnnxTensor onnx = tensor.toOnnx(OrtEnvironment.getEnvironment())) {
      assertArrayEquals(new long[] {3, 1}, onnx.getInfo().getShape());
      float[] read = new float[3];
      onnx.getFloatBuffer().get(read);
      assertArrayEquals(new float[] {1, 2, 3}, read);
    }
    assertEquals(12, tensor.data().remaining(), "may be read again");
  }
}
