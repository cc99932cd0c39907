package dev.subbit.tribuo.training.internal.checkpoint;

import dev.subbit.tribuo.training.internal.protos.CheckpointHeaderProto;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.util.Optional;

/**
 * What the first of several processes says to the others before the first step.
 *
 * @param fingerprint what it computes from, which must be the same in all.
 * @param checkpoint where all go on from; empty for the beginning.
 */
public record StartMessage(Fingerprint fingerprint, Optional<Checkpoint> checkpoint) {

  /**
   * Reads a message.
   *
   * @param bytes what {@link #bytes} gave in another process.
   * @return the message.
   * @throws IOException if the other process has another version of Subbit.
   */
  public static StartMessage of(byte[] bytes) throws IOException {
    ByteArrayInputStream in = new ByteArrayInputStream(bytes);
    CheckpointHeaderProto header = CheckpointHeaderProto.parseDelimitedFrom(in);
    return new StartMessage(
        CheckpointReader.fingerprint(header),
        in.available() == 0 ? Optional.empty() : Optional.of(CheckpointReader.read(in)));
  }

  /**
   * The message as bytes.
   *
   * @return bytes for {@link #of}.
   * @throws IOException never: nothing but memory is written to.
   */
  public byte[] bytes() throws IOException {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    CheckpointWriter.header(fingerprint).build().writeDelimitedTo(out);
    if (checkpoint.isPresent()) {
      CheckpointWriter.write(checkpoint.get(), out);
    }
    return out.toByteArray();
  }
}
