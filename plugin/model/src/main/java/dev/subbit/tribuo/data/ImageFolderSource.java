package dev.subbit.tribuo.data;

import com.oracle.labs.mlrg.olcut.config.Config;
import dev.subbit.tribuo.network.ImageShape;
import java.io.IOException;
import java.nio.file.FileVisitOption;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.EnumSet;
import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;

/**
 * Pictures in folders, one folder per class, as ImageNet's are: {@code
 * n01440764/n01440764_10026.JPEG}. A folder's name is its label. Files ending in {@code png},
 * {@code jpg} or {@code jpeg}, in any case, are images, in folders inside a class's folder too;
 * other files are ignored.
 *
 * <p>An {@code index} is made again when a file was added to a folder or removed; one that was
 * overwritten in place is not noticed.
 */
public final class ImageFolderSource extends PictureSource {

  @Config(
      mandatory = true,
      description = "The folder that holds a folder of images for each class.")
  private Path folder;

  private Decoder decoder = PicturePreparation::image;

  /** A way to make images of picture files. */
  @FunctionalInterface
  interface Decoder {
    /**
     * Makes an image of a picture in a file.
     *
     * @param preparation how.
     * @param file the file.
     * @param choice which region to take; null for the middle.
     * @return the image's values in the order of positions.
     * @throws IOException if that fails, naming the file.
     */
    byte[] image(PicturePreparation preparation, Path file, Region.Choice choice)
        throws IOException;
  }

  /** For OLCUT, which fills in the configured fields. */
  private ImageFolderSource() {}

  /**
   * Lists the images of a folder.
   *
   * @param folder the folder.
   * @param shape the shape of the images, of 1 or 3 channels.
   * @param shorterSide what the shorter side of a picture is scaled to; 0 for the smallest that the
   *     image fits into.
   * @throws IOException if the folder does not have this layout, saying what is missing.
   */
  public ImageFolderSource(Path folder, ImageShape shape, int shorterSide) throws IOException {
    this(folder, shape, shorterSide, (Path) null);
  }

  /**
   * Lists the images of a folder, unless they were listed before.
   *
   * @param folder the folder.
   * @param shape the shape of the images, of 1 or 3 channels.
   * @param shorterSide what the shorter side of a picture is scaled to; 0 for the smallest that the
   *     image fits into.
   * @param index the file that keeps the list; null to keep none.
   * @throws IOException if the folder does not have this layout, saying what is missing, or the
   *     index cannot be read or written.
   */
  public ImageFolderSource(Path folder, ImageShape shape, int shorterSide, Path index)
      throws IOException {
    super(shape, shorterSide, index);
    this.folder = folder;
    postConfig();
  }

  /** Lists the images of a folder, with a decoder of the caller's, which tests use. */
  ImageFolderSource(Path folder, ImageShape shape, int shorterSide, Decoder decoder)
      throws IOException {
    super(shape, shorterSide, null);
    this.folder = folder;
    this.decoder = decoder;
    postConfig();
  }

  @Override
  Path root() {
    return folder;
  }

  @Override
  ImageIndex list() throws IOException {
    Listing listing = new Listing();
    for (Path classFolder : classFolders()) {
      listing.add(classFolder);
    }
    return new ImageIndex(listing.folders, listing.labels, listing.images);
  }

  private List<Path> classFolders() throws IOException {
    if (!Files.isDirectory(folder)) {
      throw new IOException(
          folder
              + " is not a folder; set folder to one that holds a folder of images for each class");
    }
    try (Stream<Path> entries = Files.list(folder)) {
      List<Path> folders =
          entries
              .filter(entry -> !entry.getFileName().toString().startsWith("."))
              .filter(Files::isDirectory)
              .sorted()
              .toList();
      if (folders.isEmpty()) {
        throw new IOException(
            folder + " holds no folders; it should hold a folder of images for each class");
      }
      return folders;
    }
  }

  /** The images found so far. */
  private final class Listing {

    private final List<ImageIndex.Stamp> folders = new ArrayList<>();
    private final List<String> labels = new ArrayList<>();
    private final List<ImageIndex.Image> images = new ArrayList<>();

    private Listing() throws IOException {
      // A class that is added or removed modifies the folder of all.
      if (Files.isDirectory(folder)) {
        folders.add(ImageIndex.Stamp.of(folder, folder));
      }
    }

    private void add(Path classFolder) throws IOException {
      int label = labels.size();
      labels.add(classFolder.getFileName().toString());
      List<ImageIndex.Image> ofClass = new ArrayList<>();
      Files.walkFileTree(
          classFolder,
          EnumSet.of(FileVisitOption.FOLLOW_LINKS),
          Integer.MAX_VALUE,
          new SimpleFileVisitor<>() {
            @Override
            public FileVisitResult preVisitDirectory(Path visited, BasicFileAttributes attributes)
                throws IOException {
              folders.add(ImageIndex.Stamp.of(folder, visited));
              return FileVisitResult.CONTINUE;
            }

            @Override
            public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) {
              if (isImage(file)) {
                String name = classFolder.relativize(file).toString();
                ofClass.add(new ImageIndex.Image(name, label, 0, 0, attributes.size()));
              }
              return FileVisitResult.CONTINUE;
            }

            @Override
            public FileVisitResult visitFileFailed(Path file, IOException e) throws IOException {
              throw new IOException(file + " cannot be read: " + e.getMessage(), e);
            }
          });
      if (ofClass.isEmpty()) {
        throw new IOException(
            classFolder
                + " holds no image; a class needs files ending in "
                + String.join(", ", ENDINGS)
                + ". Add some, or remove the folder");
      }
      ofClass.sort(Comparator.comparing(ImageIndex.Image::name));
      images.addAll(ofClass);
    }
  }

  private static boolean isImage(Path file) {
    String name = file.getFileName().toString().toLowerCase(Locale.ROOT);
    return !name.startsWith(".") && ENDINGS.stream().anyMatch(name::endsWith);
  }

  @Override
  boolean hasAllPlaces(ImageIndex stored) {
    // A folder more or less modifies the one that it is in.
    return true;
  }

  private Path path(ImageIndex.Image image) {
    return folder.resolve(found().labels().get(image.label())).resolve(image.name());
  }

  @Override
  byte[] read(ImageIndex.Image image, Region.Choice choice) throws IOException {
    return decoder.image(preparation(), path(image), choice);
  }

  @Override
  String describe(ImageIndex.Image image) {
    return path(image).toString();
  }
}
