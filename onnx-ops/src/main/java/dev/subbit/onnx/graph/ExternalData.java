package dev.subbit.onnx.graph;

import ai.onnx.proto.OnnxMl.StringStringEntryProto;
import ai.onnx.proto.OnnxMl.TensorProto;
import com.google.protobuf.ByteString;
import java.io.EOFException;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.OptionalLong;

/**
 * The data that tensors of a model keep in files beside it. What names them may come from anyone:
 * only files in the model's folder and the folders inside it are opened, and no memory is taken
 * before the file is seen to hold what is claimed.
 */
final class ExternalData {

  private final Path file;
  private final Path folder;

  /**
   * Prepares the reading.
   *
   * @param file the model's file, for messages and for its folder.
   */
  ExternalData(Path file) throws IOException {
    this.file = file;
    this.folder = file.toAbsolutePath().getParent().toRealPath();
  }

  /** Whether a tensor keeps its data in another file. */
  static boolean isOutside(TensorProto tensor) {
    return tensor.getDataLocation() == TensorProto.DataLocation.EXTERNAL;
  }

  /** The file that a tensor names, relative to the model's folder; empty if it names none. */
  static String location(TensorProto tensor) {
    String location = entry(tensor, "location");
    return location == null ? "" : location;
  }

  private static String entry(TensorProto tensor, String key) {
    String value = null;
    for (StringStringEntryProto entry : tensor.getExternalDataList()) {
      if (entry.getKey().equals(key)) {
        value = entry.getValue();
      }
    }
    return value;
  }

  /** Receives the size of data before it is read. */
  @FunctionalInterface
  interface Budget {
    /**
     * Counts bytes.
     *
     * @param bytes how many are about to be read.
     * @throws IOException if they are too many.
     */
    void take(long bytes) throws IOException;
  }

  /**
   * Reads the data of a tensor.
   *
   * @param tensor the tensor, with data outside.
   * @param place where it is in the model, for messages.
   * @param budget receives the number of bytes first.
   * @return the same with its data inside.
   * @throws IOException if the data is not in the model's folder, is missing, or is not as long as
   *     the tensor's shape says; the message names all of them.
   */
  TensorProto inside(TensorProto tensor, ModelTensors.Place place, Budget budget)
      throws IOException {
    Path data = dataFile(location(tensor), place);
    long size = Files.size(data);
    OptionalLong needed = bytes(tensor, place);
    long offset = number(tensor, place, "offset", 0);
    long length = number(tensor, place, "length", needed.orElse(Math.max(0, size - offset)));
    if (needed.isPresent() && length != needed.getAsLong()) {
      throw new IOException(
          String.format(
              "%s: %s has %,d bytes in %s, its shape needs %,d; the file is not the one that"
                  + " belongs to the model, or it is damaged",
              file, place, length, data.getFileName(), needed.getAsLong()));
    }
    if (offset > size || length > size - offset) {
      throw new IOException(
          String.format(
              "%s: %s lies at %,d to %,d of %s, which has %,d bytes; the file is not the one that"
                  + " belongs to the model, or it is damaged",
              file, place, offset, offset + length, data.getFileName(), size));
    }
    budget.take(length);
    byte[] values = new byte[Math.toIntExact(length)];
    try (RandomAccessFile in = new RandomAccessFile(data.toFile(), "r")) {
      in.seek(offset);
      in.readFully(values);
    } catch (EOFException e) {
      throw new IOException(data + " became shorter while it was read", e);
    }
    return tensor.toBuilder()
        .clearExternalData()
        .clearDataLocation()
        .setRawData(ByteString.copyFrom(values))
        .build();
  }

  private Path dataFile(String location, ModelTensors.Place place) throws IOException {
    Path data;
    try {
      data = folder.resolve(location).normalize();
      if (location.isEmpty() || Path.of(location).isAbsolute() || !data.startsWith(folder)) {
        data = null;
      }
    } catch (InvalidPathException e) {
      data = null;
    }
    if (data == null) {
      throw new IOException(
          String.format(
              "%s: %s keeps its data in '%s'; only files in the model's folder are read",
              file, place, location));
    }
    if (!Files.isRegularFile(data)) {
      throw new IOException(
          String.format(
              "%s: %s keeps its data in %s, which is missing; put it beside the model",
              file, place, data));
    }
    // A link could lead out of the folder all the same.
    if (!data.toRealPath().startsWith(folder)) {
      throw new IOException(
          String.format(
              "%s: %s keeps its data in %s, a link out of the model's folder", file, place, data));
    }
    return data;
  }

  /** Bytes that a tensor's shape and type need; empty for types without a fixed size. */
  private OptionalLong bytes(TensorProto tensor, ModelTensors.Place place) throws IOException {
    TensorProto.DataType type = TensorProto.DataType.forNumber(tensor.getDataType());
    int bits =
        switch (type == null ? TensorProto.DataType.UNDEFINED : type) {
          case UNDEFINED, STRING -> 0;
          case UINT4, INT4 -> 4;
          case UINT8, INT8, BOOL, FLOAT8E4M3FN, FLOAT8E4M3FNUZ, FLOAT8E5M2, FLOAT8E5M2FNUZ -> 8;
          case UINT16, INT16, FLOAT16, BFLOAT16 -> 16;
          case FLOAT, INT32, UINT32 -> 32;
          case DOUBLE, INT64, UINT64, COMPLEX64 -> 64;
          case COMPLEX128 -> 128;
        };
    if (bits == 0) {
      return OptionalLong.empty();
    }
    long count = 1;
    for (long dimension : tensor.getDimsList()) {
      if (dimension < 0 || (dimension > 0 && count > OnnxFile.MAX_BYTES / dimension)) {
        throw new IOException(
            file
                + ": "
                + place
                + " has the shape "
                + tensor.getDimsList()
                + ", which no tensor has");
      }
      count *= dimension;
    }
    return OptionalLong.of((count * bits + Byte.SIZE - 1) / Byte.SIZE);
  }

  private long number(TensorProto tensor, ModelTensors.Place place, String key, long otherwise)
      throws IOException {
    String text = entry(tensor, key);
    if (text == null) {
      return otherwise;
    }
    try {
      long value = Long.parseLong(text);
      if (value >= 0) {
        return value;
      }
    } catch (NumberFormatException e) {
      // Reported below.
    }
    throw new IOException(
        String.format(
            "%s: %s keeps its data at %s '%s', which is not a number of bytes",
            file, place, key, text));
  }
}
