package dev.subbit.tribuo.data;

import dev.subbit.tribuo.network.ImageShape;
import java.awt.Rectangle;

/**
 * A decoded picture, or a part of it: grey, or red, green and blue.
 *
 * @param channels 1 or 3.
 * @param width columns of the whole picture.
 * @param height rows of the whole picture.
 * @param part the part of it that the samples are of.
 * @param samples the values of the part, pixel by pixel in row-major order: those of a pixel's
 *     channels side by side.
 */
record Picture(int channels, int width, int height, Rectangle part, byte[] samples) {

  /**
   * The largest float below one half. Added to a value of 0 to 255 before the fraction is cut off,
   * it rounds halves up, as {@link Math#round(float)} does in several times the time; one half
   * itself would also round up its neighbour below.
   */
  private static final float BELOW_HALF = 0.49999997f;

  /** Makes a whole picture. */
  Picture(int channels, int width, int height, byte[] samples) {
    this(channels, width, height, new Rectangle(width, height), samples);
  }

  /**
   * Makes an image of a region of the picture. Grey pictures give images of three equal channels
   * where three are wanted; coloured ones give their luma (ITU-R BT.601) where one is.
   *
   * @param scaling scales the region of a picture of this size to that of the image; what it takes
   *     lies inside of this part.
   * @param shape the shape of the image, of 1 or 3 channels.
   * @return its values in the order of positions.
   */
  byte[] image(Resampling scaling, ImageShape shape) {
    byte[] image = new byte[shape.size()];
    int left = scaling.source().x;
    Resampling.Rows rows =
        shape.channels() < channels
            ? (channel, row, values) -> readLuma(left, row, values)
            : (channel, row, values) -> read(Math.min(channel, channels - 1), left, row, values);
    scaling.apply(shape.channels(), rows, (position, values) -> round(values, image, position));
    return image;
  }

  /**
   * Rounds values to the nearest whole number, halves up.
   *
   * @param values values of 0 to 255.
   * @param image takes the rounded values.
   * @param position place of the first.
   */
  static void round(float[] values, byte[] image, int position) {
    for (int x = 0; x < values.length; x++) {
      image[position + x] = (byte) (int) (values[x] + BELOW_HALF);
    }
  }

  private void read(int channel, int left, int row, float[] values) {
    int sample = sample(left, row) + channel;
    for (int x = 0; x < values.length; x++) {
      values[x] = samples[sample] & 0xFF;
      sample += channels;
    }
  }

  private void readLuma(int left, int row, float[] values) {
    int sample = sample(left, row);
    for (int x = 0; x < values.length; x++) {
      float red = samples[sample] & 0xFF;
      float green = samples[sample + 1] & 0xFF;
      float blue = samples[sample + 2] & 0xFF;
      values[x] = 0.299f * red + 0.587f * green + 0.114f * blue;
      sample += channels;
    }
  }

  /** Where the samples of a pixel begin. */
  private int sample(int x, int y) {
    return ((y - part.y) * part.width + x - part.x) * channels;
  }

  /**
   * The largest region in the middle of a picture that is scaled until its shorter side has a given
   * length.
   *
   * @param width columns of the picture.
   * @param height rows of the picture.
   * @param shape the image that the region is for.
   * @param shorterSide length of the shorter side of the scaled picture; 0 for the smallest that
   *     the image fits into.
   * @return the region.
   */
  static Region centre(int width, int height, ImageShape shape, int shorterSide) {
    double scale =
        shorterSide > 0
            ? (double) Math.min(width, height) / shorterSide
            : Math.min((double) width / shape.width(), (double) height / shape.height());
    double w = shape.width() * scale;
    double h = shape.height() * scale;
    return new Region((width - w) / 2, (height - h) / 2, w, h);
  }
}
