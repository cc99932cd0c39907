package dev.subbit.tribuo.data.internal.parquet;

import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.apache.parquet.format.CompressionCodec;
import org.apache.parquet.format.DataPageHeader;
import org.apache.parquet.format.DataPageHeaderV2;
import org.apache.parquet.format.Encoding;
import org.apache.parquet.format.PageHeader;
import org.apache.parquet.format.PageType;
import org.apache.parquet.format.Type;
import org.apache.parquet.format.Util;

/**
 * A column of a Parquet file, one value or null in each row. It is read page by page: a page is the
 * smallest part that can be read alone. Immutable, so safe for use by many threads; every call
 * opens the file.
 */
public final class ParquetColumn {

  /** A page that takes more is refused: every value of it would cost reading it all. */
  static final int MOST_PAGE_BYTES = 1 << 28;

  /** More rows are refused: a damaged head would ask for memory without end. */
  private static final int MOST_PAGE_ROWS = 1 << 24;

  private static final int BUFFER_BYTES = 1 << 12;

  /**
   * The values of a column in one row group.
   *
   * @param begin where its pages begin in the file.
   * @param end where they end.
   * @param values number of values, nulls included.
   */
  record Chunk(Type type, CompressionCodec codec, long begin, long end, long values) {}

  /**
   * A page of values.
   *
   * @param offset where it begins in the file.
   * @param bytes its size there.
   * @param rows number of rows.
   */
  public record Page(long offset, long bytes, int rows) {}

  private final Path file;
  private final String name;
  private final int level;
  private final List<Chunk> chunks;

  ParquetColumn(Path file, String name, int level, List<Chunk> chunks) {
    this.file = file;
    this.name = name;
    this.level = level;
    this.chunks = List.copyOf(chunks);
  }

