package dev.subbit.tribuo.quantizer.input;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;

/** The shape that a file gives its tensor; the file may come from anyone. */
final class FileShape {

  private FileShape() {}

  /**
   * Counts the bytes of a tensor.
   *
   * @param file the file, for messages.
   * @param shape the shape; none for a scalar.
   * @param bytesEach bytes of one element.
   * @return the bytes of all elements, at least one element.
   * @throws IOException if a dimension is negative or zero, or no buffer holds so many bytes; the
   *     message names the file and the shape.
   */
  static int bytes(Path file, long[] shape, int bytesEach) throws IOException {
    String shaped = file + " has the shape " + Arrays.toString(shape);
    for (long dimension : shape) {
      if (dimension < 0) {
        throw new IOException(shaped + ", of which a dimension is negative");
      }
    }
    long bytes = bytesEach;
    for (long dimension : shape) {
      if (dimension == 0) {
        throw new IOException(shaped + " and so holds no values");
      }
      if (dimension > Integer.MAX_VALUE / bytes) {
        throw new IOException(shaped + "; tensors of 2 GB and more are not read");
      }
      bytes *= dimension;
    }
    return (int) bytes;
  }
}
