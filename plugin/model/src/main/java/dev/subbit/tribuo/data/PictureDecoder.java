package dev.subbit.tribuo.data;

import java.awt.Rectangle;
import java.awt.color.ColorSpace;
import java.awt.image.BufferedImage;
import java.awt.image.ColorModel;
import java.awt.image.DataBufferByte;
import java.awt.image.IndexColorModel;
import java.awt.image.PixelInterleavedSampleModel;
import java.awt.image.Raster;
import java.awt.image.WritableRaster;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Iterator;
import java.util.Locale;
import javax.imageio.ImageIO;
import javax.imageio.ImageReadParam;
import javax.imageio.ImageReader;
import javax.imageio.stream.ImageInputStream;
import javax.imageio.stream.MemoryCacheImageInputStream;

/**
 * Decodes PNG and JPEG files by the JDK's ImageIO. Files are recognised by their content, not their
 * name. Palettes become colours, 16-bit values their upper 8 bits, CMYK and YCCK become red, green
 * and blue; transparent pixels are put on white. The orientation that a camera noted is ignored, as
 * usual for training, and so are colour profiles, except that ImageIO turns coloured JPEG files
 * whose profile is not sRGB into sRGB.
 *
 * <p>A few bytes can claim any size, and have a decoder go over it any number of times, so files
 * are refused before they are decoded where that would take more than 300 MB or 1,000 million
 * steps.
 */
final class PictureDecoder {

  /** Most bytes of a file. */
  static final int MOST_FILE_BYTES = 300_000_000;

  /** Most bytes of a decoded picture: 100 million pixels in three colours. */
  private static final long MOST_DECODED_BYTES = 300_000_000;

  /**
   * Most values that all passes over a JPEG picture visit, about a second's work: those of a
   * progressive photo of 70 million pixels.
   */
  private static final long MOST_STEPS = 1_000_000_000;

  /** What a pass costs besides its values, in values. */
  private static final long STEPS_OF_AN_EMPTY_PASS = 4096;

  private static final byte[] PNG_SIGNATURE = {(byte) 0x89, 'P', 'N', 'G'};
  private static final byte[] PNG_END = "IEND".getBytes(StandardCharsets.US_ASCII);
  private static final int PNG_END_DISTANCE = 8;
  // The first chunk of a PNG file is the header, 13 bytes: width, height, depth, colour type.
  private static final int PNG_DEPTH = 24;
  private static final int PNG_COLOUR_TYPE = 25;
  private static final int WHITE = 255;

  private PictureDecoder() {}

  /** Says which part of a picture is needed, once its size is known. */
  @FunctionalInterface
  interface Part {

    /** All of it. */
    Part WHOLE = Rectangle::new;

    /**
     * Chooses the part.
     *
     * @param width columns of the picture.
     * @param height rows of the picture.
     * @return the part, not empty and inside of the picture.
     */
    Rectangle of(int width, int height);
  }

  /**
   * Decodes a PNG or JPEG file.
   *
   * @param path the file.
   * @return the whole picture.
   * @throws IOException if the file cannot be read or decoded; the message names it and says why.
   */
  static Picture decode(Path path) throws IOException {
    return decode(path, Part.WHOLE);
  }

  /**
   * Decodes a PNG or JPEG file as far as it is needed: where the rest of a JPEG file need not be
   * decoded, its damage is not noticed either.
   *
   * @param path the file.
   * @param part the part of the picture that is needed; asked once, before anything is decoded.
   * @return that part of the picture, or more.
   * @throws IOException if the file cannot be read or decoded; the message names it and says why.
   */
  static Picture decode(Path path, Part part) throws IOException {
    byte[] file;
    try (InputStream stream = Files.newInputStream(path)) {
      file = stream.readNBytes(MOST_FILE_BYTES + 1);
    } catch (NoSuchFileException e) {
      throw new IOException(path + " is missing; it was there when the folder was listed", e);
    } catch (IOException e) {
      throw new IOException(path + " cannot be read: " + e.getMessage(), e);
    }
    return decode(file, path.toString(), part);
  }

