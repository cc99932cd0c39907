package dev.subbit.tribuo.data;

import com.oracle.labs.mlrg.olcut.config.Config;
import com.oracle.labs.mlrg.olcut.config.PropertyException;
import dev.subbit.tribuo.config.FieldCheck;
import dev.subbit.tribuo.io.Sha256;
import dev.subbit.tribuo.network.ImageShape;
import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.DigestInputStream;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.Iterator;
import java.util.List;
import org.tribuo.Example;
import org.tribuo.classification.Label;
import org.tribuo.provenance.DataSourceProvenance;

/**
 * The images of CIFAR-10 or CIFAR-100, in the binary version of their authors (Krizhevsky,
 * "Learning Multiple Layers of Features from Tiny Images", 2009): 3 x 32 x 32, all read into memory
 * when the source is made.
 *
 * <p>The names of the folder's files show which of the two it is:
 *
 * <ul>
 *   <li>CIFAR-10, {@code cifar-10-batches-bin}: {@code data_batch_1.bin} to {@code
 *       data_batch_5.bin} and {@code test_batch.bin}, an image being 1 byte of label and 3,072 of
 *       pixels, red, green and blue one after the other; {@code batches.meta.txt} names the labels.
 *   <li>CIFAR-100, {@code cifar-100-binary}: {@code train.bin} and {@code test.bin}, an image being
 *       1 byte of coarse label, 1 of fine label and the pixels; {@code coarse_label_names.txt} and
 *       {@code fine_label_names.txt} name them.
 * </ul>
 *
 * <p>Where the file of names is missing, labels are named by number.
 */
public final class CifarImageSource implements ImageSource {

  private static final ImageShape SHAPE = new ImageShape(3, 32, 32);

  /** Part of a data set. */
  public enum Part {
    /** The images to train on. */
    TRAIN,
    /** The images to test on. */
    TEST
  }

  /** Labels of CIFAR-100; CIFAR-10 has the fine ones only. */
  public enum Labels {
    /** The 100 classes. */
    FINE,
    /** The 20 groups of classes. */
    COARSE
  }

  /** A layout of files. */
  private enum Layout {
    CIFAR10("CIFAR-10"),
    CIFAR100("CIFAR-100");

    private final String title;

    Layout(String title) {
      this.title = title;
    }

    private List<String> files(Part part) {
      if (this == CIFAR100) {
        return List.of(part == Part.TRAIN ? "train.bin" : "test.bin");
      }
      return part == Part.TEST
          ? List.of("test_batch.bin")
          : List.of(
              "data_batch_1.bin",
              "data_batch_2.bin",
              "data_batch_3.bin",
              "data_batch_4.bin",
              "data_batch_5.bin");
    }

    private int labelBytes() {
      return this == CIFAR10 ? 1 : 2;
    }

    private int classes(Labels labels) {
      return this == CIFAR10 ? 10 : labels == Labels.FINE ? 100 : 20;
    }

    private String names(Labels labels) {
      return this == CIFAR10
          ? "batches.meta.txt"
          : labels == Labels.FINE ? "fine_label_names.txt" : "coarse_label_names.txt";
    }
  }

  @Config(
      mandatory = true,
      description = "The folder of the files: cifar-10-batches-bin or cifar-100-binary.")
  private Path folder;

  @Config(description = "Which images: TRAIN or TEST.")
  private Part part = Part.TRAIN;

  @Config(description = "Which labels of CIFAR-100: FINE (100) or COARSE (20).")
  private Labels labels = Labels.FINE;

  @Config(
      description = "Number of images to read, counted from the start of the files; 0 reads all.")
  private int limit = 0;

  private Layout layout;
  private List<ImageExample> examples;
  private DataSourceProvenance provenance;

  /** For OLCUT, which fills in the configured fields. */
  private CifarImageSource() {}

  /**
   * Reads the images of a folder into memory.
   *
   * @param folder the folder of the files.
   * @param part which images.
   * @param labels which labels of CIFAR-100; {@code FINE} for CIFAR-10.
   * @param limit number of images to read, counted from the start; 0 reads all.
   * @throws IOException if a file is missing or damaged, naming it.
   */
  public CifarImageSource(Path folder, Part part, Labels labels, int limit) throws IOException {
    this.folder = folder;
    this.part = part;
    this.labels = labels;
    this.limit = limit;
    postConfig();
  }

  /**
   * Used by the OLCUT configuration system, and should not be called by external code.
   *
   * @throws IOException if a file is missing or damaged, naming it.
   */
  @Override
  public void postConfig() throws IOException {
    new FieldCheck("CifarImageSource").require(limit >= 0, "limit", limit, "0 (read all) and more");
    layout = layout();
    if (layout == Layout.CIFAR10 && labels != Labels.FINE) {
      throw new PropertyException(
          "CifarImageSource", "labels", "labels is COARSE, allowed for CIFAR-10: FINE");
    }
    List<Label> names = labelNames();
    MessageDigest digest = Sha256.start();
    List<ImageExample> read = new ArrayList<>();
    for (String file : layout.files(part)) {
      read(existing(file), names, digest, read);
    }
    examples = List.copyOf(read);
    AbsentLabels.warn(names.stream().map(Label::getLabel).toList(), examples, this);
    provenance =
        new FileListProvenance(this, examples.size(), HexFormat.of().formatHex(digest.digest()));
  }

