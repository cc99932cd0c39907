package dev.subbit.tribuo.quantizer.graph;

import ai.onnx.proto.OnnxMl.AttributeProto;
import ai.onnx.proto.OnnxMl.NodeProto;
import ai.onnx.proto.OnnxMl.TensorProto;
import dev.subbit.onnx.OnnxProtos;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Optional;

/**
 * Constants that a graph keeps in integers, or rounds to them: {@code DequantizeLinear} of a
 * constant tensor, and of one that {@code QuantizeLinear} rounded. One scale for all, or one for
 * each slice along an axis.
 */
final class DequantizedTensors {

  private DequantizedTensors() {}

  /**
   * Computes the constant output of a node.
   *
   * @param node any node.
   * @param index its graph.
   * @return the node's output as float32; empty if it is not constant, or not a DequantizeLinear of
   *     8 or 32 bits whose numbers fit each other.
   */
  static Optional<TensorProto> of(NodeProto node, GraphIndex index) {
    if (!isNamed(node, "DequantizeLinear")) {
      return Optional.empty();
    }
    Optional<Scaling> scaling = Scaling.of(node, index);
    if (scaling.isEmpty()) {
      return Optional.empty();
    }
    Optional<TensorProto> stored = index.stored(node.getInput(0));
    if (stored.isPresent()) {
      return integers(stored.get())
          .flatMap(numbers -> scaling.get().dequantized(stored.get(), numbers));
    }
    return index
        .producer(node.getInput(0))
        .filter(q -> isNamed(q, "QuantizeLinear"))
        .flatMap(q -> rounded(q, index, scaling.get()));
  }

  private static Optional<TensorProto> rounded(
      NodeProto quantize, GraphIndex index, Scaling after) {
    Optional<TensorProto> tensor = index.stored(quantize.getInput(0));
    Optional<Scaling> before = Scaling.of(quantize, index);
    if (tensor.isEmpty() || before.isEmpty() || before.get().zeroPointType() == 0) {
      return Optional.empty();
    }
    return FloatTensors.values(tensor.get())
        .flatMap(values -> before.get().quantized(tensor.get(), values))
        .flatMap(numbers -> after.dequantized(tensor.get(), numbers));
  }

  private static boolean isNamed(NodeProto node, String opType) {
    return GraphIndex.isStandard(node, opType) && node.getInputCount() >= 2;
  }

  /** The numbers of an int8, uint8 or int32 tensor. */
  static Optional<int[]> integers(TensorProto tensor) {
    int bytes = bytesEach(tensor.getDataType());
    Optional<Integer> count = FloatTensors.count(tensor);
    if (bytes == 0 || count.isEmpty()) {
      return Optional.empty();
    }
    int[] numbers = new int[count.get()];
    if (tensor.hasRawData()) {
      ByteBuffer raw = tensor.getRawData().asReadOnlyByteBuffer().order(ByteOrder.LITTLE_ENDIAN);
      if (raw.remaining() != (long) numbers.length * bytes) {
        return Optional.empty();
      }
      boolean unsigned = tensor.getDataType() == TensorProto.DataType.UINT8.getNumber();
      for (int i = 0; i < numbers.length; i++) {
        numbers[i] =
            bytes == Integer.BYTES ? raw.getInt() : unsigned ? raw.get() & 0xff : raw.get();
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

  private static int bytesEach(int type) {
    if (type == TensorProto.DataType.INT32.getNumber()) {
      return Integer.BYTES;
    }
    return is8Bit(type) ? 1 : 0;
  }

  static boolean is8Bit(int type) {
    return type == TensorProto.DataType.UINT8.getNumber()
        || type == TensorProto.DataType.INT8.getNumber();
  }

  /** How a tensor is held in integers. */
  private record Scaling(float[] scale, int[] zeroPoint, int zeroPointType, int axis) {

    static Optional<Scaling> of(NodeProto node, GraphIndex index) {
      float[] scale = index.stored(node.getInput(1)).flatMap(FloatTensors::values).orElse(null);
      boolean blocks =
          ConvGeometry.attribute(node, "block_size").map(AttributeProto::getI).orElse(0L) != 0;
      if (scale == null || scale.length == 0 || blocks) {
        return Optional.empty();
      }
      int axis =
          ConvGeometry.attribute(node, "axis").map(AttributeProto::getI).orElse(1L).intValue();
      if (node.getInputCount() < 3 || node.getInput(2).isEmpty()) {
        return Optional.of(new Scaling(scale, new int[scale.length], 0, axis));
      }
      TensorProto tensor = index.stored(node.getInput(2)).orElse(null);
      int[] zeroPoint = tensor == null ? null : integers(tensor).orElse(null);
      if (zeroPoint == null || zeroPoint.length != scale.length) {
        return Optional.empty();
      }
      return Optional.of(new Scaling(scale, zeroPoint, tensor.getDataType(), axis));
    }

    /**
     * The number of neighbours in memory that share a scale; 0 if the scales do not fit the tensor.
     */
    private int stride(TensorProto shape) {
      int rank = shape.getDimsCount();
      if (scale.length == 1) {
        return Integer.MAX_VALUE;
      }
      int at = axis < 0 ? axis + rank : axis;
      if (at < 0 || at >= rank || shape.getDims(at) != scale.length) {
        return 0;
      }
      int stride = 1;
      for (int i = at + 1; i < rank; i++) {
        stride *= (int) shape.getDims(i);
      }
      return stride;
    }

    Optional<TensorProto> dequantized(TensorProto shape, int[] numbers) {
      int stride = stride(shape);
      if (stride == 0) {
        return Optional.empty();
      }
      float[] values = new float[numbers.length];
      for (int i = 0; i < values.length; i++) {
        int at = i / stride % scale.length;
        values[i] = (numbers[i] - zeroPoint[at]) * scale[at];
      }
      long[] dims = shape.getDimsList().stream().mapToLong(Long::longValue).toArray();
      return Optional.of(OnnxProtos.tensor(shape.getName(), values, dims));
    }

    Optional<int[]> quantized(TensorProto shape, float[] values) {
      int stride = stride(shape);
      if (stride == 0 || !is8Bit(zeroPointType)) {
        return Optional.empty();
      }
      boolean signed = zeroPointType == TensorProto.DataType.INT8.getNumber();
      int[] numbers = new int[values.length];
      for (int i = 0; i < values.length; i++) {
        int at = i / stride % scale.length;
        double number = Math.rint(values[i] / scale[at]) + zeroPoint[at];
        numbers[i] = (int) Math.max(signed ? -128 : 0, Math.min(signed ? 127 : 255, number));
      }
      return Optional.of(numbers);
    }
  }
}
