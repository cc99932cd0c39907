package dev.subbit.tribuo.data;

import java.io.BufferedInputStream;
import java.io.Closeable;
import java.io.DataInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.zip.GZIPInputStream;
import java.util.zip.ZipException;

/**
 * An open IDX file of unsigned bytes, plain or gzipped (recognised by its content, not its name):
 * the bytes 0, 0, 8, number of dimensions, then each dimension as a big-endian 32-bit number, then
 * the data. Every error names the file.
 */
final class IdxFile implements Closeable {

  private static final int UNSIGNED_BYTES = 8;
  private static final int GZIP_MAGIC = 0x1f8b;

  private final Path path;
  private final DataInputStream stream;
  private final int[] shape;

  /**
   * Opens a file and reads its header.
   *
   * @param path the file.
   * @param content what the file should hold, for the error message, such as {@code images}.
   * @param dimensions the numbers of dimensions that are allowed.
   * @throws IOException if the file cannot be read or is not such an IDX file.
   */
  IdxFile(Path path, String content, int... dimensions) throws IOException {
    this.path = path;
    this.stream = open(path);
    try {
      this.shape = readHeader(content, dimensions);
    } catch (IOException e) {
      stream.close();
      throw e;
    }
  }

  private static DataInputStream open(Path path) throws IOException {
    InputStream file;
    try {
      file = new BufferedInputStream(Files.newInputStream(path), 1 << 16);
    } catch (NoSuchFileException e) {
      throw new NoSuchFileException(path.toString(), null, "there is no such file");
    }
    try {
      file.mark(2);
      int magic = file.read() << 8 | file.read();
      file.reset();
      InputStream plain = magic == GZIP_MAGIC ? new GZIPInputStream(file, 1 << 16) : file;
      return new DataInputStream(new BufferedInputStream(plain, 1 << 16));
    } catch (IOException e) {
      file.close();
      throw new IOException(path + " cannot be read: " + e.getMessage(), e);
    }
  }

  private int[] readHeader(String content, int[] dimensions) throws IOException {
    byte[] header = read(4, "its header");
    if (header[0] != 0 || header[1] != 0) {
      throw new IOException(
          path
              + " is not an IDX file: it starts with "
              + Arrays.toString(header)
              + ", not with 0, 0");
    }
    if (header[2] != UNSIGNED_BYTES) {
      throw new IOException(
          path + " holds IDX values of type " + header[2] + "; only unsigned bytes (8) are read");
    }
    if (Arrays.stream(dimensions).noneMatch(d -> d == header[3])) {
      throw new IOException(
          path
              + " has "
              + header[3]
              + " dimensions; a file of "
              + content
              + " has "
              + String.join(
                  " or ", Arrays.stream(dimensions).mapToObj(Integer::toString).toList()));
    }
    int[] result = new int[header[3]];
    for (int i = 0; i < result.length; i++) {
      byte[] bytes = read(4, "its header");
      result[i] =
          (bytes[0] & 0xFF) << 24
              | (bytes[1] & 0xFF) << 16
              | (bytes[2] & 0xFF) << 8
              | (bytes[3] & 0xFF);
      if (result[i] < 1) {
        throw new IOException(
            path + " gives dimension " + i + " as " + Integer.toUnsignedString(result[i]));
      }
    }
    return result;
  }

  Path path() {
    return path;
  }

  /** The dimensions, each at least 1. */
  int[] shape() {
    return shape.clone();
  }

  /** Reads exactly as many bytes as asked for; {@code what} names them in the error message. */
  byte[] read(int count, String what) throws IOException {
    try {
      byte[] bytes = stream.readNBytes(count);
      if (bytes.length < count) {
        throw new EOFException(path + " is truncated: it ends inside " + what);
      }
      return bytes;
    } catch (EOFException | ZipException e) {
      throw new IOException(path + " is truncated or corrupt: it ends inside " + what, e);
    }
  }

  /** Checks that the file ends here. */
  void requireEnd() throws IOException {
    if (stream.read() >= 0) {
      throw new IOException(path + " is longer than its header says");
    }
  }

  @Override
  public void close() throws IOException {
    stream.close();
  }
}
