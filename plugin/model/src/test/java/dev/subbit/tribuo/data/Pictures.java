package dev.subbit.tribuo.data;

import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import javax.imageio.ImageIO;

/** Small pictures in files. */
public final class Pictures {

  private Pictures() {}

  /** Writes a picture of one colour, in the format that the file's ending names. */
  public static Path write(Path file, int width, int height, int rgb) throws IOException {
    BufferedImage image = new BufferedImage(width, height, BufferedImage.TYPE_INT_RGB);
    for (int y = 0; y < height; y++) {
      for (int x = 0; x < width; x++) {
        image.setRGB(x, y, rgb);
      }
    }
    return write(file, image);
  }

  /** Writes a picture, in the format that the file's ending names. */
  public static Path write(Path file, BufferedImage image) throws IOException {
    Files.createDirectories(file.getParent());
    boolean png = file.toString().toLowerCase(java.util.Locale.ROOT).endsWith("png");
    if (!ImageIO.write(image, png ? "png" : "jpeg", file.toFile())) {
      throw new IOException("No writer for " + file);
    }
    return file;
  }

  /**
   * Writes two classes, {@code bright} and {@code dark}, with pictures of varying sizes and
   * formats.
   */
  public static Path folder(Path folder, int perClass) throws IOException {
    String[] endings = {"png", "jpg", "JPEG"};
    for (int i = 0; i < perClass; i++) {
      String name = "image_" + i + "." + endings[i % endings.length];
      int grey = 10 + i % 60;
      write(folder.resolve("dark").resolve(name), 12 + i % 5, 16 - i % 3, grey * 0x010101);
      write(folder.resolve("bright").resolve(name), 9 + i % 7, 11 + i % 4, (255 - grey) * 0x010101);
    }
    return folder;
  }
}
