package dev.subbit.tribuo.data;

import com.oracle.labs.mlrg.olcut.config.Config;
import dev.subbit.tribuo.data.internal.parquet.PageValues;
import dev.subbit.tribuo.data.internal.parquet.ParquetColumn;
import dev.subbit.tribuo.data.internal.parquet.ParquetFile;
import dev.subbit.tribuo.network.ImageShape;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Iterator;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Pictures in Parquet files: a column of the bytes of PNG or JPEG files, and one of labels, which
 * are texts or whole numbers. Columns may be fields of structures, such as {@code image.bytes}.
 *
 * <p>A picture is read by reading the page that it is in, which by the defaults of most writers has
 * about one megabyte. So the smaller the pages, the faster the pictures come. Of the table itself
 * nothing is held in memory.
 *
 * <p>This needs two libraries on the class path that nothing else here needs: {@value #FORMAT} and
 * {@value #CODECS}.
 */
public final class ParquetSource extends ContainerSource {

  static final String FORMAT = "org.apache.parquet:parquet-format-structures";
  static final String CODECS = "io.airlift:aircompressor";

  /** A class of each library; the last is of one that the first needs, as many others do. */
  private static final Map<String, String> LIBRARIES =
      Map.of(
          "org.apache.parquet.format.FileMetaData", FORMAT,
          "io.airlift.compress.Decompressor", CODECS,
          "org.slf4j.LoggerFactory", "org.slf4j:slf4j-api");

  private static final String ENDING = ".parquet";

  /** Between the number of a row and its place in its page. */
  private static final String IN_PAGE = ":";

  @Config(mandatory = true, description = "The folder of the tables (.parquet), or one table.")
  private Path tables;

  @Config(
      mandatory = true,
      description = "The column of the pictures' bytes; a field of a structure as column.field.")
  private String pictureColumn;

  @Config(mandatory = true, description = "The column of the labels: texts or whole numbers.")
  private String labelColumn;

  /** By the place of the file's stamp. */
  private final Map<Integer, ParquetColumn> opened = new ConcurrentHashMap<>();

  /** For OLCUT, which fills in the configured fields. */
  private ParquetSource() {}

  /**
   * Lists the images of tables, unless they were listed before.
   *
   * @param tables the folder of the tables, or one table.
   * @param pictureColumn the column of the pictures' bytes.
   * @param labelColumn the column of the labels.
   * @param shape the shape of the images, of 1 or 3 channels.
   * @param shorterSide what the shorter side of a picture is scaled to; 0 for the smallest that the
   *     image fits into.
   * @param classNames the file with the names of classes that the labels number; null to keep what
   *     the tables have.
   * @param index the file that keeps the list; null to keep none.
   * @throws IOException if a table cannot be read or does not have these columns, naming it; if the
   *     index cannot be read or written; or if a library is missing.
   */
  public ParquetSource(
      Path tables,
      String pictureColumn,
      String labelColumn,
      ImageShape shape,
      int shorterSide,
      Path classNames,
      Path index)
      throws IOException {
    super(shape, shorterSide, classNames, index);
    this.tables = tables;
    this.pictureColumn = pictureColumn;
    this.labelColumn = labelColumn;
    postConfig();
  }

  @Override
  public void postConfig() throws IOException {
    for (Map.Entry<String, String> library : LIBRARIES.entrySet()) {
      try {
        Class.forName(library.getKey(), false, ParquetSource.class.getClassLoader());
      } catch (ClassNotFoundException e) {
        throw new IOException(
            "Reading Parquet needs "
                + FORMAT
                + " and "
                + CODECS
                + " on the class path; "
                + library.getValue()
                + " is missing",
            e);
      }
    }
    super.postConfig();
  }

  @Override
  Path place() {
    return tables;
  }

  @Override
  String property() {
    return "tables";
  }

  @Override
  String ending() {
    return ENDING;
  }

  @Override
  void list(Path file, Listing listing) throws IOException {
    try {
      ParquetFile table = ParquetFile.of(file);
      Iterator<ParquetColumn.Page> pictures = table.column(pictureColumn).pages().iterator();
      ParquetColumn labels = table.column(labelColumn);
      ParquetColumn.Page page = null;
      int inPage = 0;
      long row = 0;
      for (ParquetColumn.Page some : labels.pages()) {
        PageValues values = labels.read(some.offset());
        for (int i = 0; i < values.size(); i++) {
          while (page == null || inPage == page.rows()) {
            page = pictures.next();
            inPage = 0;
          }
          String label = values.text(i);
          if (label == null || label.isEmpty()) {
            throw new IOException("row " + row + " has no label in column '" + labelColumn + "'");
          }
          listing.add(row + IN_PAGE + inPage, label, page.offset(), page.bytes());
          inPage++;
          row++;
        }
      }
      if (row == 0) {
        throw new IOException("it has no rows");
      }
    } catch (IOException e) {
      throw unusable(file, e);
    }
  }

  private static IOException unusable(Path file, IOException e) {
    return new IOException(file + " cannot be used as a table: " + e.getMessage(), e);
  }

  @Override
  byte[] read(ImageIndex.Image image, Region.Choice choice) throws IOException {
    byte[] picture;
    try {
      int inPage = Integer.parseInt(image.name().substring(image.name().indexOf(IN_PAGE) + 1));
      picture = pictures(image).read(image.offset()).bytes(inPage);
    } catch (IOException | NumberFormatException e) {
      throw new IOException(describe(image) + " cannot be read: " + e.getMessage(), e);
    }
    if (picture == null) {
      throw new IOException(
          describe(image) + " has no picture: column '" + pictureColumn + "' is null");
    }
    return preparation().image(picture, describe(image), choice);
  }

  private ParquetColumn pictures(ImageIndex.Image image) throws IOException {
    ParquetColumn column = opened.get(image.stamp());
    if (column == null) {
      column = ParquetFile.of(container(image)).column(pictureColumn);
      opened.put(image.stamp(), column);
    }
    return column;
  }

  @Override
  String describe(ImageIndex.Image image) {
    return "Row "
        + image.name().substring(0, Math.max(0, image.name().indexOf(IN_PAGE)))
        + " of "
        + container(image);
  }
}
