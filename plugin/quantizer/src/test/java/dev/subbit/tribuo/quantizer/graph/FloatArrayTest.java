package dev.subbit.tribuo.quantizer.graph;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertSame;

import org.junit.jupiter.api.Test;

class FloatArrayTest {

  @Test
  void theIterationsOfALoopFollowOneAnotherAsImages() {
    float[] values = new float[2 * 3 * 4 * 5 * 6];
    FloatArray images = new FloatArray(new long[] {2, 3, 4, 5, 6}, values).images();
    assertArrayEquals(new long[] {6, 4, 5, 6}, images.shape());
    assertSame(values, images.values());
  }

  @Test
  void aBatchIsABatch() {
    FloatArray batch = new FloatArray(new long[] {2, 3, 1, 1}, new float[6]);
    assertSame(batch, batch.images());
  }

  @Test
  void whatDidNotRunHasNoImages() {
    assertArrayEquals(
        new long[] {0, 1, 1, 1}, new FloatArray(new long[] {0}, new float[0]).images().shape());
  }
}
