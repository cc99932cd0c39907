package dev.subbit.tribuo.data;

/**
 * Where the pixels of an image lie until they are needed. Reading changes nothing, and may be done
 * by many threads. {@code toString} names the place, for messages.
 */
interface PixelSource {

  /**
   * Reads the pixels of the image.
   *
   * @param choice which region of the picture the image is made of; null for what the source takes
   *     by itself.
   * @return the values in the order of positions (channel, row, column), as many as every image of
   *     this source has; the caller's own.
   * @throws java.io.UncheckedIOException if the image cannot be read, naming the file.
   */
  byte[] read(Region.Choice choice);
}
