package dev.subbit.cli.report;

import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.Base64;
import java.util.Map;
import javax.imageio.ImageIO;

/**
 * One test image with the predictions of the models.
 *
 * @param width columns.
 * @param height rows.
 * @param pixels grey values, 0 to 255, row-major.
 * @param truth its true label.
 * @param predictions predicted label by model name.
 */
public record SampleImage(
    int width, int height, int[] pixels, String truth, Map<String, String> predictions) {

  /**
   * The picture as a data URI.
   *
   * @return a PNG in base64.
   */
  public String dataUri() {
    BufferedImage image = new BufferedImage(width, height, BufferedImage.TYPE_BYTE_GRAY);
    image.getRaster().setPixels(0, 0, width, height, pixels);
    ByteArrayOutputStream png = new ByteArrayOutputStream();
    try {
      ImageIO.setUseCache(false);
      ImageIO.write(image, "png", png);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return "data:image/png;base64," + Base64.getEncoder().encodeToString(png.toByteArray());
  }
}
