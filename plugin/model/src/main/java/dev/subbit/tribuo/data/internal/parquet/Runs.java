package dev.subbit.tribuo.data.internal.parquet;

import java.io.IOException;
import java.util.Arrays;

/**
 * Parquet's hybrid of run lengths and packed bits, which levels and places in dictionaries are
 * stored in.
 */
final class Runs {

  /** Values are packed in groups of so many. */
  private static final int GROUP = 8;

  private final byte[] data;
  private final int end;
  private int at;

  private Runs(byte[] data, int begin, int end) {
    this.data = data;
    this.at = begin;
    this.end = end;
  }

  /**
   * Decodes values.
   *
   * @param begin where they begin.
   * @param end where they end at the latest.
   * @param width bits of a value, 0 to 32.
   * @param count number of values.
   * @throws IOException if that many are not there.
   */
  static int[] decode(byte[] data, int begin, int end, int width, int count) throws IOException {
    if (begin < 0 || begin > end || end > data.length || width < 0 || width > Integer.SIZE) {
      throw new IOException("runs of " + width + " bits lie outside of it");
    }
    return new Runs(data, begin, end).values(width, count);
  }

  private int[] values(int width, int count) throws IOException {
    int[] values = new int[count];
    int filled = 0;
    while (filled < count && width > 0) {
      int head = head();
      int most = count - filled;
      if ((head & 1) == 0) {
        int run = Math.min(head >>> 1, most);
        if (run == 0) {
          throw new IOException("a run is empty");
        }
        Arrays.fill(values, filled, filled + run, number((width + Byte.SIZE - 1) / Byte.SIZE));
        filled += run;
      } else {
        filled += unpack(values, filled, (int) Math.min((head >>> 1) * (long) GROUP, most), width);
        // Writers may leave out what the last group does not need.
        at = (int) Math.min(end, at + (head >>> 1) * (long) width);
      }
    }
    return values;
  }

  private int unpack(int[] values, int first, int count, int width) throws IOException {
    if (count == 0 || (long) count * width > (end - at) * (long) Byte.SIZE) {
      throw new IOException("packed values end too early");
    }
    for (int i = 0; i < count; i++) {
      long bit = (long) i * width;
      int value = 0;
      for (int j = 0; j < width; j++, bit++) {
        int set = data[at + (int) (bit / Byte.SIZE)] >>> (bit % Byte.SIZE) & 1;
        value |= set << j;
      }
      values[first + i] = value;
    }
    return count;
  }

  /** A number in groups of seven bits, the lowest first. */
  private int head() throws IOException {
    int value = 0;
    for (int shift = 0; shift < Integer.SIZE; shift += 7) {
      int next = number(1);
      value |= (next & 0x7f) << shift;
      if ((next & 0x80) == 0) {
        return value;
      }
    }
    throw new IOException("the length of a run is damaged");
  }

  private int number(int bytes) throws IOException {
    if (bytes > end - at) {
      throw new IOException("runs end too early");
    }
    int value = 0;
    for (int i = 0; i < bytes; i++) {
      value |= Byte.toUnsignedInt(data[at++]) << i * Byte.SIZE;
    }
    return value;
  }
}