  /**
   * Decodes a PNG or JPEG file that comes through a stream.
   *
   * @param stream the stream, which is read to its end and stays open.
   * @param name what to call it in messages.
   * @return the picture.
   * @throws IOException if it cannot be read or decoded; the message names it and says why.
   */
  static Picture decode(InputStream stream, String name) throws IOException {
    return decode(stream.readNBytes(MOST_FILE_BYTES + 1), name, Part.WHOLE);
  }

  /**
   * Decodes the content of a PNG or JPEG file.
   *
   * @param file the content.
   * @param name what to call the file in messages.
   * @param part the part that is needed.
   * @return the part, or more.
   * @throws IOException if it cannot be decoded; the message names it and says why.
   */
  static Picture decode(byte[] file, String name, Part part) throws IOException {
    try {
      return decode(file, part);
    } catch (IOException | RuntimeException e) {
      // ImageIO throws exceptions of many types for damaged files.
      throw new IOException(
          name
              + " cannot be decoded: "
              + (e.getMessage() == null ? e.getClass().getSimpleName() : e.getMessage())
              + "; replace or remove the file",
          e);
    }
  }

  private static Picture decode(byte[] file, Part part) throws IOException {
    if (file.length == 0) {
      throw new IOException("it is empty");
    }
    if (file.length > MOST_FILE_BYTES) {
      throw new IOException(
          String.format(
              Locale.ROOT, "it has more than %,d bytes, too many for a picture", MOST_FILE_BYTES));
    }
    boolean jpeg = JpegMarkers.isJpeg(file);
    if (!jpeg && !startsWith(file, PNG_SIGNATURE)) {
      throw new IOException("it is neither PNG nor JPEG, whatever its name says");
    }
    JpegMarkers markers = jpeg ? JpegMarkers.of(file) : null;
    // The JDK's JPEG decoder fills up what is missing with grey.
    if (jpeg ? !markers.complete() : !endsAsPng(file)) {
      throw new IOException("it is truncated");
    }
    try (ImageInputStream stream =
        new MemoryCacheImageInputStream(new ByteArrayInputStream(file))) {
      Iterator<ImageReader> readers = ImageIO.getImageReadersByFormatName(jpeg ? "jpeg" : "png");
      ImageReader reader = readers.next();
      try {
        reader.setInput(stream, true, true);
        int width = reader.getWidth(0);
        int height = reader.getHeight(0);
        requireBounded(
            width, height, jpeg ? markers.components() : pngBytesPerPixel(file), markers);
        Rectangle needed = part.of(width, height);
        if (!jpeg) {
          return picture(reader.read(0));
        }
        return markers.components() == 4
            ? fromFourInks(reader.readRaster(0, null), markers.adobeTransform())
            : fromJpeg(reader, needed);
      } finally {
        reader.dispose();
      }
    }
  }

  /** Refuses what would take too much memory or time; {@code markers} is null for PNG. */
  private static void requireBounded(int width, int height, int bytesPerPixel, JpegMarkers markers)
      throws IOException {
    long pixels = (long) width * height;
    if (pixels > MOST_DECODED_BYTES / Math.max(1, bytesPerPixel)) {
      throw new IOException(
          String.format(
              Locale.ROOT,
              "its %,d x %,d pixels of %d bytes are too many: more than %,d bytes are not decoded",
              width,
              height,
              bytesPerPixel,
              MOST_DECODED_BYTES));
    }
    if (markers != null
        && markers.passes() > MOST_STEPS / Math.max(STEPS_OF_AN_EMPTY_PASS, pixels)) {
      throw new IOException(
          String.format(
              Locale.ROOT,
              "its %,d scans over %,d x %,d pixels would take too long to decode (a progressive"
                  + " JPEG usually has 10); save it as a plain JPEG",
              markers.scans(),
              width,
              height));
    }
  }

