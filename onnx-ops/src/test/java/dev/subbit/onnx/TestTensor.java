package dev.subbit.onnx;

import ai.onnx.proto.OnnxMl.TensorProto;
import java.util.Arrays;

/**
 * A tensor of a test vector.
 *
 * @param name name of the operator's input or output.
 * @param type element type.
 * @param shape dimensions; empty for a scalar.
 * @param values the elements, row-major; those of a float tensor as the bits of the float.
 */
record TestTensor(String name, Type type, int[] shape, int[] values) {

  enum Type {
    F32,
    U8,
    I8,
    I16,
    I32;

    /** The tensor in the notation of a vector file. */
    String text() {
      return name().toLowerCase(java.util.Locale.ROOT);
    }
  }

  static TestTensor floats(String name, float[] values, int... shape) {
    int[] bits = new int[values.length];
    Arrays.setAll(bits, i -> Float.floatToRawIntBits(values[i]));
    return new TestTensor(name, Type.F32, shape, bits);
  }

  static TestTensor integers(String name, Type type, int[] values, int... shape) {
    return new TestTensor(name, type, shape, values);
  }

  static int elements(int[] shape) {
    return Arrays.stream(shape).reduce(1, Math::multiplyExact);
  }

  float f(int i) {
    return Float.intBitsToFloat(values[i]);
  }

  byte[] bytes() {
    byte[] bytes = new byte[values.length];
    for (int i = 0; i < bytes.length; i++) {
      bytes[i] = (byte) values[i];
    }
    return bytes;
  }

  short[] shorts() {
    short[] shorts = new short[values.length];
    for (int i = 0; i < shorts.length; i++) {
      shorts[i] = (short) values[i];
    }
    return shorts;
  }

  long[] longShape() {
    return Arrays.stream(shape).asLongStream().toArray();
  }

  TensorProto toProto() {
    return switch (type) {
      case U8 -> OnnxProtos.tensor(name, TensorProto.DataType.UINT8, bytes(), longShape());
      case I8 -> OnnxProtos.tensor(name, TensorProto.DataType.INT8, bytes(), longShape());
      case I16 -> OnnxProtos.tensor(name, shorts(), longShape());
      case I32 -> OnnxProtos.tensor(name, values, longShape());
      case F32 -> {
        float[] floats = new float[values.length];
        for (int i = 0; i < floats.length; i++) {
          floats[i] = f(i);
        }
        yield OnnxProtos.tensor(name, floats, longShape());
      }
    };
  }
}
