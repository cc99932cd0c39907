package dev.subbit.tribuo.data;

import com.oracle.labs.mlrg.olcut.config.Config;
import com.oracle.labs.mlrg.olcut.config.PropertyException;
import dev.subbit.tribuo.network.ImageShape;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Iterator;
import java.util.List;
import org.tribuo.Example;
import org.tribuo.classification.Label;
import org.tribuo.provenance.DataSourceProvenance;

/**
 * Labelled images from a pair of IDX files, the format of MNIST and its kin, plain or gzipped.
 *
 * <p>The file of images has the dimensions [N, height, width], or [N, channels, height, width] for
 * images of several channels; the file of labels has [N]; both hold unsigned bytes. Every image
 * becomes an {@link ImageExample}, with all of its pixels. The images are read once, when the
 * source is made; the source can then be iterated any number of times, by many threads.
 */
public final class IdxImageSource implements ImageSource {

  @Config(mandatory = true, description = "The IDX file of images, plain or gzipped.")
  private Path imagesPath;

  @Config(mandatory = true, description = "The IDX file of labels, plain or gzipped.")
  private Path labelsPath;

  @Config(description = "Names of the labels 0, 1, ...; without them, labels are named by number.")
  private List<String> labelNames = new ArrayList<>();

  @Config(description = "Number of images at the start of the files that are left out.")
  private int skip = 0;

  @Config(description = "Number of images to read behind those; 0 reads all.")
  private int limit = 0;

  @Config(
      description =
          "Whether light and dark of a picture change places before it looks like these images:"
              + " NEVER, ALWAYS, or AUTO, which inverts pictures with a light border, for images"
              + " of light things on a dark ground. Models keep it for their predictions.")
  private Inversion inversion = Inversion.NEVER;

  private List<Example<Label>> examples;
  private ImageShape shape;
  private DataSourceProvenance provenance;

  /** For OLCUT, which fills in the configured fields. */
  private IdxImageSource() {}

  /**
   * Reads all images of a pair of files; labels are named by number.
   *
   * @param imagesPath the file of images.
   * @param labelsPath the file of labels.
   * @throws IOException if a file cannot be read or is not such a file, naming it.
   */
  public IdxImageSource(Path imagesPath, Path labelsPath) throws IOException {
    this(imagesPath, labelsPath, List.of(), 0);
  }

  /**
   * Reads images of a pair of files, with names for their labels.
   *
   * @param imagesPath the file of images.
   * @param labelsPath the file of labels.
   * @param labelNames names of the labels 0, 1, ...; empty to name them by number.
   * @param limit number of images to read, counted from the start; 0 reads all.
   * @throws IOException if a file cannot be read or is not such a file, naming it.
   */
  public IdxImageSource(Path imagesPath, Path labelsPath, List<String> labelNames, int limit)
      throws IOException {
    this.imagesPath = imagesPath;
    this.labelsPath = labelsPath;
    this.labelNames = new ArrayList<>(labelNames);
    this.limit = limit;
    postConfig();
  }

  /**
   * Used by the OLCUT configuration system, and should not be called by external code.
   *
   * @throws IOException if a file cannot be read or is not such a file, naming it.
   */
  @Override
  public void postConfig() throws IOException {
    if (limit < 0) {
      throw new PropertyException(
          "", "limit", "limit is " + limit + ", allowed are 0 (read all) and more");
    }
    if (skip < 0) {
      throw new PropertyException("", "skip", "skip is " + skip + ", allowed are 0 and more");
    }
    try (IdxFile images = new IdxFile(imagesPath, "images", 3, 4);
        IdxFile labels = new IdxFile(labelsPath, "labels", 1)) {
      read(images, labels);
    }
    provenance = new IdxImageSourceProvenance(this);
  }

  private void read(IdxFile images, IdxFile labels) throws IOException {
    int[] dimensions = images.shape();
    int count = dimensions[0];
    if (labels.shape()[0] != count) {
      throw new IOException(
          images.path()
              + " holds "
              + count
              + " images, but "
              + labels.path()
              + " holds "
              + labels.shape()[0]
              + " labels");
    }
    int rank = dimensions.length;
    try {
      shape =
          new ImageShape(rank == 4 ? dimensions[1] : 1, dimensions[rank - 2], dimensions[rank - 1]);
    } catch (IllegalArgumentException e) {
      throw new IOException(images.path() + ": " + e.getMessage(), e);
    }
    if (skip > 0 && skip >= count) {
      throw new PropertyException(
          "", "skip", "skip is " + skip + ", but " + images.path() + " holds " + count + " images");
    }
    int end = limit == 0 ? count : (int) Math.min((long) skip + limit, count);
    // Grows with what was really read: a header may promise more than the file has.
    List<Example<Label>> read = new ArrayList<>();
    for (int i = 0; i < end; i++) {
      byte[] pixels = images.read(shape.size(), "image " + i + " of " + count);
      int label = labels.read(1, "label " + i + " of " + count)[0] & 0xFF;
      if (i < skip) {
        continue;
      }
      read.add(new ImageExample(new Label(labelName(label, i)), pixels));
    }
    if (end == count) {
      images.requireEnd();
      labels.requireEnd();
    }
    examples = List.copyOf(read);
    AbsentLabels.warn(labelNames, examples, this);
  }

  private String labelName(int label, int image) throws IOException {
    if (labelNames.isEmpty()) {
      return Integer.toString(label);
    }
    if (label >= labelNames.size()) {
      throw new IOException(
          labelsPath
              + " gives image "
              + image
              + " the label "
              + label
              + ", but there are only "
              + labelNames.size()
              + " labelNames");
    }
    return labelNames.get(label);
  }

  @Override
  public ImageShape imageShape() {
    return shape;
  }

  @Override
  public PicturePreparation preparation() {
    return PicturePreparation.of(shape).with(inversion);
  }

  @Override
  public int size() {
    return examples.size();
  }

  Path imagesPath() {
    return imagesPath;
  }

  Path labelsPath() {
    return labelsPath;
  }

  @Override
  public DataSourceProvenance getProvenance() {
    return provenance;
  }

  /** The images in the order of the file, as copies: editing one changes nothing here. */
  @Override
  public Iterator<Example<Label>> iterator() {
    return examples.stream().<Example<Label>>map(Example::copy).iterator();
  }

  @Override
  public String toString() {
    return "IdxImageSource(imagesPath="
        + imagesPath
        + ",labelsPath="
        + labelsPath
        + ",shape="
        + Arrays.asList(shape.channels(), shape.height(), shape.width())
        + ",size="
        + size()
        + ")";
  }
}
