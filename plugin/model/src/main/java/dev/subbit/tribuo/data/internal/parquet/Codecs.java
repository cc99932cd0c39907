package dev.subbit.tribuo.data.internal.parquet;

import io.airlift.compress.Decompressor;
import io.airlift.compress.lz4.Lz4Decompressor;
import io.airlift.compress.snappy.SnappyDecompressor;
import io.airlift.compress.zstd.ZstdDecompressor;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.util.Arrays;
import java.util.zip.GZIPInputStream;
import org.apache.parquet.format.CompressionCodec;

/** The ways in which pages are compressed. */
final class Codecs {

  private Codecs() {}

  /**
   * Decompresses.
   *
   * @param begin where the compressed bytes begin; they go on to the end.
   * @param size how many they must come to.
   * @throws IOException if they come to another number, or the codec is not supported.
   */
  static byte[] decompress(CompressionCodec codec, byte[] stored, int begin, int size)
      throws IOException {
    if (begin < 0 || begin > stored.length || size < 0) {
      throw new IOException("its parts lie outside of it");
    }
    byte[] data =
        switch (codec) {
          case UNCOMPRESSED -> Arrays.copyOfRange(stored, begin, stored.length);
          case GZIP -> unzipped(stored, begin, size);
          case SNAPPY -> decompressed(new SnappyDecompressor(), stored, begin, size);
          case ZSTD -> decompressed(new ZstdDecompressor(), stored, begin, size);
          case LZ4_RAW -> decompressed(new Lz4Decompressor(), stored, begin, size);
          default ->
              throw new IOException(
                  "its compression, "
                      + codec
                      + ", is not read; write the table with snappy, zstd, gzip, lz4_raw or none");
        };
    if (data.length != size) {
      throw new IOException("it has " + data.length + " bytes in place of " + size);
    }
    return data;
  }

  private static byte[] unzipped(byte[] stored, int begin, int size) throws IOException {
    try (InputStream in =
        new GZIPInputStream(new ByteArrayInputStream(stored, begin, stored.length - begin))) {
      return in.readNBytes(size + 1);
    }
  }

  private static byte[] decompressed(Decompressor decompressor, byte[] stored, int begin, int size)
      throws IOException {
    if (begin == stored.length) {
      return new byte[0];
    }
    byte[] data = new byte[size];
    int count = decompressor.decompress(stored, begin, stored.length - begin, data, 0, size);
    return count == size ? data : Arrays.copyOf(data, count);
  }
}
