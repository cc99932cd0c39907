package dev.subbit.tribuo.quantizer.input;

import ai.onnxruntime.OnnxJavaType;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
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
    byte[] bytes = Files.readAllBytes(file);
    if (bytes.length < 12 || !Arrays.equals(bytes, 0, MAGIC.length, MAGIC, 0, MAGIC.length)) {
      throw new IOException(file + " is not a .npy file");
    }
    ByteBuffer buffer = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
    if (bytes[6] < 1 || bytes[6] > 3) {
      throw new IOException(
          file + " is in version " + bytes[6] + " of the .npy format; versions 1 to 3 are read");
    }
    int start = bytes[6] == 1 ? 10 : 12;
    int length = bytes[6] == 1 ? buffer.getShort(8) & 0xFFFF : buffer.getInt(8);
    if (length < 0 || length > bytes.length - start) {
      throw new IOException(file + " is truncated");
    }
    String header = new String(bytes, start, length, StandardCharsets.UTF_8);
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
    int data = bytes.length - start - length;
    int expected = FileShape.bytes(file, shape, element.size);
    if (data != expected) {
      throw new IOException(
          file + " holds " + data + " bytes of data, its shape needs " + expected);
    }
    ByteBuffer values = ByteBuffer.allocateDirect(data).order(ByteOrder.nativeOrder());
    values.put(bytes, start + length, data).rewind();
    return new Samples(element, shape, values, file.toString());
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
