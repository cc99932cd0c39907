package dev.subbit.tribuo.data;

import dev.subbit.tribuo.network.ImageShape;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;

/** PNG and JPEG files without labels: all those in a folder and the folders inside it. */
public final class PictureFiles {

  private static final List<String> ENDINGS = List.of(".png", ".jpg", ".jpeg");

  private final List<Path> files;

  /**
   * Lists the pictures of a folder.
   *
   * @param folder the folder.
   * @throws IOException if there is no such folder, or no picture in it.
   */
  public PictureFiles(Path folder) throws IOException {
    if (!Files.isDirectory(folder)) {
      throw new IOException("There is no folder " + folder);
    }
    try (Stream<Path> walk = Files.walk(folder)) {
      files = walk.filter(PictureFiles::isPicture).sorted().toList();
    }
    if (files.isEmpty()) {
      throw new IOException(
          folder
              + " holds no picture; looked for are files ending in "
              + String.join(", ", ENDINGS));
    }
  }

  private static boolean isPicture(Path file) {
    String name = file.getFileName().toString().toLowerCase(Locale.ROOT);
    return Files.isRegularFile(file)
        && !name.startsWith(".")
        && ENDINGS.stream().anyMatch(name::endsWith);
  }

  /**
   * The files.
   *
   * @return at least one, in the order of their names.
   */
  public List<Path> files() {
    return files;
  }

  /**
   * Number of pictures.
   *
   * @return at least 1.
   */
  public int size() {
    return files.size();
  }

  /**
   * The largest region in the middle of a picture that has the shape's sides, scaled to it.
   *
   * @param number number of the picture, in the order of the files' names.
   * @param shape the shape, of 1 or 3 channels.
   * @return its values, channel by channel, each row-major.
   * @throws IOException if the file cannot be read or decoded; the message names it.
   */
  public byte[] read(int number, ImageShape shape) throws IOException {
    return PicturePreparation.of(shape).image(files.get(number), null);
  }
}
