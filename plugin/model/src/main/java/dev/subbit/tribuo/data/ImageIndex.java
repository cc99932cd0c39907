package dev.subbit.tribuo.data;

import com.google.protobuf.InvalidProtocolBufferException;
import dev.subbit.tribuo.io.AtomicFile;
import dev.subbit.tribuo.protos.ImageIndexProto;
import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * The images that a source found: what each is called, its label, and where it is.
 *
 * @param stamps the folders and files that the images are in, as they were found.
 * @param labels all labels.
 * @param images the images, in the order of the source.
 */
record ImageIndex(List<Stamp> stamps, List<String> labels, List<Image> images) {

  private static final int VERSION = 0;

  // Copies the lists, so that the index stays as it was made.
  ImageIndex {
    stamps = List.copyOf(stamps);
    labels = List.copyOf(labels);
    images = List.copyOf(images);
  }

  /**
   * A folder or file, which has changed if its stamp has.
   *
   * @param path relative to the source's own folder.
   * @param modifiedMillis when it was modified last.
   * @param bytes its size; 0 for a folder.
   */
  record Stamp(String path, long modifiedMillis, long bytes) {

    static Stamp of(Path folder, Path path) throws IOException {
      BasicFileAttributes now = Files.readAttributes(path, BasicFileAttributes.class);
      return new Stamp(
          folder.relativize(path).toString(),
          now.lastModifiedTime().toMillis(),
          now.isDirectory() ? 0 : now.size());
    }
  }

  /**
   * One image.
   *
   * @param name relative to where the source looks for it.
   * @param label place of its label.
   * @param stamp place of the folder or file that it is in.
   * @param offset where in that file it begins; 0 in a folder.
   * @param bytes size of its PNG or JPEG file; in a table, of the page that it is in.
   */
  record Image(String name, int label, int stamp, long offset, long bytes) {}

  /** Whether all folders and files are as they were found. */
  boolean isCurrent(Path folder) {
    for (Stamp stamp : stamps) {
      try {
        if (!stamp.equals(Stamp.of(folder, folder.resolve(stamp.path())))) {
          return false;
        }
      } catch (IOException e) {
        return false;
      }
    }
    return true;
  }

  /**
   * Reads an index.
   *
   * @param file the file.
   * @return the index; empty if there is no such file, or it is of another version.
   * @throws IOException if the file cannot be read or holds something else; the message names it.
   */
  static Optional<ImageIndex> read(Path file) throws IOException {
    if (!Files.exists(file)) {
      return Optional.empty();
    }
    try (InputStream in = new BufferedInputStream(Files.newInputStream(file))) {
      ImageIndexProto proto = ImageIndexProto.parseFrom(in);
      return proto.getVersion() == VERSION ? Optional.of(of(proto)) : Optional.empty();
    } catch (InvalidProtocolBufferException | IllegalArgumentException e) {
      throw new IOException(
          file
              + " holds something other than an index of images: "
              + e.getMessage()
              + ". Delete it, or let index name another file",
          e);
    }
  }

  private static ImageIndex of(ImageIndexProto proto) {
    List<Stamp> stamps =
        proto.getStampsList().stream()
            .map(stamp -> new Stamp(stamp.getPath(), stamp.getModifiedMillis(), stamp.getBytes()))
            .toList();
    int count = proto.getNamesCount();
    if (count == 0
        || proto.getLabelCount() != count
        || proto.getStampCount() != count
        || proto.getOffsetCount() != count
        || proto.getBytesCount() != count) {
      throw new IllegalArgumentException("its lists have no length, or several");
    }
    List<Image> images = new ArrayList<>(count);
    for (int i = 0; i < count; i++) {
      Image image =
          new Image(
              proto.getNames(i),
              proto.getLabel(i),
              proto.getStamp(i),
              proto.getOffset(i),
              proto.getBytes(i));
      if (image.label < 0
          || image.label >= proto.getLabelsCount()
          || image.stamp < 0
          || image.stamp >= stamps.size()
          || image.offset < 0
          || image.bytes < 0) {
        throw new IllegalArgumentException("image " + i + " is nowhere");
      }
      images.add(image);
    }
    return new ImageIndex(stamps, proto.getLabelsList(), images);
  }

  /**
   * Writes the index.
   *
   * @param file the file, which is replaced as a whole.
   * @throws IOException if it cannot be written.
   */
  void write(Path file) throws IOException {
    ImageIndexProto.Builder proto =
        ImageIndexProto.newBuilder().setVersion(VERSION).addAllLabels(labels);
    for (Stamp stamp : stamps) {
      proto.addStamps(
          ImageIndexProto.Stamp.newBuilder()
              .setPath(stamp.path)
              .setModifiedMillis(stamp.modifiedMillis)
              .setBytes(stamp.bytes));
    }
    for (Image image : images) {
      proto.addNames(image.name).addLabel(image.label).addStamp(image.stamp);
      proto.addOffset(image.offset).addBytes(image.bytes);
    }
    AtomicFile.write(file, proto.build()::writeTo);
  }
}