  /**
   * Lists the pages by reading their heads.
   *
   * @return the pages, in the order of the rows.
   * @throws IOException if the file cannot be read or is damaged.
   */
  public List<Page> pages() throws IOException {
    List<Page> pages = new ArrayList<>();
    try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
      for (Chunk chunk : chunks) {
        long rows = 0;
        for (long at = chunk.begin; rows < chunk.values; ) {
          Head head = Head.at(channel, at, chunk);
          if (head.isData()) {
            pages.add(new Page(at, head.end() - at, head.values()));
            rows += head.values();
          }
          at = head.end();
        }
        if (rows != chunk.values) {
          throw damaged(chunk.begin, "its pages hold " + rows + " values for " + chunk.values);
        }
      }
    }
    return pages;
  }

  /**
   * Reads a page.
   *
   * @param offset where it begins, as {@link #pages} says.
   * @return its values.
   * @throws IOException if the file cannot be read, is damaged, or stores the values in a way that
   *     is not supported, saying which.
   */
  public PageValues read(long offset) throws IOException {
    Chunk chunk =
        chunks.stream()
            .filter(one -> offset >= one.begin && offset < one.end)
            .findFirst()
            .orElseThrow(() -> damaged(offset, "no page is there"));
    try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
      Head head = Head.at(channel, offset, chunk);
      if (!head.isData()) {
        throw new IOException("no values are there");
      }
      byte[] stored = ParquetFile.bytes(channel, head.body, head.page.getCompressed_page_size());
      return head.page.getType() == PageType.DATA_PAGE
          ? first(channel, chunk, head.page, stored)
          : second(channel, chunk, head.page, stored);
    } catch (IOException | RuntimeException e) {
      // Arrays are too short, or their sizes negative, where a page is damaged.
      throw damaged(offset, e instanceof IOException ? e.getMessage() : e.toString(), e);
    }
  }

  private IOException damaged(long offset, String what) {
    return damaged(offset, what, null);
  }

  private IOException damaged(long offset, String what, Exception cause) {
    return new IOException("column '" + name + "', page at byte " + offset + ": " + what, cause);
  }

  /**
   * The head of a page.
   *
   * @param body where the page's own bytes begin.
   */
  private record Head(PageHeader page, long body) {

    static Head at(FileChannel channel, long offset, Chunk chunk) throws IOException {
      CountedInput in = new CountedInput(channel, offset, chunk.end);
      PageHeader page;
      try {
        page = Util.readPageHeader(in);
      } catch (IOException | RuntimeException e) {
        // The library throws exceptions of many types for damaged heads.
        throw new IOException("the head of a page at byte " + offset + " is damaged", e);
      }
      Head head = new Head(page, in.position());
      int most = Math.max(page.getCompressed_page_size(), page.getUncompressed_page_size());
      int least = Math.min(page.getCompressed_page_size(), page.getUncompressed_page_size());
      if (least < 0
          || head.end() > chunk.end
          || head.values() < 0
          || head.values() > MOST_PAGE_ROWS) {
        throw new IOException("the head of a page at byte " + offset + " is damaged");
      }
      if (most > MOST_PAGE_BYTES) {
        throw new IOException(
            "a page at byte "
                + offset
                + " has "
                + most
                + " bytes; write the table with smaller pages");
      }
      return head;
    }

    long end() {
      return body + page.getCompressed_page_size();
    }

    boolean isData() {
      return page.getData_page_header() != null || page.getData_page_header_v2() != null;
    }

    /** Number of values of a page of data; 0 of others. */
    int values() {
      if (page.getData_page_header() != null) {
        return page.getData_page_header().getNum_values();
      }
      return isData() ? page.getData_page_header_v2().getNum_values() : 0;
    }
  }

  /** The bytes of a file from a place on. */
  private static final class CountedInput extends InputStream {

    private final FileChannel channel;
    private final long end;
    private final ByteBuffer buffer = ByteBuffer.allocate(BUFFER_BYTES).limit(0);
    private long next;

    CountedInput(FileChannel channel, long offset, long end) {
      this.channel = channel;
      this.next = offset;
      this.end = end;
    }

    long position() {
      return next - buffer.remaining();
    }

    @Override
    public int read() throws IOException {
      if (!buffer.hasRemaining()) {
        buffer.clear().limit((int) Math.min(buffer.capacity(), end - next));
        int count = buffer.hasRemaining() ? channel.read(buffer, next) : -1;
        buffer.flip();
        if (count <= 0) {
          return -1;
        }
        next += count;
      }
      return Byte.toUnsignedInt(buffer.get());
    }
  }

  /** A page of the first version: levels and values are compressed together. */
  private PageValues first(FileChannel channel, Chunk chunk, PageHeader page, byte[] stored)
      throws IOException {
    DataPageHeader head = page.getData_page_header();
    byte[] data = Codecs.decompress(chunk.codec, stored, 0, page.getUncompressed_page_size());
    int begin = 0;
    int[] levels = null;
    if (level > 0) {
      if (head.getDefinition_level_encoding() != Encoding.RLE) {
        throw new IOException("levels as " + head.getDefinition_level_encoding() + " are not read");
      }
      begin = Integer.BYTES + ByteBuffer.wrap(data).order(ByteOrder.LITTLE_ENDIAN).getInt();
      levels = levels(data, Integer.BYTES, begin, head.getNum_values());
    }
    return values(channel, chunk, head.getEncoding(), data, begin, levels, head.getNum_values());
  }

  /** A page of the second version: levels come before the values and are not compressed. */
  private PageValues second(FileChannel channel, Chunk chunk, PageHeader page, byte[] stored)
      throws IOException {
    DataPageHeaderV2 head = page.getData_page_header_v2();
    int begin = head.getRepetition_levels_byte_length();
    int end = begin + head.getDefinition_levels_byte_length();
    int[] levels = level > 0 ? levels(stored, begin, end, head.getNum_values()) : null;
    CompressionCodec codec = head.isIs_compressed() ? chunk.codec : CompressionCodec.UNCOMPRESSED;
    byte[] data = Codecs.decompress(codec, stored, end, page.getUncompressed_page_size() - end);
    return values(channel, chunk, head.getEncoding(), data, 0, levels, head.getNum_values());
  }

  private int[] levels(byte[] data, int begin, int end, int count) throws IOException {
    int width = Integer.SIZE - Integer.numberOfLeadingZeros(level);
    return Runs.decode(data, begin, end, width, count);
  }

  private PageValues values(
      FileChannel channel,
      Chunk chunk,
      Encoding encoding,
      byte[] data,
      int begin,
      int[] levels,
      int count)
      throws IOException {
    int present =
        levels == null ? count : (int) Arrays.stream(levels).filter(one -> one == level).count();
    PageValues values;
    if (encoding == Encoding.PLAIN) {
      values = PageValues.plain(chunk.type, data, begin, present);
    } else if (encoding == Encoding.RLE_DICTIONARY || encoding == Encoding.PLAIN_DICTIONARY) {
      int width = present == 0 ? 0 : data[begin];
      int[] places = Runs.decode(data, begin + 1, data.length, width, present);
      values = dictionary(channel, chunk).at(places);
    } else {
      throw new IOException("values as " + encoding + " are not read; write the column as PLAIN");
    }
    return levels == null ? values : values.spread(levels, level);
  }

  private static PageValues dictionary(FileChannel channel, Chunk chunk) throws IOException {
    Head head = Head.at(channel, chunk.begin, chunk);
    if (head.page.getDictionary_page_header() == null) {
      throw new IOException("its dictionary is missing");
    }
    byte[] stored = ParquetFile.bytes(channel, head.body, head.page.getCompressed_page_size());
    byte[] data = Codecs.decompress(chunk.codec, stored, 0, head.page.getUncompressed_page_size());
    int count = head.page.getDictionary_page_header().getNum_values();
    return PageValues.plain(chunk.type, data, 0, count);
  }
}