  /** Bytes of a decoded pixel; a palette becomes three colours. */
  private static int pngBytesPerPixel(byte[] file) throws IOException {
    int values =
        switch (file[PNG_COLOUR_TYPE]) {
          case 0 -> 1;
          case 2, 3 -> 3;
          case 4 -> 2;
          case 6 -> 4;
          default -> throw new IOException("its colour type is " + file[PNG_COLOUR_TYPE]);
        };
    return file[PNG_DEPTH] == 16 ? 2 * values : values;
  }

  private static boolean startsWith(byte[] file, byte[] start) {
    return file.length >= start.length
        && Arrays.equals(file, 0, start.length, start, 0, start.length);
  }

  /**
   * Whether a PNG file has its last chunk; bytes that some programs append after it are allowed.
   */
  private static boolean endsAsPng(byte[] file) {
    for (int i = file.length - PNG_END_DISTANCE; i >= 0; i--) {
      if (Arrays.equals(file, i, i + PNG_END.length, PNG_END, 0, PNG_END.length)) {
        return true;
      }
    }
    return false;
  }

  private static Picture fromJpeg(ImageReader reader, Rectangle part) throws IOException {
    int width = reader.getWidth(0);
    int height = reader.getHeight(0);
    ImageReadParam how = reader.getDefaultReadParam();
    how.setSourceRegion(part);
    ColorModel model = reader.getImageTypes(0).next().getColorModel();
    if (model.getNumComponents() != 3 || model.getColorSpace().getType() != ColorSpace.TYPE_RGB) {
      Picture decoded = picture(reader.read(0, how));
      return new Picture(decoded.channels(), width, height, part, decoded.samples());
    }
    // The reader decodes to red, green, blue. The images that it makes by itself have them the
    // other way round, and turning each row around takes a fifth of the time.
    byte[] samples = new byte[3 * part.width * part.height];
    WritableRaster raster =
        Raster.createInterleavedRaster(
            new DataBufferByte(samples, samples.length),
            part.width,
            part.height,
            3 * part.width,
            3,
            new int[] {0, 1, 2},
            null);
    how.setDestination(new BufferedImage(model, raster, false, null));
    reader.read(0, how);
    return new Picture(3, width, height, part, samples);
  }

  /**
   * Takes the values of a decoded picture.
   *
   * @param image the picture.
   * @return its values, transparent pixels on white.
   */
  static Picture picture(BufferedImage image) {
    ColorModel model = image.getColorModel();
    int space = model.getColorSpace().getType();
    boolean grey = space == ColorSpace.TYPE_GRAY;
    if (model instanceof IndexColorModel || !(grey || space == ColorSpace.TYPE_RGB)) {
      return fromColours(image);
    }
    // Taken from the raster: the colour model would apply a gamma curve to grey values.
    int channels = grey ? 1 : 3;
    int width = image.getWidth();
    int height = image.getHeight();
    Raster raster = image.getRaster();
    byte[] samples = new byte[channels * width * height];
    if (!model.hasAlpha()
        && model.getComponentSize(0) == Byte.SIZE
        && raster.getDataBuffer() instanceof DataBufferByte data
        && raster.getSampleModel() instanceof PixelInterleavedSampleModel layout) {
      // The form of nearly every picture, without the way through an array of ints.
      for (int channel = 0; channel < channels; channel++) {
        takeChannel(raster, data, layout, channel, channels, samples);
      }
      return new Picture(channels, width, height, samples);
    }
    int bands = raster.getNumBands();
    int[] row = new int[width * bands];
    for (int y = 0; y < height; y++) {
      raster.getPixels(raster.getMinX(), raster.getMinY() + y, width, 1, row);
      for (int x = 0; x < width; x++) {
        int alpha =
            model.hasAlpha()
                ? to8Bits(row[x * bands + channels], model.getComponentSize(channels))
                : WHITE;
        for (int channel = 0; channel < channels; channel++) {
          int value = to8Bits(row[x * bands + channel], model.getComponentSize(channel));
          samples[(y * width + x) * channels + channel] = (byte) onWhite(value, alpha);
        }
      }
    }
    return new Picture(channels, width, height, samples);
  }

