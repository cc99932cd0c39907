package dev.subbit.tribuo.quantizer.input;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.onnxruntime.OnnxJavaType;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.Size;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** NumPy's files as {@code numpy.save} writes them, and what is refused. */
class NpyFileTest {

  private static final Map<String, OnnxJavaType> TYPES =
      Map.of(
          "<f4", OnnxJavaType.FLOAT,
          "<f8", OnnxJavaType.DOUBLE,
          "<i4", OnnxJavaType.INT32,
          "<i8", OnnxJavaType.INT64,
          "|u1", OnnxJavaType.UINT8,
          "|i1", OnnxJavaType.INT8,
          "|b1", OnnxJavaType.BOOL);

  @TempDir private Path folder;

  private static String header(String type, String shape) {
    return "{'descr': '" + type + "', 'fortran_order': False, 'shape': (" + shape + "), }";
  }

  /** A file as NumPy lays it out: the data begins at a multiple of 64. */
  private static byte[] npy(int version, String header, byte[] data) {
    int start = version == 1 ? 10 : 12;
    int padding = 63 - (start + header.length()) % 64;
    byte[] text = (header + " ".repeat(padding) + "\n").getBytes(StandardCharsets.UTF_8);
    ByteBuffer length = ByteBuffer.allocate(start - 8).order(ByteOrder.LITTLE_ENDIAN);
    if (version == 1) {
      length.putShort((short) text.length);
    } else {
      length.putInt(text.length);
    }
    ByteArrayOutputStream file = new ByteArrayOutputStream();
    file.writeBytes(new byte[] {(byte) 0x93, 'N', 'U', 'M', 'P', 'Y', (byte) version, 0});
    file.writeBytes(length.array());
    file.writeBytes(text);
    file.writeBytes(data);
    return file.toByteArray();
  }

  private Path file(byte[] bytes) throws IOException {
    return Files.write(folder.resolve("x.npy"), bytes);
  }

  private void assertRefused(byte[] bytes, String reason) throws IOException {
    Path file = file(bytes);
    String message = assertThrows(IOException.class, () -> NpyFile.read(file)).getMessage();
    assertTrue(message.startsWith(file.toString()), message);
    assertTrue(message.contains(reason), message);
  }

  private static String shapeText(List<Integer> shape) {
    String text = String.join(", ", shape.stream().map(String::valueOf).toList());
    return shape.size() == 1 ? text + "," : text;
  }

  @Test
  void readsWhatNumpyWrites() throws IOException {
    // numpy.save(file, numpy.array([[1.5, -2], [0, 1e30]], numpy.float32))
    byte[] data = new byte[16];
    ByteBuffer.wrap(data)
        .order(ByteOrder.LITTLE_ENDIAN)
        .putFloat(1.5f)
        .putFloat(-2)
        .putFloat(0)
        .putFloat(1e30f);
    Samples samples = NpyFile.read(file(npy(1, header("<f4", "2, 2"), data)));
    assertEquals(OnnxJavaType.FLOAT, samples.type());
    assertArrayEquals(new long[] {2, 2}, samples.shape());
    float[] values = new float[4];
    samples.data().asFloatBuffer().get(values);
    assertArrayEquals(new float[] {1.5f, -2, 0, 1e30f}, values);
    assertEquals(folder.resolve("x.npy").toString(), samples.source());
  }

  @Property(tries = 60)
  void keepsEveryTypeVersionAndShapeByteForByte(
      @ForAll @IntRange(min = 0, max = 6) int type,
      @ForAll @IntRange(min = 1, max = 3) int version,
      @ForAll @Size(max = 4) List<@IntRange(min = 1, max = 5) Integer> shape,
      @ForAll long seed)
      throws IOException {
    String name = TYPES.keySet().stream().sorted().toList().get(type);
    int count = 1;
    for (int dimension : shape) {
      count *= dimension;
    }
    byte[] data = new byte[count * TYPES.get(name).size];
    new SplittableRandom(seed).nextBytes(data);
    Path file = Files.createTempFile("array", ".npy");
    try {
      Files.write(file, npy(version, header(name, shapeText(shape)), data));
      Samples samples = NpyFile.read(file);
      assertEquals(TYPES.get(name), samples.type());
      assertArrayEquals(shape.stream().mapToLong(Integer::longValue).toArray(), samples.shape());
      byte[] read = new byte[samples.data().remaining()];
      samples.data().duplicate().get(read);
      assertArrayEquals(data, read);
    } finally {
      Files.delete(file);
    }
  }

