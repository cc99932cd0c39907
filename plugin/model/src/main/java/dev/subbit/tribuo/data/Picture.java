package dev.subbit.tribuo.data;

import dev.subbit.tribuo.network.ImageShape;

/**
 * A decoded picture: grey, or red, green and blue.
 *
 * @param channels 1 or 3.
 * @param width columns.
 * @param height rows.
 * @param samples the values, channel by channel, each row-major.
 */
record Picture(int channels, int width, int height, byte[] samples) {

  /**
   * Makes an image of a region of the picture. Grey pictures give images of three equal channels
   * where three are wanted; coloured ones give their luma (ITU-R BT.601) where one is.
   *
   * @param region the region.
   * @param shape the shape of the image, of 1 or 3 channels.
   * @return its values in the order of positions.
   */
  byte[] image(Region region, ImageShape shape) {
    byte[] image = new byte[shape.size()];
    new Resampling(width, height, region, shape.width(), shape.height())
        .apply(
            shape.channels(),
            shape.channels() < channels ? this::greyRow : this::row,
            (position, value) -> image[position] = (byte) Math.round(value));
    return image;
  }

  private void row(int channel, int row, float[] values) {
    int start = (Math.min(channel, channels - 1) * height + row) * width;
    for (int x = 0; x < width; x++) {
      values[x] = samples[start + x] & 0xFF;
    }
  }

  private void greyRow(int channel, int row, float[] values) {
    int area = width * height;
    int start = row * width;
    for (int x = 0; x < width; x++) {
      float red = samples[start + x] & 0xFF;
      float green = samples[area + start + x] & 0xFF;
      float blue = samples[2 * area + start + x] & 0xFF;
      values[x] = 0.299f * red + 0.587f * green + 0.114f * blue;
    }
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
