package dev.subbit.cli.demo;

import dev.subbit.cli.files.ImageFolder;
import dev.subbit.cli.files.ImageFolder.Part;
import dev.subbit.cli.terminal.UserError;
import dev.subbit.tribuo.data.IdxImageSource;
import dev.subbit.tribuo.network.ImageShape;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/**
 * The images that the demo works on.
 *
 * @param description one line for a person.
 * @param folder where they are.
 * @param labelNames names of the labels 0, 1, ... for a person, empty where unknown.
 * @param train the training images used, from the start of the file.
 * @param test the test images used, from the start of the file.
 */
record DemoData(
    String description,
    ImageFolder folder,
    List<String> labelNames,
    IdxImageSource train,
    IdxImageSource test) {

  /** The folder in which Debian's package dataset-fashion-mnist puts its files. */
  private static final Path DEBIAN = Path.of("/usr/share/datasets/fashion-mnist");

  private static final List<String> FASHION =
      List.of(
          "T-shirt/top",
          "trouser",
          "pullover",
          "dress",
          "coat",
          "sandal",
          "shirt",
          "sneaker",
          "bag",
          "ankle boot");

  private static final String BUNDLED = "integration-tests/data/fashion-mnist";

  /** Test images used, so that the emulator is done in time. */
  static final int TEST_IMAGES = 2_000;

  /** Training images used, so that two cores are done in time; the bundled subset has as many. */
  static final int TRAIN_IMAGES = 12_000;

  /**
   * Finds and reads the images: those the user named, else those of the Debian package, else those
   * that come with the sources.
   *
   * @param named the folder that the user named, or null.
   * @param home the folder of the sources, or null where unknown.
   * @return the images.
   * @throws UserError if there are none, or a file is damaged.
   */
  static DemoData find(Path named, Path home) {
    if (named != null) {
      return read("the images of " + named, named, List.of());
    }
    Path folder = folder(home);
    return read(
        folder.equals(DEBIAN)
            ? "Fashion-MNIST of the Debian package dataset-fashion-mnist"
            : "the bundled subset of Fashion-MNIST",
        folder,
        FASHION);
  }

  /**
   * Finds and reads test images of Fashion-MNIST, with the names of their labels, in the same
   * places.
   *
   * @param named the folder that the user named, or null.
   * @param home the folder of the sources, or null where unknown.
   * @return the first test images.
   * @throws UserError if there are none, or a file is damaged.
   */
  static IdxImageSource findTest(Path named, Path home) {
    return new ImageFolder(named == null ? folder(home) : named)
        .read(Part.TEST, FASHION, TEST_IMAGES);
  }

  private static Path folder(Path home) {
    if (Files.isDirectory(DEBIAN)) {
      return DEBIAN;
    }
    Path bundled = home == null ? Path.of(BUNDLED) : home.resolve(BUNDLED);
    if (Files.isDirectory(bundled)) {
      return bundled;
    }
    throw new UserError(
        "Found no images: no folder "
            + bundled
            + ". Name a folder with the four IDX files of Fashion-MNIST by --data DIR.");
  }

  private static DemoData read(String description, Path path, List<String> labelNames) {
    ImageFolder folder = new ImageFolder(path.toAbsolutePath().normalize());
    return new DemoData(
        description,
        folder,
        labelNames,
        folder.read(Part.TRAIN, List.of(), TRAIN_IMAGES),
        folder.read(Part.TEST, List.of(), TEST_IMAGES));
  }

  /**
   * The shape of the images.
   *
   * @return the shape.
   */
  ImageShape shape() {
    return train.imageShape();
  }

  /**
   * A label for a person.
   *
   * @param label the label in the file, a number.
   * @return its name where the images are Fashion-MNIST's, else the number.
   */
  String labelName(String label) {
    int number = Integer.parseInt(label);
    return number < labelNames.size() ? labelNames.get(number) : label;
  }
}
