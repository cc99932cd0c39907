package dev.subbit.tribuo.quantizer.input;

import static org.junit.jupiter.api.Assertions.assertEquals;

import ai.onnxruntime.OnnxJavaType;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import org.junit.jupiter.api.Test;

class SamplesTest {

  private static Samples floats(int count, long... shape) {
    ByteBuffer data = ByteBuffer.allocateDirect(count * Float.BYTES).order(ByteOrder.nativeOrder());
    for (int i = 0; i < count; i++) {
      data.putFloat(i);
    }
    return new Samples(OnnxJavaType.FLOAT, shape, data.rewind(), "test");
  }

  @Test
  void theFirstAxisCountsThem() {
    assertEquals(4, floats(24, 4, 3, 2).count());
    assertEquals(1, floats(1).count(), "a scalar is one sample");
  }

  @Test
  void aSliceHoldsARunOfWholeSamplesWithoutCopying() {
    Samples samples = floats(24, 4, 3, 2);
    ByteBuffer slice = samples.slice(1, 2);
    assertEquals(12 * Float.BYTES, slice.remaining());
    assertEquals(6, slice.getFloat(0));
    assertEquals(17, slice.getFloat(11 * Float.BYTES));
    samples.data().putFloat(6 * Float.BYTES, -1);
    assertEquals(-1, slice.getFloat(0));
  }

  @Test
  void aSliceOfAScalarIsTheScalar() {
    assertEquals(Float.BYTES, floats(1).slice(0, 1).remaining());
  }
}