  @Test
  void aFileWithoutDimensionsIsAScalar() throws IOException {
    Samples samples = NpyFile.read(file(npy(1, header("|u1", ""), new byte[] {7})));
    assertEquals(0, samples.shape().length);
    assertEquals(1, samples.count());
    assertEquals(7, samples.data().get(0));
  }

  @Test
  void theOrderOfTheHeadersFieldsDoesNotMatter() throws IOException {
    String header = "{ 'shape':(3,) ,'fortran_order':False,'descr' : '|i1'}";
    assertArrayEquals(new long[] {3}, NpyFile.read(file(npy(1, header, new byte[3]))).shape());
  }

  @ParameterizedTest
  @ValueSource(strings = {">f2", ">f4", "<c8", "<U3", "|O"})
  void otherTypesAreRefusedWithThoseThatAreRead(String type) throws IOException {
    assertRefused(
        npy(1, header(type, "1,"), new byte[8]), "elements of type '" + type + "'; read are <f2");
  }

  @Test
  void columnMajorArraysAreRefusedWithTheWayOut() throws IOException {
    assertRefused(
        npy(1, header("<f4", "2, 2").replace("False", "True"), new byte[16]),
        "save it with numpy.ascontiguousarray");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "-1, 1, 8, 8 | a dimension is negative",
        // The product of these two is what the data has.
        "-2, -2 | a dimension is negative",
        "-2, 0 | a dimension is negative",
        "0, 1, 8, 8 | holds no values",
        "2, 0 | holds no values",
        // 2^62 times 4 bytes wraps to nothing.
        "4611686018427387904, | 2 GB",
        "4611686018427387904, 4, 8, 8 | 2 GB",
        "65536, 65536 | 2 GB",
        "2147483647, | 2 GB",
        "99999999999999999999, | damaged header",
        "(2, 2 | damaged header",
        "2; 2 | damaged header",
      })
  void shapesThatNoArrayHasAreRefused(String shape, String reason) throws IOException {
    assertRefused(npy(1, header("<f4", shape), new byte[16]), reason);
  }

  @Test
  void dataOfAnotherSizeThanTheShapeNeedsIsRefused() throws IOException {
    byte[] header = npy(1, header("<f4", "2, 2"), new byte[15]);
    assertRefused(header, "holds 15 bytes of data, its shape needs 16");
    assertRefused(
        npy(1, header("<f4", "2, 2"), new byte[17]), "holds 17 bytes of data, its shape needs 16");
  }

  @Test
  void whatIsNoNpyFileIsRefused() throws IOException {
    byte[] whole = npy(2, header("<f4", "2, 2"), new byte[16]);
    assertRefused(new byte[0], "is not a .npy file");
    assertRefused("PK, an archive of arrays (.npz)".getBytes(StandardCharsets.UTF_8), "not a .npy");
    assertRefused(Arrays.copyOf(whole, 40), "is truncated");
    byte[] negative = whole.clone();
    negative[11] = (byte) 0x80;
    assertRefused(negative, "is truncated");
    byte[] later = whole.clone();
    later[6] = 4;
    assertRefused(later, "version 4");
    assertRefused(npy(1, "{'descr': '<f4', 'fortran_order': False}", new byte[4]), "damaged");
    assertRefused(npy(1, "{'shape': (1,), 'fortran_order': False}", new byte[4]), "damaged");
    assertRefused(npy(1, "{'descr': '<f4', 'shape': (1,)}", new byte[4]), "damaged");
  }

  @Property(tries = 300)
  void anyDamageIsRefusedOrLeavesAnArray(
      @ForAll @IntRange(max = 143) int at, @ForAll byte value, @ForAll @IntRange(max = 144) int end)
      throws IOException {
    byte[] bytes = npy(1, header("<f4", "2, 2"), new byte[16]);
    bytes[at] = value;
    Path file = Files.createTempFile("damaged", ".npy");
    try {
      Files.write(file, Arrays.copyOf(bytes, end < 100 ? bytes.length : end));
      Samples samples = NpyFile.read(file);
      long values = 1;
      for (long dimension : samples.shape()) {
        values *= dimension;
      }
      assertEquals(values * samples.type().size, samples.data().capacity());
    } catch (IOException e) {
      assertTrue(e.getMessage().startsWith(file.toString()), e.getMessage());
    } finally {
      Files.delete(file);
    }
  }
}
