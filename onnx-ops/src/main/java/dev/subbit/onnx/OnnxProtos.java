package dev.subbit.onnx;

import ai.onnx.proto.OnnxMl.AttributeProto;
import ai.onnx.proto.OnnxMl.TensorProto;
import ai.onnx.proto.OnnxMl.TensorShapeProto;
import ai.onnx.proto.OnnxMl.ValueInfoProto;
import com.google.protobuf.ByteString;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * Creates the ONNX protobuf messages that operators, nodes and graphs consist of. Tensors hold raw
 * little-endian data in row-major order.
 */
public final class OnnxProtos {

  private OnnxProtos() {}

  /**
   * Declares an input or output of a graph with its shape.
   *
   * @param name its name.
   * @param type type of its elements.
   * @param shape its dimensions; one that is not positive is left open.
   * @return the declaration.
   */
  public static ValueInfoProto value(String name, TensorProto.DataType type, long... shape) {
    ValueInfoProto.Builder value = valueOfAnyShape(name, type).toBuilder();
    TensorShapeProto.Builder dimensions =
        value.getTypeBuilder().getTensorTypeBuilder().getShapeBuilder();
    for (long size : shape) {
      TensorShapeProto.Dimension.Builder dimension = dimensions.addDimBuilder();
      if (size > 0) {
        dimension.setDimValue(size);
      }
    }
    return value.build();
  }

  /**
   * Declares an input or output of a graph whose shape is to be inferred.
   *
   * @param name its name.
   * @param type type of its elements.
   * @return the declaration.
   */
  public static ValueInfoProto valueOfAnyShape(String name, TensorProto.DataType type) {
    ValueInfoProto.Builder value = ValueInfoProto.newBuilder().setName(name);
    value.getTypeBuilder().getTensorTypeBuilder().setElemType(type.getNumber());
    return value.build();
  }

  /**
   * Creates an integer attribute.
   *
   * @param name its name.
   * @param value its value.
   * @return the attribute.
   */
  public static AttributeProto attribute(String name, long value) {
    return AttributeProto.newBuilder()
        .setName(name)
        .setType(AttributeProto.AttributeType.INT)
        .setI(value)
        .build();
  }

  /**
   * Creates an attribute that is a list of integers.
   *
   * @param name its name.
   * @param values its values.
   * @return the attribute.
   */
  public static AttributeProto attribute(String name, long... values) {
    AttributeProto.Builder attribute =
        AttributeProto.newBuilder().setName(name).setType(AttributeProto.AttributeType.INTS);
    for (long value : values) {
      attribute.addInts(value);
    }
    return attribute.build();
  }

  /**
   * Creates a float attribute.
   *
   * @param name its name.
   * @param value its value.
   * @return the attribute.
   */
  public static AttributeProto attribute(String name, float value) {
    return AttributeProto.newBuilder()
        .setName(name)
        .setType(AttributeProto.AttributeType.FLOAT)
        .setF(value)
        .build();
  }

  /**
   * Creates a string attribute.
   *
   * @param name its name.
   * @param value its value.
   * @return the attribute.
   */
  public static AttributeProto attribute(String name, String value) {
    return AttributeProto.newBuilder()
        .setName(name)
        .setType(AttributeProto.AttributeType.STRING)
        .setS(ByteString.copyFromUtf8(value))
        .build();
  }

  /**
   * Creates a tensor of any type from raw data.
   *
   * @param name its name.
   * @param type type of its elements.
   * @param data its elements, raw.
   * @param shape its shape; none for a scalar.
   * @return the tensor.
   */
  public static TensorProto tensor(
      String name, TensorProto.DataType type, byte[] data, long... shape) {
    TensorProto.Builder tensor =
        TensorProto.newBuilder()
            .setName(name)
            .setDataType(type.getNumber())
            .setRawData(ByteString.copyFrom(data));
    for (long dimension : shape) {
      tensor.addDims(dimension);
    }
    return tensor.build();
  }

  /**
   * Creates a float32 tensor.
   *
   * @param name its name.
   * @param data its elements.
   * @param shape its shape; none for a scalar.
   * @return the tensor.
   */
  public static TensorProto tensor(String name, float[] data, long... shape) {
    ByteBuffer bytes = littleEndian(data.length, Float.BYTES);
    bytes.asFloatBuffer().put(data);
    return tensor(name, TensorProto.DataType.FLOAT, bytes.array(), shape);
  }

  /**
   * Creates an int16 tensor.
   *
   * @param name its name.
   * @param data its elements.
   * @param shape its shape; none for a scalar.
   * @return the tensor.
   */
  public static TensorProto tensor(String name, short[] data, long... shape) {
    ByteBuffer bytes = littleEndian(data.length, Short.BYTES);
    bytes.asShortBuffer().put(data);
    return tensor(name, TensorProto.DataType.INT16, bytes.array(), shape);
  }

  /**
   * Creates an int32 tensor.
   *
   * @param name its name.
   * @param data its elements.
   * @param shape its shape; none for a scalar.
   * @return the tensor.
   */
  public static TensorProto tensor(String name, int[] data, long... shape) {
    ByteBuffer bytes = littleEndian(data.length, Integer.BYTES);
    bytes.asIntBuffer().put(data);
    return tensor(name, TensorProto.DataType.INT32, bytes.array(), shape);
  }

  /**
   * Creates an int64 tensor.
   *
   * @param name its name.
   * @param data its elements.
   * @param shape its shape; none for a scalar.
   * @return the tensor.
   */
  public static TensorProto tensor(String name, long[] data, long... shape) {
    ByteBuffer bytes = littleEndian(data.length, Long.BYTES);
    bytes.asLongBuffer().put(data);
    return tensor(name, TensorProto.DataType.INT64, bytes.array(), shape);
  }

  private static ByteBuffer littleEndian(int values, int bytesEach) {
    return ByteBuffer.allocate(Math.multiplyExact(values, bytesEach))
        .order(ByteOrder.LITTLE_ENDIAN);
  }
}
