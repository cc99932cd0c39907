package dev.subbit.tribuo.quantizer.graph;

import ai.onnx.proto.OnnxMl.TensorProto;
import java.nio.ByteBuffer;
import java.util.Optional;

/** Reads the values of 8-bit tensors. */
final class IntegerTensors {

  private IntegerTensors() {}

  /**
   * Reads a tensor.
   *
   * @param tensor the tensor, its data inside.
   * @return its values in row-major order; empty if it is neither int8 nor uint8, or its data does
   *     not fit its shape.
   */
  static Optional<int[]> values(TensorProto tensor) {
    Optional<Integer> count = FloatTensors.count(tensor);
    if (!is8Bit(tensor.getDataType()) || count.isEmpty()) {
      return Optional.empty();
    }
    int[] numbers = new int[count.get()];
    if (tensor.hasRawData()) {
      ByteBuffer raw = tensor.getRawData().asReadOnlyByteBuffer();
      if (raw.remaining() != numbers.length) {
        return Optional.empty();
      }
      boolean unsigned = tensor.getDataType() == TensorProto.DataType.UINT8.getNumber();
      for (int i = 0; i < numbers.length; i++) {
        numbers[i] = unsigned ? raw.get() & 0xff : raw.get();
      }
      return Optional.of(numbers);
    }
    if (tensor.getInt32DataCount() != numbers.length) {
      return Optional.empty();
    }
    for (int i = 0; i < numbers.length; i++) {
      numbers[i] = tensor.getInt32Data(i);
    }
    return Optional.of(numbers);
  }

  /** Whether elements of a type are int8 or uint8. */
  static boolean is8Bit(int type) {
    return type == TensorProto.DataType.UINT8.getNumber()
        || type == TensorProto.DataType.INT8.getNumber();
  }
}
