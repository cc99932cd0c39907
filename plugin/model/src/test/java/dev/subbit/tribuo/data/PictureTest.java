package dev.subbit.tribuo.data;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.subbit.tribuo.network.ImageShape;
import java.awt.image.BufferedImage;
import java.awt.image.Raster;
import java.io.IOException;
import java.nio.file.Path;
import java.util.SplittableRandom;
import javax.imageio.IIOImage;
import javax.imageio.ImageIO;
import javax.imageio.ImageWriteParam;
import javax.imageio.ImageWriter;
import javax.imageio.stream.ImageOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PictureTest {

  private static final int ROUNDS = 150;

  @TempDir private Path folder;

  /**
   * Images of regions of files, by the plainest method: decode the whole file, then sum up the
   * pixels that count, value by value. Every value must be the same, since trainings depend on it.
   */
  @Test
  void imagesOfFilesHaveTheBitsOfThePlainMethod() throws IOException {
    SplittableRandom numbers = new SplittableRandom(3);
    for (int round = 0; round < ROUNDS; round++) {
      int width = 1 + numbers.nextInt(90);
      int height = 1 + numbers.nextInt(90);
      boolean grey = numbers.nextInt(4) == 0;
      Path file = write(round, picture(width, height, grey, numbers));
      double w = width * (0.02 + 0.98 * numbers.nextDouble());
      double h = height * (0.02 + 0.98 * numbers.nextDouble());
      Region region =
          round % 10 == 0
              ? new Region(0, 0, width, height)
              : new Region(
                  (width - w) * numbers.nextDouble(), (height - h) * numbers.nextDouble(), w, h);
      ImageShape shape =
          new ImageShape(
              numbers.nextBoolean() ? 3 : 1, 1 + numbers.nextInt(60), 1 + numbers.nextInt(60));
      byte[] expected = plainly(ImageIO.read(file.toFile()).getRaster(), region, shape);
      byte[] actual = PicturePreparation.of(shape).image(file, (x, y) -> region);
      assertArrayEquals(expected, actual, file + ", " + region + ", " + shape);
    }
  }

  /** Smooth, so that JPEG keeps it, with some noise. */
  private static BufferedImage picture(
      int width, int height, boolean grey, SplittableRandom numbers) {
    BufferedImage image =
        new BufferedImage(
            width, height, grey ? BufferedImage.TYPE_BYTE_GRAY : BufferedImage.TYPE_3BYTE_BGR);
    for (int y = 0; y < height; y++) {
      for (int x = 0; x < width; x++) {
        for (int channel = 0; channel < (grey ? 1 : 3); channel++) {
          int value = (2 * x + 3 * y + 70 * channel) % 200 + numbers.nextInt(56);
          image.getRaster().setSample(x, y, channel, value);
        }
      }
    }
    return image;
  }

  /** Every third file is a plain JPEG, a progressive JPEG, a PNG. */
  private Path write(int number, BufferedImage image) throws IOException {
    if (number % 3 == 0) {
      return Pictures.write(folder.resolve(number + ".png"), image);
    }
    Path file = folder.resolve(number + ".jpg");
    ImageWriter writer = ImageIO.getImageWritersByFormatName("jpeg").next();
    ImageWriteParam how = writer.getDefaultWriteParam();
    if (number % 3 == 1) {
      how.setProgressiveMode(ImageWriteParam.MODE_DEFAULT);
    }
    try (ImageOutputStream out = ImageIO.createImageOutputStream(file.toFile())) {
      writer.setOutput(out);
      writer.write(null, new IIOImage(image, null, null), how);
    }
    writer.dispose();
    return file;
  }

  private static byte[] plainly(Raster picture, Region region, ImageShape shape) {
    byte[] image = new byte[shape.size()];
    for (int channel = 0; channel < shape.channels(); channel++) {
      for (int y = 0; y < shape.height(); y++) {
        for (int x = 0; x < shape.width(); x++) {
          float value = value(picture, region, shape, channel, x, y);
          image[(channel * shape.height() + y) * shape.width() + x] = (byte) Math.round(value);
        }
      }
    }
    return image;
  }

  private static float value(
      Raster picture, Region region, ImageShape shape, int channel, int x, int y) {
    double stepAcross = region.width() / shape.width();
    double stepDown = region.height() / shape.height();
    double centreAcross = region.left() + (x + 0.5) * stepAcross;
    double centreDown = region.top() + (y + 0.5) * stepDown;
    float[] across = weights(picture.getWidth(), centreAcross, Math.max(1, stepAcross));
    float[] down = weights(picture.getHeight(), centreDown, Math.max(1, stepDown));
    float sum = 0;
    for (int row = 0; row < down.length; row++) {
      if (down[row] > 0) {
        float rowSum = 0;
        for (int column = 0; column < across.length; column++) {
          if (across[column] > 0) {
            rowSum += across[column] * sample(picture, shape, channel, column, row);
          }
        }
        sum += down[row] * rowSum;
      }
    }
    return sum;
  }

  private static float sample(Raster picture, ImageShape shape, int channel, int x, int y) {
    if (picture.getNumBands() == 1) {
      return picture.getSample(x, y, 0);
    }
    if (shape.channels() == 3) {
      return picture.getSample(x, y, channel);
    }
    return 0.299f * picture.getSample(x, y, 0)
        + 0.587f * picture.getSample(x, y, 1)
        + 0.114f * picture.getSample(x, y, 2);
  }

  /** How much each pixel of an axis counts for a place on it. */
  private static float[] weights(int size, double centre, double reach) {
    int from = (int) Math.max(0, Math.min(size - 1, Math.round(centre - reach)));
    int to = (int) Math.max(from + 1, Math.min(size, Math.round(centre + reach)));
    double sum = 0;
    for (int pixel = from; pixel < to; pixel++) {
      sum += Math.max(0, 1 - Math.abs(pixel + 0.5 - centre) / reach);
    }
    float[] weights = new float[size];
    for (int pixel = from; pixel < to; pixel++) {
      double exact = Math.max(0, 1 - Math.abs(pixel + 0.5 - centre) / reach);
      weights[pixel] = (float) (sum > 0 ? exact / sum : 1.0 / (to - from));
    }
    return weights;
  }

  /** Around every half, and at random places. */
  @Test
  void roundsAsTheLibraryDoes() {
    for (int half = 0; half < 256; half++) {
      float value = half == 0 ? 0 : half - 0.5f;
      for (int step = 0; step < 1000; step++) {
        assertRounds(value + step * Math.ulp(value));
        assertRounds(Math.max(0, value - step * Math.ulp(value)));
      }
    }
    SplittableRandom numbers = new SplittableRandom(5);
    for (int i = 0; i < 1_000_000; i++) {
      assertRounds((float) (255 * numbers.nextDouble()));
    }
  }

  private static void assertRounds(float value) {
    byte[] rounded = new byte[1];
    Picture.round(new float[] {value}, rounded, 0);
    if (rounded[0] != (byte) Math.round(value)) {
      assertEquals(Math.round(value), rounded[0] & 0xFF, Float.toString(value));
    }
  }
}
