package dev.subbit.tribuo.data.internal.parquet;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import org.apache.parquet.format.Type;

/** The values of a page, of which some may be null. Immutable. */
public final class PageValues {

  private static final int NULL = -1;

  private final Type type;
  private final byte[] data;
  private final int[] begins;
  private final int[] lengths;

  private PageValues(Type type, byte[] data, int[] begins, int[] lengths) {
    this.type = type;
    this.data = data;
    this.begins = begins;
    this.lengths = lengths;
  }

  /** Finds values that are stored one behind the other. */
  static PageValues plain(Type type, byte[] data, int begin, int count) throws IOException {
    ByteBuffer bytes = ByteBuffer.wrap(data).order(ByteOrder.LITTLE_ENDIAN);
    int width =
        switch (type) {
          case BYTE_ARRAY -> Integer.BYTES;
          case INT32 -> Integer.BYTES;
          case INT64 -> Long.BYTES;
          default -> throw new IOException("values of the type " + type + " are not read");
        };
    if (begin < 0 || count < 0 || count > (data.length - begin) / width) {
      throw new IOException("it has no room for " + count + " values");
    }
    int[] begins = new int[count];
    int[] lengths = new int[count];
    int at = begin;
    for (int i = 0; i < count; i++) {
      int length = width;
      if (type == Type.BYTE_ARRAY) {
        length = bytes.getInt(at);
        at += Integer.BYTES;
      }
      if (length < 0 || length > data.length - at) {
        throw new IOException("value " + i + " lies outside of it");
      }
      begins[i] = at;
      lengths[i] = length;
      at += length;
    }
    return new PageValues(type, data, begins, lengths);
  }

  /** The values at some places of these, which are a dictionary. */
  PageValues at(int[] places) throws IOException {
    for (int place : places) {
      if (place < 0 || place >= begins.length) {
        throw new IOException("value " + place + " is not in its dictionary");
      }
    }
    return new PageValues(
        type,
        data,
        Arrays.stream(places).map(place -> begins[place]).toArray(),
        Arrays.stream(places).map(place -> lengths[place]).toArray());
  }

  /** The same values, with nulls where the levels are not the highest. */
  PageValues spread(int[] levels, int highest) {
    int[] allBegins = new int[levels.length];
    int[] allLengths = new int[levels.length];
    int next = 0;
    for (int i = 0; i < levels.length; i++) {
      allBegins[i] = NULL;
      if (levels[i] == highest) {
        allBegins[i] = begins[next];
        allLengths[i] = lengths[next++];
      }
    }
    return new PageValues(type, data, allBegins, allLengths);
  }

  /**
   * Number of values.
   *
   * @return the number, nulls included.
   */
  public int size() {
    return begins.length;
  }

  /**
   * A value as bytes.
   *
   * @param row place in the page.
   * @return a copy; null for a null.
   * @throws IOException if the column does not hold bytes, or the page has no such row.
   */
  public byte[] bytes(int row) throws IOException {
    if (type != Type.BYTE_ARRAY) {
      throw new IOException("it holds values of the type " + type + ", not bytes");
    }
    return isNull(row) ? null : Arrays.copyOfRange(data, begins[row], begins[row] + lengths[row]);
  }

  /**
   * A value as a text.
   *
   * @param row place in the page.
   * @return the text, or the number in digits; null for a null.
   * @throws IOException if it is no text, or the page has no such row.
   */
  public String text(int row) throws IOException {
    if (isNull(row)) {
      return null;
    }
    ByteBuffer value =
        ByteBuffer.wrap(data, begins[row], lengths[row]).order(ByteOrder.LITTLE_ENDIAN);
    if (type == Type.INT32) {
      return Integer.toString(value.getInt());
    }
    if (type == Type.INT64) {
      return Long.toString(value.getLong());
    }
    try {
      return StandardCharsets.UTF_8.newDecoder().decode(value).toString();
    } catch (CharacterCodingException e) {
      throw new IOException("value " + row + " is no text", e);
    }
  }

  private boolean isNull(int row) throws IOException {
    if (row < 0 || row >= begins.length) {
      throw new IOException("it has " + begins.length + " values, and no value " + row);
    }
    return begins[row] == NULL;
  }
}
