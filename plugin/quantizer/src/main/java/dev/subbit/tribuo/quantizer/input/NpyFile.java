package dev.subbit.tribuo.quantizer.input;

import ai.onnxruntime.OnnxJavaType;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Reads NumPy's {@code .npy} files, versions 1 to 3: little-endian or single-byte elements in
 * row-major order.
 *
 * <p>Source: numpy.lib.format, "The .npy format".
 */
final class NpyFile {

  /** Bytes before the header in versions 2 and 3; version 1 has two fewer. */
  private static final int LONGEST_PREAMBLE = 12;

  private static final byte[] MAGIC = {(byte) 0x93, 'N', 'U', 'M', 'P', 'Y'};
  private static final Pattern TYPE = Pattern.compile("'descr'\\s*:\\s*'([^']*)'");
  private static final Pattern ORDER = Pattern.compile("'fortran_order'\\s*:\\s*(True|False)");
  private static final Pattern SHAPE = Pattern.compile("'shape'\\s*:\\s*\\(([^)]*)\\)");
  private static final Map<String, OnnxJavaType> TYPES =
      Map.of(
          "<f2", OnnxJavaType.FLOAT16,
          "<f4", OnnxJavaType.FLOAT,
          "<f8", OnnxJavaType.DOUBLE,
          "<i4", OnnxJavaType.INT32,
          "<i8", OnnxJavaType.INT64,
          "|u1", OnnxJavaType.UINT8,
          "|i1", OnnxJavaType.INT8,
          "|b1", OnnxJavaType.BOOL);

  private NpyFile() {}

  /**
   * Reads a file.
   *
   * @param file the file.
   * @return its array.
   * @throws IOException if it cannot be read or is not such a file; the message names it and says
   *     why.
   */
  static Samples read(Path file) throws IOException {
    // Straight into the memory that ONNX Runtime reads: files of a gigabyte are common.
    try (FileChannel channel = FileChannel.open(file)) {
      return read(file, channel);
    }
  }

  private static Samples read(Path file, FileChannel channel) throws IOException {
    ByteBuffer start = read(channel, LONGEST_PREAMBLE);
    if (start.limit() < LONGEST_PREAMBLE
        || !start.slice(0, MAGIC.length).equals(ByteBuffer.wrap(MAGIC))) {
      throw new IOException(file + " is not a .npy file");
    }
    int version = start.get(MAGIC.length);
    if (version < 1 || version > 3) {
      throw new IOException(
          file + " is in version " + version + " of the .npy format; versions 1 to 3 are read");
    }
    int preamble = version == 1 ? LONGEST_PREAMBLE - Short.BYTES : LONGEST_PREAMBLE;
    int length = version == 1 ? start.getShort(8) & 0xFFFF : start.getInt(8);
    if (length < 0 || length > channel.size() - preamble) {
      throw new IOException(file + " is truncated");
    }
    channel.position(preamble);
    String header = StandardCharsets.UTF_8.decode(read(channel, length)).toString();
    String type = field(file, header, TYPE);
    if (!TYPES.containsKey(type)) {
      throw new IOException(
          file
              + " has elements of type '"
              + type
              + "'; read are "
              + String.join(", ", TYPES.keySet().stream().sorted().toList()));
    }
    if (field(file, header, ORDER).equals("True")) {
      throw new IOException(
          file + " is in column-major order; save it with numpy.ascontiguousarray");
    }
    long[] shape = shape(file, field(file, header, SHAPE));
    OnnxJavaType element = TYPES.get(type);
    long data = channel.size() - preamble - length;
    int expected = FileShape.bytes(file, shape, element.size);
    if (data != expected) {
      throw new IOException(
          file + " holds " + data + " bytes of data, its shape needs " + expected);
    }
    ByteBuffer values = read(channel, expected);
    return new Samples(element, shape, values.order(ByteOrder.nativeOrder()), file.toString());
  }

  /** Reads up to so many bytes, fewer at the end of the file. */
  private static ByteBuffer read(FileChannel channel, int bytes) throws IOException {
    ByteBuffer buffer = ByteBuffer.allocateDirect(bytes).order(ByteOrder.LITTLE_ENDIAN);
    while (buffer.hasRemaining() && channel.read(buffer) >= 0) {
      // A read may give less than asked for.
    }
    return buffer.flip();
  }

  private static String field(Path file, String header, Pattern pattern) throws IOException {
    Matcher matcher = pattern.matcher(header);
    if (!matcher.find()) {
      throw new IOException(file + " has a damaged header");
    }
    return matcher.group(1);
  }

  private static long[] shape(Path file, String text) throws IOException {
    try {
      return Arrays.stream(text.split(","))
          .map(String::strip)
          .filter(part -> !part.isEmpty())
          .mapToLong(Long::parseLong)
          .toArray();
    } catch (NumberFormatException e) {
      throw new IOException(file + " has a damaged header", e);
    }
  }
}
