import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.zip.Deflater;
import java.util.zip.GZIPInputStream;
import java.util.zip.GZIPOutputStream;

/**
 * Makes the subset in the folder fashion-mnist beside this file from the full Fashion-MNIST data set:
 *
 * <pre>java SubsetFashionMnist.java /usr/share/datasets/fashion-mnist fashion-mnist</pre>
 *
 * <p>Taken are the first 1,200 training images and the first 200 test images of each of the ten
 * classes, in the order of the original files, so the choice depends on nothing but those files.
 */
public final class SubsetFashionMnist {

  private static final int CLASSES = 10;

  private SubsetFashionMnist() {}

  /** Arguments: the folder of the four original .gz files, the folder to write to. */
  public static void main(String[] args) throws IOException {
    if (args.length != 2) {
      System.err.println("usage: java SubsetFashionMnist.java FULL_DATA_SET TARGET_FOLDER");
      System.exit(2);
    }
    Path from = Path.of(args[0]);
    Path to = Files.createDirectories(Path.of(args[1]));
    subset(from, to, "train", 1200);
    subset(from, to, "t10k", 200);
  }

  private static void subset(Path from, Path to, String part, int perClass) throws IOException {
    String imageFile = part + "-images-idx3-ubyte.gz";
    String labelFile = part + "-labels-idx1-ubyte.gz";
    ByteArrayOutputStream images = new ByteArrayOutputStream();
    ByteArrayOutputStream labels = new ByteArrayOutputStream();
    int rows;
    int columns;
    try (DataInputStream imageIn = open(from.resolve(imageFile), 0x803);
        DataInputStream labelIn = open(from.resolve(labelFile), 0x801)) {
      int count = imageIn.readInt();
      if (labelIn.readInt() != count) {
        throw new IOException(imageFile + " and " + labelFile + " differ in length");
      }
      rows = imageIn.readInt();
      columns = imageIn.readInt();
      int[] taken = new int[CLASSES];
      for (int i = 0; i < count; i++) {
        byte[] image = imageIn.readNBytes(rows * columns);
        int label = labelIn.readUnsignedByte();
        if (taken[label]++ < perClass) {
          images.write(image);
          labels.write(label);
        }
      }
    }
    try (DataOutputStream out = create(to.resolve(imageFile), 0x803)) {
      out.writeInt(labels.size());
      out.writeInt(rows);
      out.writeInt(columns);
      images.writeTo(out);
    }
    try (DataOutputStream out = create(to.resolve(labelFile), 0x801)) {
      out.writeInt(labels.size());
      labels.writeTo(out);
    }
  }

  private static DataInputStream open(Path file, int magic) throws IOException {
    DataInputStream in =
        new DataInputStream(new GZIPInputStream(Files.newInputStream(file), 1 << 16));
    if (in.readInt() != magic) {
      throw new IOException(file + " is not an IDX file of the expected kind");
    }
    return in;
  }

  private static DataOutputStream create(Path file, int magic) throws IOException {
    OutputStream gzip =
        new GZIPOutputStream(Files.newOutputStream(file), 1 << 16) {
          {
            def.setLevel(Deflater.BEST_COMPRESSION);
          }
        };
    DataOutputStream out = new DataOutputStream(gzip);
    out.writeInt(magic);
    return out;
  }
}
