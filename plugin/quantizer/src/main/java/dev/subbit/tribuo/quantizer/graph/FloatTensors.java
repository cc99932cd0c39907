package dev.subbit.tribuo.quantizer.graph;

import ai.onnx.proto.OnnxMl.TensorProto;
import ai.onnxruntime.platform.Fp16Conversions;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Optional;

/** Reads the values of tensors as float32. */
final class FloatTensors {

  private FloatTensors() {}

  /**
   * Reads a tensor.
   *
   * @param tensor the tensor, its data inside.
   * @return its values in row-major order; empty if it is not float32 or its data does not fit its
   *     shape.
   */
  static Optional<float[]> values(TensorProto tensor) {
    if (tensor.getDataType() != TensorProto.DataType.FLOAT.getNumber()) {
      return Optional.empty();
    }
    Optional<Integer> counted = count(tensor);
    if (counted.isEmpty()) {
      return Optional.empty();
    }
    int count = counted.get();
    float[] values = new float[count];
    if (tensor.hasRawData()) {
      ByteBuffer raw = tensor.getRawData().asReadOnlyByteBuffer().order(ByteOrder.LITTLE_ENDIAN);
      if (raw.remaining() != (long) count * Float.BYTES) {
        return Optional.empty();
      }
      raw.asFloatBuffer().get(values);
      return Optional.of(values);
    }
    if (tensor.getFloatDataCount() != count) {
      return Optional.empty();
    }
    for (int i = 0; i < values.length; i++) {
      values[i] = tensor.getFloatData(i);
    }
    return Optional.of(values);
  }

  /**
   * Reads a tensor of float32, float16, int8 or uint8.
   *
   * @param tensor the tensor, its data inside.
   * @return its values in row-major order; empty if it is of another type or its data does not fit
   *     its shape.
   */
  static Optional<float[]> converted(TensorProto tensor) {
    if (tensor.getDataType() == TensorProto.DataType.FLOAT.getNumber()) {
      return values(tensor);
    }
    if (tensor.getDataType() == TensorProto.DataType.FLOAT16.getNumber()) {
      return halves(tensor);
    }
    return IntegerTensors.values(tensor)
        .map(
            numbers -> {
              float[] values = new float[numbers.length];
              for (int i = 0; i < values.length; i++) {
                values[i] = numbers[i];
              }
              return values;
            });
  }

  private static Optional<float[]> halves(TensorProto tensor) {
    int count = count(tensor).orElse(-1);
    ByteBuffer raw = tensor.getRawData().asReadOnlyByteBuffer().order(ByteOrder.LITTLE_ENDIAN);
    boolean fits =
        tensor.hasRawData()
            ? raw.remaining() == (long) count * Short.BYTES
            : tensor.getInt32DataCount() == count;
    if (!fits) {
      return Optional.empty();
    }
    float[] values = new float[count];
    for (int i = 0; i < count; i++) {
      short bits = tensor.hasRawData() ? raw.getShort() : (short) tensor.getInt32Data(i);
      values[i] = Fp16Conversions.fp16ToFloat(bits);
    }
    return Optional.of(values);
  }

  /** Number of elements by the shape; empty if no array can hold them. */
  static Optional<Integer> count(TensorProto tensor) {
    long count = 1;
    for (long dimension : tensor.getDimsList()) {
      if (dimension < 0 || dimension > Integer.MAX_VALUE || count * dimension > Integer.MAX_VALUE) {
        return Optional.empty();
      }
      count *= dimension;
    }
    return Optional.of((int) count);
  }
}
