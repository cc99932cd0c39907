package dev.subbit.tribuo.data;

import com.oracle.labs.mlrg.olcut.config.Config;
import dev.subbit.tribuo.network.ImageShape;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/**
 * Pictures of which each file holds many, with their labels. A few large files are listed, copied
 * and opened much faster than millions of small ones.
 */
public abstract sealed class ContainerSource extends PictureSource
    permits TarShardSource, ParquetSource {

  @Config(
      description =
          "A text file with the names of the classes 0, 1, ..., one per line, where the labels are"
              + " numbers. Default: the labels are what the files have.")
  private Path classNames = null;

  /** For OLCUT, which fills in the configured fields. */
  ContainerSource() {}

  /** Sets the fields that all such sources have. */
  ContainerSource(ImageShape shape, int shorterSide, Path classNames, Path index) {
    super(shape, shorterSide, index);
    this.classNames = classNames;
  }

  /** The folder of the files, or one file. */
  abstract Path place();

  /** The property that names the place. */
  abstract String property();

  /** What the files' names end in. */
  abstract String ending();

  /**
   * Lists what is in a file.
   *
   * @throws IOException if it cannot be used, naming it.
   */
  abstract void list(Path file, Listing listing) throws IOException;

  /** Receives the pictures of one file. */
  interface Listing {

    /**
     * Adds a picture.
     *
     * @param name what the picture is called in its file.
     * @param label its label.
     * @param offset where it begins in the file.
     * @param bytes what it takes there.
     * @throws IOException if the label is the number of no class.
     */
    void add(String name, String label, long offset, long bytes) throws IOException;
  }

  @Override
  final Path root() {
    return Files.isDirectory(place()) ? place() : place().toAbsolutePath().getParent();
  }

  private List<Path> files() throws IOException {
    if (Files.isRegularFile(place())) {
      return List.of(place().toAbsolutePath());
    }
    if (!Files.isDirectory(place())) {
      throw new IOException(
          "There is no "
              + place()
              + "; set "
              + property()
              + " to a folder of "
              + ending()
              + " files");
    }
    try (Stream<Path> entries = Files.list(place())) {
      List<Path> files =
          entries
              .filter(file -> file.getFileName().toString().endsWith(ending()))
              .sorted()
              .toList();
      if (files.isEmpty()) {
        throw new IOException(
            place() + " holds nothing to read; looked for are files ending in " + ending());
      }
      return files;
    }
  }

  @Override
  final ImageIndex list() throws IOException {
    List<ImageIndex.Stamp> stamps = new ArrayList<>();
    Map<String, Integer> labels = new LinkedHashMap<>();
    List<ImageIndex.Image> images = new ArrayList<>();
    List<String> names = classNames == null ? List.of() : Files.readAllLines(classNames);
    for (Path file : files()) {
      stamps.add(ImageIndex.Stamp.of(root(), file));
      list(
          file,
          (name, label, offset, bytes) -> {
            String known = classNames == null ? label : named(file, name, label, names);
            images.add(
                new ImageIndex.Image(
                    name,
                    labels.computeIfAbsent(known, any -> labels.size()),
                    stamps.size() - 1,
                    offset,
                    bytes));
          });
    }
    return new ImageIndex(stamps, List.copyOf(labels.keySet()), images);
  }

  private String named(Path file, String picture, String label, List<String> names)
      throws IOException {
    try {
      return names.get(Integer.parseInt(label));
    } catch (NumberFormatException | IndexOutOfBoundsException e) {
      throw new IOException(
          file
              + ": "
              + picture
              + " has the label '"
              + label
              + "', which is no line of "
              + classNames
              + ": it has "
              + names.size(),
          e);
    }
  }

  @Override
  final boolean hasAllPlaces(ImageIndex stored) throws IOException {
    List<String> now = files().stream().map(f -> root().relativize(f).toString()).toList();
    return now.equals(stored.stamps().stream().map(ImageIndex.Stamp::path).toList());
  }

  /** The file that a picture is in. */
  final Path container(ImageIndex.Image image) {
    return root().resolve(found().stamps().get(image.stamp()).path());
  }
}
