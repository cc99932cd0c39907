package dev.subbit.tribuo.training.internal.checkpoint;

import com.code_intelligence.jazzer.junit.FuzzTest;
import com.code_intelligence.jazzer.mutation.annotation.NotNull;
import com.google.protobuf.ByteString;
import com.google.protobuf.InvalidProtocolBufferException;
import dev.subbit.onnx.ReaderContract;
import dev.subbit.tribuo.io.Sha256;
import dev.subbit.tribuo.training.internal.protos.CheckpointPartProto;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.provider.MethodSource;

/** Checkpoints of any content. */
@Timeout(60)
class CheckpointReaderFuzzTest {

  private static final ReaderContract FILE =
      ReaderContract.of(IOException.class, InvalidProtocolBufferException.class);

  static Stream<byte[]> files() {
    return Stream.of(1, 300).map(CheckpointReaderFuzzTest::file);
  }

  private static byte[] file(int step) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    try {
      CheckpointWriter.write(SampleCheckpoint.of(step), out);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return out.toByteArray();
  }

  @MethodSource("files")
  @FuzzTest
  void filesAreRead(byte[] file) {
    FILE.read(file.length, () -> CheckpointReader.read(new ByteArrayInputStream(file)));
  }

  static Stream<List<CheckpointPartProto>> parts() throws IOException {
    byte[] file = file(7);
    ByteArrayInputStream in =
        new ByteArrayInputStream(
            file, CheckpointWriter.MAGIC.length, file.length - CheckpointWriter.MAGIC.length);
    List<CheckpointPartProto> parts = new ArrayList<>();
    while (in.available() > 0) {
      CheckpointPartProto part = CheckpointPartProto.parseDelimitedFrom(in);
      if (!part.hasSha256()) {
        parts.add(part);
      }
    }
    return Stream.of(parts);
  }

  /** Parts of any content in a file that is whole, so that its digest fits. */
  @MethodSource("parts")
  @FuzzTest
  void partsAreRead(@NotNull List<@NotNull CheckpointPartProto> parts) throws IOException {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    out.write(CheckpointWriter.MAGIC);
    for (CheckpointPartProto part : parts) {
      part.writeDelimitedTo(out);
    }
    MessageDigest digest = Sha256.start();
    digest.update(out.toByteArray());
    CheckpointPartProto.newBuilder()
        .setSha256(ByteString.copyFrom(digest.digest()))
        .build()
        .writeDelimitedTo(out);
    byte[] file = out.toByteArray();
    FILE.read(file.length, () -> CheckpointReader.read(new ByteArrayInputStream(file)));
  }
}