  private Layout layout() throws IOException {
    if (!Files.isDirectory(folder)) {
      throw new IOException(
          folder
              + " is not a folder; set folder to where the files of CIFAR-10"
              + " (cifar-10-batches-bin) or CIFAR-100 (cifar-100-binary) are");
    }
    List<Layout> found = new ArrayList<>();
    for (Layout candidate : Layout.values()) {
      for (Part each : Part.values()) {
        for (String file : candidate.files(each)) {
          if (!found.contains(candidate) && Files.exists(folder.resolve(file))) {
            found.add(candidate);
          }
        }
      }
    }
    if (found.size() == 1) {
      return found.get(0);
    }
    throw new IOException(
        folder
            + (found.isEmpty()
                ? " holds no files of CIFAR-10 (data_batch_1.bin, test_batch.bin) or CIFAR-100"
                    + " (train.bin, test.bin); set folder to where they are, and take the binary"
                    + " version of the data set"
                : " holds files of both CIFAR-10 and CIFAR-100; give each a folder of its own"));
  }

  private Path existing(String name) throws IOException {
    Path file = folder.resolve(name);
    if (!Files.isRegularFile(file)) {
      throw new IOException(
          file
              + " is missing; the "
              + part
              + " images of "
              + layout.title
              + " are in "
              + String.join(", ", layout.files(part)));
    }
    return file;
  }

  private List<Label> labelNames() throws IOException {
    int classes = layout.classes(labels);
    List<Label> names = new ArrayList<>();
    Path file = folder.resolve(layout.names(labels));
    if (!Files.exists(file)) {
      for (int i = 0; i < classes; i++) {
        names.add(new Label(Integer.toString(i)));
      }
      return names;
    }
    for (String line : Files.readAllLines(file, StandardCharsets.ISO_8859_1)) {
      if (!line.isBlank()) {
        names.add(new Label(line.strip()));
      }
    }
    if (names.size() != classes || names.stream().distinct().count() != classes) {
      throw new IOException(
          file
              + " should name "
              + classes
              + " labels, one per line, each once; it names "
              + names.stream().distinct().count()
              + " on "
              + names.size()
              + " lines. Without the file, labels are named by number");
    }
    return names;
  }

  private void read(Path file, List<Label> names, MessageDigest digest, List<ImageExample> read)
      throws IOException {
    int record = layout.labelBytes() + SHAPE.size();
    long bytes = Files.size(file);
    if (bytes == 0 || bytes % record != 0) {
      throw new IOException(
          file
              + " has "
              + bytes
              + " bytes, which is not a whole number of images of "
              + record
              + " bytes each: it is truncated, or no "
              + layout.title
              + " file; unpack it again");
    }
    try (InputStream in =
        new DigestInputStream(
            new BufferedInputStream(Files.newInputStream(file), 1 << 16), digest)) {
      for (long image = 0; image < bytes / record && !enough(read); image++) {
        byte[] values = in.readNBytes(record);
        if (values.length < record) {
          throw new IOException(file + " is truncated: it ends inside image " + image);
        }
        int label = values[labels == Labels.FINE ? layout.labelBytes() - 1 : 0] & 0xFF;
        if (label >= names.size()) {
          throw new IOException(
              file
                  + " gives image "
                  + image
                  + " the label "
                  + label
                  + "; the labels of "
                  + layout.title
                  + " are 0 to "
                  + (names.size() - 1)
                  + ". The file is damaged, or of another data set");
        }
        byte[] pixels = new byte[SHAPE.size()];
        System.arraycopy(values, layout.labelBytes(), pixels, 0, pixels.length);
        read.add(new ImageExample(names.get(label), pixels));
      }
    }
  }

  private boolean enough(List<ImageExample> read) {
    return limit > 0 && read.size() == limit;
  }

  @Override
  public ImageShape imageShape() {
    return SHAPE;
  }

  @Override
  public int size() {
    return examples.size();
  }

  /** The configuration, the number of images, and the SHA-256 of the bytes that were read. */
  @Override
  public DataSourceProvenance getProvenance() {
    return provenance;
  }

  /** The images in the order of the files, as copies: editing one changes nothing here. */
  @Override
  public Iterator<Example<Label>> iterator() {
    return examples.stream().<Example<Label>>map(Example::copy).iterator();
  }

  @Override
  public String toString() {
    return "CifarImageSource("
        + layout.title
        + ",folder="
        + folder
        + ",part="
        + part
        + ",labels="
        + labels
        + ",size="
        + size()
        + ")";
  }
}
