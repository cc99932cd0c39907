package dev.subbit.cli.files;

import dev.subbit.cli.terminal.UserError;
import dev.subbit.tribuo.data.IdxImageSource;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * A folder with a data set in the layout of MNIST and Fashion-MNIST: {@code train-} and {@code
 * t10k-}, each {@code images-idx3-ubyte} and {@code labels-idx1-ubyte}, plain or with {@code .gz}.
 *
 * @param folder the folder.
 */
public record ImageFolder(Path folder) {

  /** One half of a data set. */
  public enum Part {
    TRAIN("train"),
    TEST("t10k");

    private final String prefix;

    Part(String prefix) {
      this.prefix = prefix;
    }
  }

  /**
   * The file of images.
   *
   * @param part which half.
   * @return the file that exists.
   * @throws UserError if there is none.
   */
  public Path images(Part part) {
    return existing(part.prefix + "-images-idx3-ubyte");
  }

  /**
   * The file of labels.
   *
   * @param part which half.
   * @return the file that exists.
   * @throws UserError if there is none.
   */
  public Path labels(Part part) {
    return existing(part.prefix + "-labels-idx1-ubyte");
  }

  /**
   * Reads the images of one half.
   *
   * @param part which half.
   * @param labelNames names of the labels 0, 1, ...; empty to name them by number.
   * @param limit number of images to read, counted from the start; 0 for all.
   * @return the images.
   * @throws UserError if a file is missing or damaged.
   */
  public IdxImageSource read(Part part, List<String> labelNames, int limit) {
    return read(images(part), labels(part), labelNames, limit);
  }

  /**
   * Reads the images of a pair of files.
   *
   * @param images the file of images.
   * @param labels the file of labels.
   * @param labelNames names of the labels 0, 1, ...; empty to name them by number.
   * @param limit number of images to read, counted from the start; 0 for all.
   * @return the images.
   * @throws UserError if a file is missing or damaged.
   */
  public static IdxImageSource read(Path images, Path labels, List<String> labelNames, int limit) {
    try {
      return new IdxImageSource(images, labels, labelNames, limit);
    } catch (IOException e) {
      throw new UserError(e.getMessage(), e);
    }
  }

  /**
   * Whether the folder holds one half, images and labels.
   *
   * @param part which half.
   * @return true if both files exist.
   */
  public boolean has(Part part) {
    return find(part.prefix + "-images-idx3-ubyte").isPresent()
        && find(part.prefix + "-labels-idx1-ubyte").isPresent();
  }

  private Optional<Path> find(String name) {
    return Stream.of("", ".gz")
        .map(ending -> folder.resolve(name + ending))
        .filter(Files::isRegularFile)
        .findFirst();
  }

  private Path existing(String name) {
    if (!Files.isDirectory(folder)) {
      throw new UserError(
          "There is no folder " + folder + ". Name one that holds the data set's four IDX files.");
    }
    Optional<Path> file = find(name);
    if (file.isPresent()) {
      return file.get();
    }
    throw new UserError(
        "The folder "
            + folder
            + " has no "
            + name
            + " and no "
            + name
            + ".gz. It should hold the four IDX files of MNIST's layout.");
  }
}
