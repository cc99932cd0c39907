package dev.subbit.spark;

import dev.subbit.tribuo.data.ImageExample;
import dev.subbit.tribuo.data.PicturePreparation;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;
import org.apache.spark.sql.Row;

/**
 * The column that pictures are in: as the bytes of their files, or as paths of these, in any file
 * system that Spark reads.
 */
final class PictureColumn {

  private final int index;
  private final PicturePreparation preparation;
  private final Configuration fileSystems;

  /**
   * Names the column.
   *
   * @param index its place in a row.
   * @param preparation how a picture becomes an image.
   * @param fileSystems how files are reached.
   */
  PictureColumn(int index, PicturePreparation preparation, Configuration fileSystems) {
    this.index = index;
    this.preparation = preparation;
    this.fileSystems = fileSystems;
  }

  /**
   * Reads the picture of a row.
   *
   * @param row the row.
   * @return the image.
   * @throws BrokenPictureException if there is none, it cannot be read, or it cannot be decoded.
   */
  ImageExample read(Row row) throws BrokenPictureException {
    Object value = row.get(index);
    if (value == null) {
      throw new BrokenPictureException("The row has no picture", null);
    }
    try {
      return value instanceof byte[] content
          ? preparation.example(new ByteArrayInputStream(content), "The picture")
          : read((String) value);
    } catch (IOException e) {
      throw new BrokenPictureException(e.getMessage(), e);
    }
  }

  private ImageExample read(String place) throws IOException, BrokenPictureException {
    Path path;
    try {
      path = new Path(place);
    } catch (IllegalArgumentException e) {
      throw new BrokenPictureException("'" + place + "' is not a path: " + e.getMessage(), e);
    }
    try (InputStream stream = path.getFileSystem(fileSystems).open(path)) {
      return preparation.example(stream, place);
    }
  }
}
