package dev.subbit.tribuo.quantizer.input;

import ai.onnx.proto.OnnxMl.TensorProto;
import ai.onnxruntime.OnnxJavaType;
import com.google.protobuf.InvalidProtocolBufferException;
import dev.subbit.tribuo.quantizer.graph.ElementType;
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

  /** No array holds more. */
  private static final int MOST_BYTES = Integer.MAX_VALUE - 8;

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
    if (Files.size(file) > MOST_BYTES) {
      throw new IOException(file + " has 2 GB or more, and such files are not read");
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
      throw new IOException(file + " is not a tensor: " + e.getMessage(), e);
    }
    TensorProto.DataType type = TensorProto.DataType.forNumber(tensor.getDataType());
    OnnxJavaType element = ElementType.inJava(tensor.getDataType());
    if (element == OnnxJavaType.UNKNOWN || element == OnnxJavaType.STRING) {
      throw new IOException(file + " holds elements of type " + type + ", which are not read");
    }
    if (tensor.getDataLocation() == TensorProto.DataLocation.EXTERNAL) {
      throw new IOException(
          file + " keeps its values in another file; read are tensors that hold them themselves");
    }
    long[] shape = tensor.getDimsList().stream().mapToLong(Long::longValue).toArray();
    int bytes = FileShape.bytes(file, shape, element.size);
    long found = bytes(tensor, element);
    // Before memory is asked for: a few bytes of a file may speak of a huge tensor.
    if (found != bytes) {
      throw new IOException(
          file + " holds " + found + " bytes of values, its shape needs " + bytes);
    }
    ByteBuffer data = ByteBuffer.allocateDirect(bytes).order(ByteOrder.nativeOrder());
    copyValues(tensor, element, data);
    return new Samples(element, shape, data.rewind(), file.toString());
  }

  private static long bytes(TensorProto tensor, OnnxJavaType element) {
    if (tensor.hasRawData()) {
      return tensor.getRawData().size();
    }
    long count =
        switch (element) {
          case FLOAT -> tensor.getFloatDataCount();
          case DOUBLE -> tensor.getDoubleDataCount();
          case INT64 -> tensor.getInt64DataCount();
          default -> tensor.getInt32DataCount();
        };
    return count * element.size;
  }

  private static void copyValues(TensorProto tensor, OnnxJavaType element, ByteBuffer data) {
    if (tensor.hasRawData()) {
      tensor.getRawData().copyTo(data);
      return;
    }
    switch (element) {
      case FLOAT -> tensor.getFloatDataList().forEach(data::putFloat);
      case DOUBLE -> tensor.getDoubleDataList().forEach(data::putDouble);
      case INT64 -> tensor.getInt64DataList().forEach(data::putLong);
      case INT32 -> tensor.getInt32DataList().forEach(data::putInt);
      case INT16, FLOAT16, BFLOAT16 ->
          tensor.getInt32DataList().forEach(value -> data.putShort(value.shortValue()));
      default -> tensor.getInt32DataList().forEach(value -> data.put(value.byteValue()));
    }
  }
}
