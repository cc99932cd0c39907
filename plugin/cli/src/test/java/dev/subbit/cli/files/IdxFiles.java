package dev.subbit.cli.files;

import java.io.DataOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Random;
import java.util.zip.GZIPOutputStream;

/** Small data sets of random images in MNIST's layout. */
public final class IdxFiles {

  private IdxFiles() {}

  /** Writes the four files; images of 8 x 8 pixels, labels 0 to 3 in turn; half of them gzipped. */
  public static Path write(Path folder, int trainImages, int testImages) throws IOException {
    Files.createDirectories(folder);
    images(folder.resolve("train-images-idx3-ubyte.gz"), trainImages, 1);
    labels(folder.resolve("train-labels-idx1-ubyte"), trainImages);
    images(folder.resolve("t10k-images-idx3-ubyte"), testImages, 2);
    labels(folder.resolve("t10k-labels-idx1-ubyte.gz"), testImages);
    return folder;
  }

  private static void images(Path file, int count, long seed) throws IOException {
    byte[] pixels = new byte[count * 64];
    new Random(seed).nextBytes(pixels);
    try (DataOutputStream out = open(file)) {
      out.writeInt(0x803);
      out.writeInt(count);
      out.writeInt(8);
      out.writeInt(8);
      out.write(pixels);
    }
  }

  private static void labels(Path file, int count) throws IOException {
    try (DataOutputStream out = open(file)) {
      out.writeInt(0x801);
      out.writeInt(count);
      for (int i = 0; i < count; i++) {
        out.write(i % 4);
      }
    }
  }

  private static DataOutputStream open(Path file) throws IOException {
    OutputStream plain = Files.newOutputStream(file);
    return new DataOutputStream(
        file.toString().endsWith(".gz") ? new GZIPOutputStream(plain) : plain);
  }
}
