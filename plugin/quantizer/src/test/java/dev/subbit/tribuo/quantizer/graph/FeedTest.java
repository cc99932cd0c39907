package dev.subbit.tribuo.quantizer.graph;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.onnxruntime.OnnxJavaType;
import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
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

  @Test
  void rowsOfSeveralTensorsMakeAnother() {
    Feed.Tensor tensor =
        Feed.Tensor.of(new FloatArray(new long[] {3, 2}, new float[] {1, 2, 3, 4, 5, 6}));
    Feed.Tensor joined = Feed.Tensor.together(List.of(tensor.rows(2, 1), tensor.rows(0, 2)));
    assertArrayEquals(new long[] {3, 2}, joined.shape());
    assertArrayEquals(new float[] {5, 6, 1, 2, 3, 4}, joined.floats().orElseThrow());
    assertArrayEquals(new float[] {1, 2, 3, 4, 5, 6}, tensor.floats().orElseThrow());
  }

  @Test
  void bytesAndWholeNumbersAreFloatsOnRequest() {
    ByteBuffer bytes = ByteBuffer.wrap(new byte[] {0, (byte) 200});
    assertArrayEquals(
        new float[] {0, 200},
        new Feed.Tensor(OnnxJavaType.UINT8, new long[] {2}, bytes).floats().orElseThrow());
    ByteBuffer numbers = ByteBuffer.allocate(16).order(ByteOrder.nativeOrder());
    numbers.putLong(0, -3).putLong(8, 7);
    assertArrayEquals(
        new float[] {-3, 7},
        new Feed.Tensor(OnnxJavaType.INT64, new long[] {2}, numbers).floats().orElseThrow());
    assertTrue(new Feed.Tensor(OnnxJavaType.DOUBLE, new long[] {2}, numbers).floats().isEmpty());
  }
}
