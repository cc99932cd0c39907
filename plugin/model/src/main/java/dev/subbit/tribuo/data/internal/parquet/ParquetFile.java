package dev.subbit.tribuo.data.internal.parquet;

import java.io.ByteArrayInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.TreeMap;
import org.apache.parquet.format.ColumnChunk;
import org.apache.parquet.format.ColumnMetaData;
import org.apache.parquet.format.FieldRepetitionType;
import org.apache.parquet.format.FileMetaData;
import org.apache.parquet.format.RowGroup;
import org.apache.parquet.format.SchemaElement;
import org.apache.parquet.format.Util;

/**
 * What a Parquet file says about itself in its last bytes. The messages of errors leave the file's
 * name to the caller. Immutable.
 */
public final class ParquetFile {

  private static final byte[] MAGIC = "PAR1".getBytes(StandardCharsets.US_ASCII);
  private static final byte[] ENCRYPTED = "PARE".getBytes(StandardCharsets.US_ASCII);

  /** What comes before the last magic number: the length of the description. */
  private static final int TAIL = Integer.BYTES + MAGIC.length;

  /** A longer description is no description of columns. */
  private static final int MOST_FOOTER_BYTES = 100_000_000;

  private final Path file;
  private final long size;
  private final FileMetaData description;

  private ParquetFile(Path file, long size, FileMetaData description) {
    this.file = file;
    this.size = size;
    this.description = description;
  }

  /**
   * Reads what a file says about itself.
   *
   * @param file the file.
   * @return the file, which stays closed.
   * @throws IOException if it cannot be read or is no Parquet file.
   */
  public static ParquetFile of(Path file) throws IOException {
    try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
      long size = channel.size();
      if (size < MAGIC.length + TAIL) {
        throw new IOException("it is too short for a Parquet file");
      }
      byte[] tail = bytes(channel, size - TAIL, TAIL);
      byte[] magic = Arrays.copyOfRange(tail, Integer.BYTES, TAIL);
      if (Arrays.equals(magic, ENCRYPTED)) {
        throw new IOException("it is encrypted");
      }
      if (!Arrays.equals(magic, MAGIC)) {
        throw new IOException("it does not end as a Parquet file does");
      }
      int length = ByteBuffer.wrap(tail).order(ByteOrder.LITTLE_ENDIAN).getInt();
      if (length < 0 || length > Math.min(MOST_FOOTER_BYTES, size - TAIL - MAGIC.length)) {
        throw new IOException("its description of columns has an impossible length, " + length);
      }
      byte[] footer = bytes(channel, size - TAIL - length, length);
      return new ParquetFile(file, size, Util.readFileMetaData(new ByteArrayInputStream(footer)));
    } catch (RuntimeException e) {
      // The library throws exceptions of many types for damaged descriptions.
      throw new IOException("its description of columns is damaged: " + e.getMessage(), e);
    }
  }

  static byte[] bytes(FileChannel channel, long offset, int count) throws IOException {
    ByteBuffer bytes = ByteBuffer.allocate(count);
    while (bytes.hasRemaining()) {
      if (channel.read(bytes, offset + bytes.position()) < 0) {
        throw new EOFException("it ends too early");
      }
    }
    return bytes.array();
  }

  /**
   * Finds a column.
   *
   * @param name its name; of a field of a structure, the names from the outermost on, with dots
   *     between them.
   * @return the column.
   * @throws IOException if there is none of this name that can be read, saying which columns there
   *     are.
   */
  public ParquetColumn column(String name) throws IOException {
    try {
      TreeMap<String, Integer> levels = new TreeMap<>();
      List<SchemaElement> schema = description.getSchema();
      int end = collect(schema, 1, schema.get(0).getNum_children(), "", 0, levels);
      if (end != schema.size()) {
        throw new IOException("its description of columns contradicts itself");
      }
      if (!levels.containsKey(name)) {
        throw new IOException("it has no column '" + name + "', but " + levels.keySet());
      }
      if (levels.get(name) < 0) {
        throw new IOException("column '" + name + "' has lists, not one value in each row");
      }
      return new ParquetColumn(file, name, levels.get(name), chunks(name));
    } catch (RuntimeException e) {
      throw new IOException("its description of columns is damaged: " + e, e);
    }
  }

  /**
   * Collects columns with their definition levels, the number of structures and values on the way
   * that may be null; negative for those within lists.
   *
   * @return the place behind the last element.
   */
  private static int collect(
      List<SchemaElement> schema,
      int first,
      int count,
      String prefix,
      int level,
      TreeMap<String, Integer> levels) {
    int next = first;
    for (int i = 0; i < count; i++) {
      SchemaElement element = schema.get(next++);
      int own = level;
      if (element.getRepetition_type() == FieldRepetitionType.REPEATED) {
        own = Integer.MIN_VALUE;
      } else if (element.getRepetition_type() == FieldRepetitionType.OPTIONAL) {
        own++;
      }
      String name = prefix + element.getName();
      if (element.isSetType()) {
        levels.put(name, own);
      } else {
        next = collect(schema, next, element.getNum_children(), name + ".", own, levels);
      }
    }
    return next;
  }

  private List<ParquetColumn.Chunk> chunks(String name) throws IOException {
    List<ParquetColumn.Chunk> chunks = new ArrayList<>();
    for (RowGroup group : description.getRow_groups()) {
      for (ColumnChunk chunk : group.getColumns()) {
        ColumnMetaData about = chunk.getMeta_data();
        if (about == null || chunk.isSetFile_path()) {
          throw new IOException("it has columns that are encrypted or in another file");
        }
        if (String.join(".", about.getPath_in_schema()).equals(name)) {
          chunks.add(chunk(name, group, about));
        }
      }
    }
    if (chunks.size() != description.getRow_groupsSize()) {
      throw new IOException("column '" + name + "' is not in all of its row groups");
    }
    return chunks;
  }

  private ParquetColumn.Chunk chunk(String name, RowGroup group, ColumnMetaData about)
      throws IOException {
    long begin = about.getData_page_offset();
    if (about.isSetDictionary_page_offset() && about.getDictionary_page_offset() > 0) {
      begin = Math.min(begin, about.getDictionary_page_offset());
    }
    long bytes = about.getTotal_compressed_size();
    if (begin < MAGIC.length || bytes < 0 || bytes > size - TAIL - begin) {
      throw new IOException("column '" + name + "' lies outside of it");
    }
    if (about.getNum_values() != group.getNum_rows()) {
      throw new IOException(
          "column '"
              + name
              + "' has "
              + about.getNum_values()
              + " values in "
              + group.getNum_rows()
              + " rows");
    }
    return new ParquetColumn.Chunk(
        about.getType(), about.getCodec(), begin, begin + bytes, about.getNum_values());
  }
}
