package dev.subbit.tribuo.data;

import com.oracle.labs.mlrg.olcut.config.Config;
import dev.subbit.tribuo.network.ImageShape;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.apache.commons.compress.archivers.tar.TarArchiveEntry;
import org.apache.commons.compress.archivers.tar.TarFile;

/**
 * Pictures in tar files, the shards of a WebDataset: {@code train-000042.tar} holds {@code
 * n01440764_10026.jpg}, the picture, and {@code n01440764_10026.cls}, a text with its label, which
 * usually is a number. Files of a sample have the same name up to the first dot after the last
 * folder. A sample without a {@code cls} has the name of the folder that it lies in as its label,
 * as in an archive of a folder per class. Files of other kinds are ignored.
 *
 * <p>A few large files are listed, copied and opened much faster than millions of small ones. A
 * picture is read from its place in the shard, which therefore must not be compressed; that saves
 * nothing on pictures anyway.
 */
public final class TarShardSource extends ContainerSource {

  private static final String SHARD = ".tar";
  private static final String LABEL = ".cls";

  /** A longer text is no label. */
  private static final int MOST_LABEL_BYTES = 1 << 10;

  @Config(mandatory = true, description = "The folder of the shards (.tar), or one shard.")
  private Path shards;

  /** For OLCUT, which fills in the configured fields. */
  private TarShardSource() {}

  /**
   * Lists the images of shards, unless they were listed before.
   *
   * @param shards the folder of the shards, or one shard.
   * @param shape the shape of the images, of 1 or 3 channels.
   * @param shorterSide what the shorter side of a picture is scaled to; 0 for the smallest that the
   *     image fits into.
   * @param classNames the file with the names of classes that the shards number; null to keep what
   *     they have.
   * @param index the file that keeps the list; null to keep none.
   * @throws IOException if a shard cannot be read or does not have this layout, naming it, or the
   *     index cannot be read or written.
   */
  public TarShardSource(Path shards, ImageShape shape, int shorterSide, Path classNames, Path index)
      throws IOException {
    super(shape, shorterSide, classNames, index);
    this.shards = shards;
    postConfig();
  }

  @Override
  Path place() {
    return shards;
  }

  @Override
  String property() {
    return "shards";
  }

  @Override
  String ending() {
    return SHARD;
  }

  @Override
  void list(Path file, Listing listing) throws IOException {
    for (Sample sample : samples(file)) {
      listing.add(
          sample.picture.getName(),
          sample.label,
          sample.picture.getDataOffset(),
          sample.picture.getSize());
    }
  }

  /** The files of a shard that have a name in common. */
  private static final class Sample {
    private TarArchiveEntry picture;
    private String label;
  }

  private static List<Sample> samples(Path file) throws IOException {
    Map<String, Sample> samples = new LinkedHashMap<>();
    try (TarFile tar = new TarFile(file)) {
      for (TarArchiveEntry entry : tar.getEntries()) {
        int dot = entry.getName().indexOf('.', entry.getName().lastIndexOf('/') + 1);
        // Names that begin with a dot are a system's own.
        if (!entry.isFile() || dot <= entry.getName().lastIndexOf('/') + 1) {
          continue;
        }
        String key = entry.getName().substring(0, dot);
        String ending = entry.getName().substring(dot).toLowerCase(Locale.ROOT);
        if (ENDINGS.contains(ending)) {
          Sample sample = samples.computeIfAbsent(key, any -> new Sample());
          if (sample.picture != null) {
            throw new IOException(
                "it holds two pictures, "
                    + sample.picture.getName()
                    + " and "
                    + entry.getName()
                    + ", of one sample");
          }
          sample.picture = entry;
        } else if (ending.equals(LABEL)) {
          samples.computeIfAbsent(key, any -> new Sample()).label = label(tar, entry);
        }
      }
    } catch (IOException | RuntimeException e) {
      // The library throws exceptions of many types for damaged archives.
      throw new IOException(
          file
              + " cannot be used as a shard: "
              + e.getMessage()
              + ". A shard is an uncompressed tar file of pictures and their labels",
          e);
    }
    samples.values().removeIf(sample -> sample.picture == null);
    if (samples.isEmpty()) {
      throw new IOException(
          file + " holds no picture; looked for are names ending in " + String.join(", ", ENDINGS));
    }
    for (Sample sample : samples.values()) {
      if (sample.label == null) {
        sample.label = folder(file, sample.picture.getName());
      }
    }
    return List.copyOf(samples.values());
  }

  private static String label(TarFile tar, TarArchiveEntry entry) throws IOException {
    try (InputStream in = tar.getInputStream(entry)) {
      String text = new String(in.readNBytes(MOST_LABEL_BYTES), StandardCharsets.UTF_8).strip();
      if (text.isEmpty()) {
        throw new IOException(entry.getName() + " in it is empty");
      }
      return text;
    }
  }

  private static String folder(Path file, String name) throws IOException {
    int end = name.lastIndexOf('/');
    String folder = end < 0 ? "" : name.substring(name.lastIndexOf('/', end - 1) + 1, end);
    if (folder.isEmpty() || folder.equals(".")) {
      throw new IOException(
          file
              + ": "
              + name
              + " has no label; add a file of the same name that ends in "
              + LABEL
              + ", or put it into a folder with the label's name");
    }
    return folder;
  }

  @Override
  byte[] read(ImageIndex.Image image, Region.Choice choice) throws IOException {
    Path file = container(image);
    if (image.bytes() > PictureDecoder.MOST_FILE_BYTES) {
      throw new IOException(describe(image) + " has more bytes than any picture");
    }
    ByteBuffer picture = ByteBuffer.allocate((int) image.bytes());
    try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
      while (picture.hasRemaining()) {
        if (channel.read(picture, image.offset() + picture.position()) < 0) {
          throw new EOFException("it ends too early");
        }
      }
    } catch (IOException e) {
      throw new IOException(describe(image) + " cannot be read: " + e.getMessage(), e);
    }
    return preparation().image(picture.array(), describe(image), choice);
  }

  @Override
  String describe(ImageIndex.Image image) {
    return image.name() + " in " + container(image);
  }
}
