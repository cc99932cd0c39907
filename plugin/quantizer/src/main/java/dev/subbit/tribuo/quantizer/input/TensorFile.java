package dev.subbit.tribuo.quantizer.input;

import ai.onnx.proto.OnnxMl.TensorProto;
import ai.onnxruntime.OnnxJavaType;
import com.google.protobuf.InvalidProtocolBufferException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;

/**
 * Reads files of one tensor: NumPy's {@code .npy}, and {@code .pb} as ONNX's own test data has
 * them.
 */
public final class TensorFile {

  private TensorFile() {}

  /**
   * Reads a tensor file.
   *
   * @param file the file.
   * @return its tensor.
   * @throws IOException if it cannot be read or is of another kind; the message names it.
   */
  public static Samples read(Path file) throws IOException {
    if (!Files.isRegularFile(file)) {
      throw new IOException("There is no file " + file);
    }
    String name = file.getFileName().toString().toLowerCase(Locale.ROOT);
    if (name.endsWith(".npy")) {
      return NpyFile.read(file);
    }
    if (name.endsWith(".pb")) {
      return readProto(file);
    }
    throw new IOException(file + " is neither a .npy file nor a .pb file of a tensor");
  }

  private static Samples readProto(Path file) throws IOException {
    TensorProto tensor;
    try {
      tensor = TensorProto.parseFrom(Files.readAllBytes(file));
    } catch (InvalidProtocolBufferException e) {
      throw new IOException(file + " is no tensor: " + e.getMessage(), e);
    }
    TensorProto.DataType type = TensorProto.DataType.forNumber(tensor.getDataType());
    OnnxJavaType element = javaType(type);
    if (element == null) {
      throw new IOException(file + " holds elements of type " + type + ", which are not read");
    }
    long count = 1;
    for (long dimension : tensor.getDimsList()) {
      count = Math.multiplyExact(count, dimension);
    }
    ByteBuffer data =
        ByteBuffer.allocateDirect(Math.toIntExact(count * element.size))
            .order(ByteOrder.nativeOrder());
    if (tensor.hasRawData() && tensor.getRawData().size() == data.capacity()) {
      tensor.getRawData().copyTo(data);
    } else if (type == TensorProto.DataType.FLOAT && tensor.getFloatDataCount() == count) {
      tensor.getFloatDataList().forEach(data::putFloat);
    } else if (type == TensorProto.DataType.INT64 && tensor.getInt64DataCount() == count) {
      tensor.getInt64DataList().forEach(data::putLong);
    } else {
      throw new IOException(file + " holds other data than its shape needs");
    }
    data.rewind();
    long[] shape = tensor.getDimsList().stream().mapToLong(Long::longValue).toArray();
    return new Samples(element, shape, data, file.toString());
  }

  private static OnnxJavaType javaType(TensorProto.DataType type) {
    return switch (type == null ? TensorProto.DataType.UNDEFINED : type) {
      case FLOAT -> OnnxJavaType.FLOAT;
      case DOUBLE -> OnnxJavaType.DOUBLE;
      case INT32 -> OnnxJavaType.INT32;
      case INT64 -> OnnxJavaType.INT64;
      case UINT8 -> OnnxJavaType.UINT8;
      case INT8 -> OnnxJavaType.INT8;
      case BOOL -> OnnxJavaType.BOOL;
      default -> null;
    };
  }
}
