package dev.subbit.tribuo.training.tensorboard;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.WritableByteChannel;
import java.util.zip.CRC32C;

/**
 * Writes records in TensorFlow's TFRecord framing: length, checksum of the length, the bytes, their
 * checksum; numbers are little-endian. Not thread-safe.
 */
final class RecordWriter {

  private static final int MASK_DELTA = 0xa282ead8;

  private final WritableByteChannel out;

  /**
   * Makes a writer.
   *
   * @param out where to; left open.
   */
  RecordWriter(WritableByteChannel out) {
    this.out = out;
  }

  void write(byte[] record) throws IOException {
    ByteBuffer frame =
        ByteBuffer.allocate(Long.BYTES + Integer.BYTES + record.length + Integer.BYTES)
            .order(ByteOrder.LITTLE_ENDIAN);
    frame.putLong(record.length);
    frame.putInt(maskedChecksum(frame.array(), 0, Long.BYTES));
    frame.put(record);
    frame.putInt(maskedChecksum(record, 0, record.length));
    frame.flip();
    while (frame.hasRemaining()) {
      out.write(frame);
    }
  }

  /** CRC-32C, turned and moved, since a checksum of bytes that hold checksums would be weak. */
  private static int maskedChecksum(byte[] bytes, int from, int length) {
    CRC32C checksum = new CRC32C();
    checksum.update(bytes, from, length);
    return Integer.rotateRight((int) checksum.getValue(), 15) + MASK_DELTA;
  }
}
