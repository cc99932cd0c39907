package dev.subbit.tribuo.quantizer.input;

import ai.onnxruntime.OnnxJavaType;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * Values for one input of a model, the first axis counting the samples.
 *
 * @param type type of the elements.
 * @param shape the shape.
 * @param data the elements in row-major order and the byte order of the machine.
 * @param source their origin, for messages.
 */
public record Samples(OnnxJavaType type, long[] shape, ByteBuffer data, String source) {

  /**
   * Makes samples of one whole number each, such as classes.
   *
   * @param numbers the numbers.
   * @param source their origin, for messages.
   * @return the samples, int64 of one axis.
   */
  public static Samples of(long[] numbers, String source) {
    ByteBuffer data =
        ByteBuffer.allocateDirect(numbers.length * Long.BYTES).order(ByteOrder.nativeOrder());
    data.asLongBuffer().put(numbers);
    return new Samples(OnnxJavaType.INT64, new long[] {numbers.length}, data, source);
  }

  /**
   * Number of samples.
   *
   * @return length of the first axis; 1 for a scalar.
   */
  long count() {
    return shape.length == 0 ? 1 : shape[0];
  }

  /** Takes consecutive samples. */
  ByteBuffer slice(long first, long count) {
    long each = data.capacity() / Math.max(1, count());
    return data.duplicate()
        .position(Math.toIntExact(first * each))
        .limit(Math.toIntExact((first + count) * each))
        .slice()
        .order(data.order());
  }
}
