package dev.subbit.cli.options;

import dev.subbit.tribuo.network.ImageShape;
import java.util.Arrays;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/**
 * Reads the shape of images: {@code 3x224x224}, or {@code 224} for a coloured square of that side.
 */
public final class ImageShapeConverter implements ITypeConverter<ImageShape> {

  private static final int COLOURS = 3;

  /** For picocli. */
  public ImageShapeConverter() {}

  @Override
  public ImageShape convert(String text) {
    try {
      int[] sizes = Arrays.stream(text.split("x", -1)).mapToInt(Integer::parseInt).toArray();
      if (sizes.length == 3) {
        return new ImageShape(sizes[0], sizes[1], sizes[2]);
      }
      if (sizes.length == 1) {
        return new ImageShape(COLOURS, sizes[0], sizes[0]);
      }
    } catch (IllegalArgumentException e) {
      // Reported below.
    }
    throw new TypeConversionException(
        "'"
            + text
            + "' is not an image shape; write channels, height and width as in 3x224x224, or 224");
  }
}