  private static void takeChannel(
      Raster raster,
      DataBufferByte data,
      PixelInterleavedSampleModel layout,
      int channel,
      int channels,
      byte[] samples) {
    byte[] bytes = data.getData();
    int width = raster.getWidth();
    int height = raster.getHeight();
    int step = layout.getPixelStride();
    for (int y = 0; y < height; y++) {
      int from =
          data.getOffset()
              + (raster.getMinY() + y - raster.getSampleModelTranslateY())
                  * layout.getScanlineStride()
              + (raster.getMinX() - raster.getSampleModelTranslateX()) * step
              + layout.getBandOffsets()[channel];
      int to = y * width * channels + channel;
      for (int x = 0; x < width; x++) {
        samples[to + x * channels] = bytes[from + x * step];
      }
    }
  }

  private static int to8Bits(int value, int bits) {
    return bits > 8 ? value >> (bits - 8) : bits == 8 ? value : value * WHITE / ((1 << bits) - 1);
  }

  private static int onWhite(int value, int alpha) {
    return alpha == WHITE ? value : (value * alpha + WHITE * (WHITE - alpha) + WHITE / 2) / WHITE;
  }

  private static Picture fromColours(BufferedImage image) {
    int width = image.getWidth();
    int height = image.getHeight();
    byte[] samples = new byte[3 * width * height];
    for (int y = 0; y < height; y++) {
      for (int x = 0; x < width; x++) {
        int colour = image.getRGB(x, y);
        int alpha = colour >>> 24;
        for (int channel = 0; channel < 3; channel++) {
          int value = colour >> (16 - 8 * channel) & 0xFF;
          samples[(y * width + x) * 3 + channel] = (byte) onWhite(value, alpha);
        }
      }
    }
    return new Picture(3, width, height, samples);
  }

  /**
   * Colours of cyan, magenta, yellow and black. Adobe's programs store them inverted, and may have
   * turned the first three, taken as red, green and blue, to YCbCr; the raster holds what the file
   * does.
   */
  private static Picture fromFourInks(Raster raster, int adobeTransform) {
    int width = raster.getWidth();
    int height = raster.getHeight();
    byte[] samples = new byte[3 * width * height];
    int[] row = new int[width * 4];
    int[] light = new int[3];
    for (int y = 0; y < height; y++) {
      raster.getPixels(raster.getMinX(), raster.getMinY() + y, width, 1, row);
      for (int x = 0; x < width; x++) {
        light[0] = row[4 * x];
        light[1] = row[4 * x + 1];
        light[2] = row[4 * x + 2];
        int black = row[4 * x + 3];
        if (adobeTransform == 2) {
          fromYcc(light);
        }
        for (int channel = 0; channel < 3; channel++) {
          int product =
              adobeTransform >= 0
                  ? light[channel] * black
                  : (WHITE - light[channel]) * (WHITE - black);
          samples[(y * width + x) * 3 + channel] = (byte) ((product + WHITE / 2) / WHITE);
        }
      }
    }
    return new Picture(3, width, height, samples);
  }

  /** From Y, Cb, Cr to red, green, blue, as JFIF 1.02 defines it. */
  private static void fromYcc(int[] values) {
    double y = values[0];
    double cb = values[1] - 128;
    double cr = values[2] - 128;
    values[0] = clamp(y + 1.402 * cr);
    values[1] = clamp(y - 0.344136 * cb - 0.714136 * cr);
    values[2] = clamp(y + 1.772 * cb);
  }

  private static int clamp(double value) {
    return (int) Math.max(0, Math.min(WHITE, Math.round(value)));
  }
}
