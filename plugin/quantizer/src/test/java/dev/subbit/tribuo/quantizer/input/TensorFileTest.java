package dev.subbit.tribuo.quantizer.input;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.onnx.proto.OnnxMl.TensorProto;
import ai.onnx.proto.OnnxMl.TensorProto.DataType;
import ai.onnxruntime.OnnxJavaType;
import com.google.protobuf.ByteString;
import dev.subbit.onnx.OnnxProtos;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Files of one tensor as ONNX's own test data has them, and what is refused. */
class TensorFileTest {

  @TempDir private Path folder;

  private Path file(TensorProto tensor) throws IOException {
    return Files.write(folder.resolve("input_0.pb"), tensor.toByteArray());
  }

  private Samples read(TensorProto.Builder tensor) throws IOException {
    return TensorFile.read(file(tensor.build()));
  }

  private static TensorProto.Builder typed(DataType type, long... shape) {
    return TensorProto.newBuilder()
        .setDataType(type.getNumber())
        .addAllDims(Arrays.stream(shape).boxed().toList());
  }

  private static void assertRefused(Path file, String reason) {
    String message = assertThrows(IOException.class, () -> TensorFile.read(file)).getMessage();
    assertTrue(message.contains(file.toString()), message);
    assertTrue(message.contains(reason), message);
  }

  @Test
  void theEndOfTheNameSaysOfWhichKindAFileIs() throws IOException {
    Path text = Files.writeString(folder.resolve("x.txt"), "1 2 3");
    assertRefused(text, "neither a .npy file nor a .pb file");
    Path capital = folder.resolve("X.PB");
    Files.write(capital, OnnxProtos.tensor("x", new float[] {1}, 1).toByteArray());
    assertEquals(OnnxJavaType.FLOAT, TensorFile.read(capital).type());
    Path numpy = Files.writeString(folder.resolve("x.npy"), "no array at all");
    assertRefused(numpy, "is not a .npy file");
    assertRefused(folder.resolve("absent.pb"), "There is no file");
    assertRefused(folder, "There is no file");
  }

  @Test
  void rawDataIsReadAsItIs() throws IOException {
    Samples samples = read(OnnxProtos.tensor("x", new int[] {3, -4}, 2, 1).toBuilder());
    assertEquals(OnnxJavaType.INT32, samples.type());
    assertArrayEquals(new long[] {2, 1}, samples.shape());
    assertEquals(3, samples.data().getInt(0));
    assertEquals(-4, samples.data().getInt(4));
    assertEquals(8, samples.data().remaining(), "from the first value on");
  }

  @Test
  void valuesMayStandInTheFieldOfTheirType() throws IOException {
    assertEquals(
        -1.5f,
        read(typed(DataType.FLOAT, 2).addFloatData(2).addFloatData(-1.5f)).data().getFloat(4));
    assertEquals(1e-300, read(typed(DataType.DOUBLE, 1).addDoubleData(1e-300)).data().getDouble(0));
    assertEquals(1L << 40, read(typed(DataType.INT64, 1).addInt64Data(1L << 40)).data().getLong(0));
    assertEquals(-7, read(typed(DataType.INT32, 1).addInt32Data(-7)).data().getInt(0));
    assertEquals(-7, read(typed(DataType.INT8, 1).addInt32Data(-7)).data().get(0));
    assertEquals((byte) 200, read(typed(DataType.UINT8, 1).addInt32Data(200)).data().get(0));
    assertEquals(1, read(typed(DataType.BOOL, 1).addInt32Data(1)).data().get(0));
  }

  @Test
  void aTensorWithoutDimensionsIsAScalar() throws IOException {
    Samples samples = read(typed(DataType.FLOAT).addFloatData(5));
    assertEquals(0, samples.shape().length);
    assertEquals(1, samples.count());
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "-1 1 8 8 | a dimension is negative",
        "-1 -1 | a dimension is negative",
        "0 1 8 8 | holds no values",
        // 2^63 is written as the least negative number.
        "-9223372036854775808 1 8 8 | a dimension is negative",
        // These wrap to no bytes at all, in elements of 4 bytes or before.
        "4611686018427387904 1 | 2 GB",
        "4294967296 4294967296 | 2 GB",
        "4611686018427387904 4 8 8 | 2 GB",
        // A few bytes that ask for two gigabytes.
        "536870911 | holds 0 bytes of values, its shape needs 2147483644",
      })
  void shapesThatTheFileCannotHoldAreRefused(String shape, String reason) throws IOException {
    long[] dimensions = Arrays.stream(shape.split(" ")).mapToLong(Long::parseLong).toArray();
    TensorProto.Builder tensor = typed(DataType.FLOAT, dimensions);
    assertRefused(file(tensor.build()), reason);
    assertRefused(file(tensor.setRawData(ByteString.EMPTY).build()), reason);
  }

  @Test
  void otherDataThanTheShapeNeedsIsRefused() throws IOException {
    assertRefused(
        file(OnnxProtos.tensor("x", new float[] {1, 2, 3}, 2, 2)),
        "holds 12 bytes of values, its shape needs 16");
    assertRefused(
        file(typed(DataType.INT64, 2).addInt64Data(1).build()),
        "holds 8 bytes of values, its shape needs 16");
    assertRefused(
        file(typed(DataType.FLOAT, 1).addDoubleData(1).build()),
        "holds 0 bytes of values, its shape needs 4");
  }

  @Test
  void typesThatNoInputIsReadInAreRefused() throws IOException {
    assertRefused(file(typed(DataType.STRING, 1).build()), "type STRING");
    assertRefused(file(TensorProto.getDefaultInstance()), "type UNDEFINED");
    assertRefused(file(TensorProto.newBuilder().setDataType(1000).build()), "not read");
  }

  @Test
  void valuesInAnotherFileAreNotLookedFor() throws IOException {
    TensorProto.Builder tensor =
        typed(DataType.FLOAT, 1, 1, 8, 8).setDataLocation(TensorProto.DataLocation.EXTERNAL);
    tensor.addExternalDataBuilder().setKey("location").setValue("/etc/hostname");
    assertRefused(file(tensor.build()), "keeps its values in another file");
  }

  @Test
  void whatIsNoTensorIsRefused() throws IOException {
    assertRefused(
        Files.write(folder.resolve("text.pb"), new byte[] {'t', 'e', 'x', 't'}), "is not a tensor");
  }

  @Test
  void filesOfTwoGigabytesAreRefused() throws IOException {
    for (String name : List.of("huge.npy", "huge.pb")) {
      Path file = folder.resolve(name);
      try (RandomAccessFile sparse = new RandomAccessFile(file.toFile(), "rw")) {
        sparse.setLength(Integer.MAX_VALUE);
      }
      assertRefused(file, "2 GB");
    }
  }
}
