package dev.subbit.tribuo.data;

import com.oracle.labs.mlrg.olcut.config.Config;
import dev.subbit.tribuo.config.FieldCheck;
import dev.subbit.tribuo.io.Sha256;
import dev.subbit.tribuo.network.ImageShape;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileVisitOption;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.HexFormat;
import java.util.Iterator;
import java.util.List;
import java.util.Locale;
import java.util.NoSuchElementException;
import java.util.stream.Stream;
import org.tribuo.Example;
import org.tribuo.classification.Label;
import org.tribuo.provenance.DataSourceProvenance;

/**
 * Pictures in folders, one folder per class, as ImageNet's are: {@code
 * n01440764/n01440764_10026.JPEG}. A folder's name is its label. Files ending in {@code png},
 * {@code jpg} or {@code jpeg}, in any case, are images, in folders inside a class's folder too;
 * other files are ignored.
 *
 * <p>The files are listed when the source is made, and read whenever an image is needed: by the
 * threads that load batches in a training, at every look otherwise. So any number of images can be
 * trained on; each costs about 150 bytes of memory.
 *
 * <p>A picture is scaled until its shorter side is {@code shorterSide}, and its middle is the
 * image; a training's augmentation may take another part of the picture.
 */
public final class ImageFolderSource implements ImageSource {

  private static final List<String> ENDINGS = List.of(".png", ".jpg", ".jpeg");

  @Config(
      mandatory = true,
      description = "The folder that holds a folder of images for each class.")
  private Path folder;

  @Config(
      mandatory = true,
      description = "Shape of the images: channels (1 grey, 3 red, green, blue), height, width.")
  private int[] imageShape;

  @Config(
      description =
          "Length that the shorter side of a picture is scaled to before its middle is taken; 0"
              + " for the smallest that the image fits into. Usual for ImageNet is 256.")
  private int shorterSide = 0;

  private Decoder decoder = PicturePreparation::image;
  private ImageShape shape;
  private PicturePreparation preparation;
  private List<ImageFile> files;
  private DataSourceProvenance provenance;

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

  /** The images of one class, by file. */
  private record ImageClass(ImageFolderSource source, Path folder, Label label) {}

  /** One image; its name is relative to the folder of its class, to save memory. */
  private record ImageFile(ImageClass imageClass, String name) implements PixelSource {

    @Override
    public byte[] read(Region.Choice choice) {
      return imageClass.source().read(path(), choice);
    }

    private Path path() {
      return imageClass.folder().resolve(name);
    }

    @Override
    public String toString() {
      return path().toString();
    }
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
    this(folder, shape, shorterSide, PicturePreparation::image);
  }

  /** Lists the images of a folder, with a decoder of the caller's, which tests use. */
  ImageFolderSource(Path folder, ImageShape shape, int shorterSide, Decoder decoder)
      throws IOException {
    this.folder = folder;
    this.imageShape = new int[] {shape.channels(), shape.height(), shape.width()};
    this.shorterSide = shorterSide;
    this.decoder = decoder;
    postConfig();
  }

  /**
   * Used by the OLCUT configuration system, and should not be called by external code.
   *
   * @throws IOException if the folder does not have this layout, saying what is missing.
   */
  @Override
  public void postConfig() throws IOException {
    FieldCheck check = new FieldCheck("ImageFolderSource");
    check.require(
        imageShape.length == 3
            && Arrays.stream(imageShape).allMatch(size -> size > 0)
            && (imageShape[0] == 1 || imageShape[0] == 3),
        "imageShape",
        Arrays.toString(imageShape),
        "three positive numbers: channels (1 or 3), height, width");
    shape = new ImageShape(imageShape[0], imageShape[1], imageShape[2]);
    int longest = Math.max(shape.height(), shape.width());
    check.require(
        shorterSide == 0 || shorterSide >= longest,
        "shorterSide",
        shorterSide,
        "0, or at least the image's longer side, " + longest);
    preparation = new PicturePreparation(shape, shorterSide, Inversion.NEVER);
    MessageDigest digest = Sha256.start();
    List<ImageFile> found = new ArrayList<>();
    for (Path classFolder : classFolders()) {
      list(classFolder, found, digest);
    }
    files = List.copyOf(found);
    provenance =
        new FileListProvenance(this, files.size(), HexFormat.of().formatHex(digest.digest()));
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

  private void list(Path classFolder, List<ImageFile> found, MessageDigest digest)
      throws IOException {
    List<String> lines = new ArrayList<>();
    List<String> names = new ArrayList<>();
    Files.walkFileTree(
        classFolder,
        EnumSet.of(FileVisitOption.FOLLOW_LINKS),
        Integer.MAX_VALUE,
        new SimpleFileVisitor<>() {
          @Override
          public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) {
            if (isImage(file)) {
              String name = classFolder.relativize(file).toString();
              names.add(name);
              lines.add(name + " " + attributes.size() + "\n");
            }
            return FileVisitResult.CONTINUE;
          }

          @Override
          public FileVisitResult visitFileFailed(Path file, IOException e) throws IOException {
            throw new IOException(file + " cannot be read: " + e.getMessage(), e);
          }
        });
    if (names.isEmpty()) {
      throw new IOException(
          classFolder
              + " holds no image; a class needs files ending in "
              + String.join(", ", ENDINGS)
              + ". Add some, or remove the folder");
    }
    String label = classFolder.getFileName().toString();
    ImageClass imageClass = new ImageClass(this, classFolder, new Label(label));
    names.stream().sorted().forEach(name -> found.add(new ImageFile(imageClass, name)));
    lines.stream()
        .sorted()
        .forEach(line -> digest.update((label + "/" + line).getBytes(StandardCharsets.UTF_8)));
  }

  private static boolean isImage(Path file) {
    String name = file.getFileName().toString().toLowerCase(Locale.ROOT);
    return !name.startsWith(".") && ENDINGS.stream().anyMatch(name::endsWith);
  }

  private byte[] read(Path file, Region.Choice choice) {
    try {
      return decoder.image(preparation, file, choice);
    } catch (IOException e) {
      throw new UncheckedIOException(e.getMessage(), e);
    }
  }

  @Override
  public ImageShape imageShape() {
    return shape;
  }

  @Override
  public PicturePreparation preparation() {
    return preparation;
  }

  @Override
  public int size() {
    return files.size();
  }

  /**
   * The configuration, the number of images, and the SHA-256 of the list of files: their names and
   * sizes, not what is in them, which may be hundreds of gigabytes.
   */
  @Override
  public DataSourceProvenance getProvenance() {
    return provenance;
  }

  /** The images by class and file name, each in its file. */
  @Override
  public Iterator<Example<Label>> iterator() {
    Iterator<ImageFile> rest = files.iterator();
    return new Iterator<>() {
      @Override
      public boolean hasNext() {
        return rest.hasNext();
      }

      @Override
      public Example<Label> next() {
        if (!rest.hasNext()) {
          throw new NoSuchElementException("The source has no more images");
        }
        ImageFile file = rest.next();
        return new ImageExample(file.imageClass().label(), file, shape.size());
      }
    };
  }

  @Override
  public String toString() {
    return "ImageFolderSource(folder="
        + folder
        + ",imageShape="
        + Arrays.toString(imageShape)
        + ",shorterSide="
        + shorterSide
        + ",size="
        + size()
        + ")";
  }
}
