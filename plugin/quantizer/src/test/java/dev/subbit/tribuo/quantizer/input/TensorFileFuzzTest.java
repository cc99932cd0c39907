package dev.subbit.tribuo.quantizer.input;

import ai.onnx.proto.OnnxMl.TensorProto;
import com.code_intelligence.jazzer.junit.FuzzTest;
import com.code_intelligence.jazzer.mutation.annotation.NotNull;
import dev.subbit.onnx.OnnxProtos;
import dev.subbit.onnx.ReaderContract;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Files of one tensor, of any content. */
@Timeout(60)
class TensorFileFuzzTest {

  private static final ReaderContract FILE = ReaderContract.of(IOException.class);

  @TempDir static Path folder;

  static Stream<Arguments> arrays() {
    return Stream.of(
        Arguments.of("{'descr': '<f4', 'fortran_order': False, 'shape': (2, 1), }", new byte[8]),
        Arguments.of("{'descr': '|u1', 'fortran_order': False, 'shape': (3,), }", new byte[3]),
        Arguments.of("{'descr': '<i8', 'fortran_order': True, 'shape': (), }", new byte[8]),
        Arguments.of("{'descr': '<f8', 'shape': (-1, 99999999999), }", new byte[8]));
  }

  /** A .npy file of version 1 with a header and values. */
  @MethodSource("arrays")
  @FuzzTest
  void numpyArraysAreRead(@NotNull String header, byte @NotNull [] values) throws IOException {
    byte[] text = header.getBytes(StandardCharsets.UTF_8);
    ByteArrayOutputStream file = new ByteArrayOutputStream();
    file.write(new byte[] {(byte) 0x93, 'N', 'U', 'M', 'P', 'Y', 1, 0});
    file.write(text.length & 0xFF);
    file.write(text.length >> 8 & 0xFF);
    file.write(text);
    file.write(values);
    read("array.npy", file.toByteArray());
  }

  static Stream<byte[]> headers() {
    byte[] header =
        "{'descr': '<i4', 'fortran_order': False, 'shape': (1,), }"
            .getBytes(StandardCharsets.UTF_8);
    return Stream.of(1, 2, 3)
        .map(
            version -> {
              ByteArrayOutputStream file = new ByteArrayOutputStream();
              file.writeBytes(
                  new byte[] {(byte) 0x93, 'N', 'U', 'M', 'P', 'Y', version.byteValue(), 0});
              file.writeBytes(new byte[] {(byte) header.length, 0});
              file.writeBytes(version == 1 ? new byte[0] : new byte[2]);
              file.writeBytes(header);
              file.writeBytes(new byte[] {1, 2, 3, 4});
              return file.toByteArray();
            });
  }

  @MethodSource("headers")
  @FuzzTest
  void filesOfNumpyAreRead(byte[] file) throws IOException {
    read("array.npy", file);
  }

  static Stream<TensorProto> tensors() {
    return Stream.of(
        OnnxProtos.tensor("raw", new float[] {1, 2, 3, 4}, 2, 2),
        TensorProto.newBuilder()
            .setDataType(TensorProto.DataType.INT8.getNumber())
            .addAllDims(List.of(1L, 3L))
            .addAllInt32Data(List.of(1, -2, 300))
            .build(),
        TensorProto.newBuilder()
            .setDataType(TensorProto.DataType.DOUBLE.getNumber())
            .addAllDims(List.of(1L << 33, 1L << 31))
            .addDoubleData(7)
            .build());
  }

  @MethodSource("tensors")
  @FuzzTest
  void tensorsAreRead(@NotNull TensorProto tensor) throws IOException {
    read("tensor.pb", tensor.toByteArray());
  }

  private static void read(String name, byte[] content) throws IOException {
    Path file = Files.write(folder.resolve(name), content);
    FILE.read(content.length, () -> TensorFile.read(file))
        .ifPresent(
            samples -> {
              if (samples.data().capacity() > content.length * 8L) {
                throw new AssertionError(samples.data().capacity() + " bytes of values");
              }
            });
  }
}
