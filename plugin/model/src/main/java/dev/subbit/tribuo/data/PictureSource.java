package dev.subbit.tribuo.data;

import com.oracle.labs.mlrg.olcut.config.Config;
import dev.subbit.tribuo.config.FieldCheck;
import dev.subbit.tribuo.io.Sha256;
import dev.subbit.tribuo.network.ImageShape;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.Iterator;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.Optional;
import org.tribuo.Example;
import org.tribuo.classification.Label;
import org.tribuo.provenance.DataSourceProvenance;

/**
 * Any number of PNG and JPEG pictures with labels, which stay on the disk.
 *
 * <p>The pictures are listed when the source is made, and read whenever an image is needed: by the
 * threads that load batches in a training, at every look otherwise. So any number of images can be
 * trained on; each costs about 200 bytes of memory. A list of millions takes a while to make:
 * {@code index} keeps it from one time to the next.
 *
 * <p>A picture is scaled until its shorter side is {@code shorterSide}, and its middle is the
 * image; a training's augmentation may take another part of the picture.
 */
public abstract sealed class PictureSource implements ImageSource
    permits ImageFolderSource, ContainerSource {

  static final List<String> ENDINGS = List.of(".png", ".jpg", ".jpeg");

  @Config(
      mandatory = true,
      description = "Shape of the images: channels (1 grey, 3 red, green, blue), height, width.")
  private int[] imageShape;

  @Config(
      description =
          "Length that the shorter side of a picture is scaled to before its middle is taken; 0"
              + " for the smallest that the image fits into. Usual for ImageNet is 256.")
  private int shorterSide = 0;

  @Config(
      description =
          "A file that keeps the list of pictures from one time to the next; it is made where it is"
              + " missing, and again when a folder or shard has been modified since.")
  private Path index = null;

  private ImageShape shape;
  private PicturePreparation preparation;
  private ImageIndex found;
  private List<Label> labels;
  private DataSourceProvenance provenance;

  /** For OLCUT, which fills in the configured fields. */
  PictureSource() {}

  /** Sets the fields that all sources of pictures have. */
  PictureSource(ImageShape shape, int shorterSide, Path index) {
    this.imageShape = new int[] {shape.channels(), shape.height(), shape.width()};
    this.shorterSide = shorterSide;
    this.index = index;
  }

  /** The folder that the places in an index are relative to. */
  abstract Path root();

  /**
   * Looks for the pictures.
   *
   * @throws IOException if there are none, or something is wrong with them, saying what.
   */
  abstract ImageIndex list() throws IOException;

  /** Whether the places in an index are all that there are now, as far as a quick look can say. */
  abstract boolean hasAllPlaces(ImageIndex stored) throws IOException;

  /**
   * Makes an image of a picture.
   *
   * @param choice which region to take; null for the middle.
   * @throws IOException if that fails, naming the picture.
   */
  abstract byte[] read(ImageIndex.Image image, Region.Choice choice) throws IOException;

  /** Names a picture by where it is. */
  abstract String describe(ImageIndex.Image image);

  /** One image; a small object, of which there may be millions. */
  private record Located(PictureSource source, ImageIndex.Image image) implements PixelSource {

    @Override
    public byte[] read(Region.Choice choice) {
      try {
        return source.read(image, choice);
      } catch (IOException e) {
        throw new UncheckedIOException(e.getMessage(), e);
      }
    }

    @Override
    public String toString() {
      return source.describe(image);
    }
  }

  /**
   * Used by the OLCUT configuration system, and should not be called by external code.
   *
   * @throws IOException if there are no pictures in the layout that is expected, saying what is
   *     missing, or the index cannot be read or written.
   */
  @Override
  public void postConfig() throws IOException {
    FieldCheck check = new FieldCheck(getClass().getSimpleName());
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
    found = indexed();
    labels = found.labels().stream().map(Label::new).toList();
    provenance = new FileListProvenance(this, found.images().size(), digest());
  }

  private ImageIndex indexed() throws IOException {
    if (index == null) {
      return list();
    }
    Optional<ImageIndex> stored = ImageIndex.read(index);
    if (stored.isPresent() && hasAllPlaces(stored.get()) && stored.get().isCurrent(root())) {
      return stored.get();
    }
    ImageIndex listed = list();
    try {
      listed.write(index);
    } catch (IOException e) {
      throw new IOException("Cannot write the index " + index + ": " + e.getMessage(), e);
    }
    return listed;
  }

  private String digest() {
    MessageDigest digest = Sha256.start();
    for (ImageIndex.Image image : found.images()) {
      String line =
          found.labels().get(image.label()) + "/" + image.name() + " " + image.bytes() + "\n";
      digest.update(line.getBytes(StandardCharsets.UTF_8));
    }
    return HexFormat.of().formatHex(digest.digest());
  }

  /** The pictures that were found. */
  final ImageIndex found() {
    return found;
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
    return found.images().size();
  }

  /**
   * The configuration, the number of images, and the SHA-256 of the list of pictures: their labels,
   * names and sizes, not what is in them, which may be hundreds of gigabytes.
   */
  @Override
  public DataSourceProvenance getProvenance() {
    return provenance;
  }

  /** The images in the order of the list, each on the disk. */
  @Override
  public Iterator<Example<Label>> iterator() {
    Iterator<ImageIndex.Image> rest = found.images().iterator();
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
        ImageIndex.Image image = rest.next();
        return new ImageExample(
            labels.get(image.label()), new Located(PictureSource.this, image), shape.size());
      }
    };
  }

  @Override
  public String toString() {
    return getClass().getSimpleName()
        + "("
        + root()
        + ",imageShape="
        + Arrays.toString(imageShape)
        + ",shorterSide="
        + shorterSide
        + ",size="
        + size()
        + ")";
  }
}
