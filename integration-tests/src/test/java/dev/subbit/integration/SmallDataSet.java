package dev.subbit.integration;

import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.zip.GZIPInputStream;

/** The first images of the bundled data set, as a separate data set. */
final class SmallDataSet {

  private static final Path BUNDLED = Path.of("data", "fashion-mnist");
  private static final int PIXELS = 28 * 28;

  private SmallDataSet() {}

  /** Writes the four IDX files, uncompressed. */
  static Path write(Path folder, int trainImages, int testImages) throws IOException {
    Files.createDirectories(folder);
    head(folder, "train", trainImages);
    head(folder, "t10k", testImages);
    return folder;
  }

  private static void head(Path folder, String part, int count) throws IOException {
    head(folder, part + "-images-idx3-ubyte", count, 2, PIXELS);
    head(folder, part + "-labels-idx1-ubyte", count, 0, 1);
  }

  private static void head(Path folder, String file, int count, int moreDimensions, int bytesEach)
      throws IOException {
    try (DataInputStream in =
            new DataInputStream(
                new GZIPInputStream(Files.newInputStream(BUNDLED.resolve(file + ".gz"))));
        DataOutputStream out = new DataOutputStream(Files.newOutputStream(folder.resolve(file)))) {
      out.writeInt(in.readInt());
      in.readInt();
      out.writeInt(count);
      for (int i = 0; i < moreDimensions; i++) {
        out.writeInt(in.readInt());
      }
      out.write(in.readNBytes(count * bytesEach));
    }
  }
}
