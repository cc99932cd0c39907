package dev.subbit.tribuo.data;

import dev.subbit.tribuo.network.ImageShape;
import java.io.ByteArrayOutputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.SplittableRandom;

/**
 * Small images that a network learns in seconds: noise with stripes across (class 0), down (1) or
 * along the diagonal (2), at random places. Classes 0, 1 and 2 take turns.
 */
public final class StripedImages {

  public static final ImageShape SHAPE = new ImageShape(1, 12, 12);
  public static final int CLASSES = 3;

  private StripedImages() {}

  /** Writes a number of images as a pair of IDX files and opens them. */
  public static IdxImageSource source(Path folder, int count, long seed) {
    Path images = folder.resolve("images-" + count + "-" + seed + ".idx");
    Path labels = folder.resolve("labels-" + count + "-" + seed + ".idx");
    SplittableRandom rng = new SplittableRandom(seed);
    byte[] pixels = new byte[count * SHAPE.size()];
    byte[] classes = new byte[count];
    for (int i = 0; i < count; i++) {
      classes[i] = (byte) (i % CLASSES);
      draw(pixels, i * SHAPE.size(), i % CLASSES, rng);
    }
    try {
      Files.write(images, idx(pixels, count, SHAPE.height(), SHAPE.width()));
      Files.write(labels, idx(classes, count));
      return new IdxImageSource(images, labels, List.of("across", "down", "diagonal"), 0);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static void draw(byte[] pixels, int offset, int kind, SplittableRandom rng) {
    int phase = rng.nextInt(4);
    for (int i = 0; i < SHAPE.size(); i++) {
      int x = i % SHAPE.width();
      int y = i / SHAPE.width();
      int along = kind == 0 ? y : kind == 1 ? x : x + y;
      int bright = (along + phase) % 4 < 2 ? 140 : 40;
      pixels[offset + i] = (byte) (bright + rng.nextInt(70));
    }
  }

  /** An IDX file of unsigned bytes. */
  static byte[] idx(byte[] data, int... shape) throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (DataOutputStream out = new DataOutputStream(bytes)) {
      out.write(new byte[] {0, 0, 8, (byte) shape.length});
      for (int dimension : shape) {
        out.writeInt(dimension);
      }
      out.write(data);
    }
    return bytes.toByteArray();
  }
}
