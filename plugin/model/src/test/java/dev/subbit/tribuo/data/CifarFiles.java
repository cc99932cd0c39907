package dev.subbit.tribuo.data;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/** Data sets in the layouts of CIFAR-10 and CIFAR-100, with few images. */
public final class CifarFiles {

  private static final int PIXELS = 3 * 32 * 32;

  private CifarFiles() {}

  /** CIFAR-10; the images of each file take the labels 0 to 9 in turn. */
  public static Path cifar10(Path folder, int perFile) throws IOException {
    Files.createDirectories(folder);
    for (int batch = 1; batch <= 5; batch++) {
      Files.write(folder.resolve("data_batch_" + batch + ".bin"), images(perFile, batch, 1, 10));
    }
    Files.write(folder.resolve("test_batch.bin"), images(perFile, 6, 1, 10));
    Files.writeString(folder.resolve("batches.meta.txt"), names("class", 10) + "\n");
    return folder;
  }

  /** CIFAR-100; the images take the fine labels 0 to 99 in turn, the coarse ones 0 to 19. */
  public static Path cifar100(Path folder, int train, int test) throws IOException {
    Files.createDirectories(folder);
    Files.write(folder.resolve("train.bin"), images(train, 1, 2, 100));
    Files.write(folder.resolve("test.bin"), images(test, 2, 2, 100));
    Files.writeString(folder.resolve("fine_label_names.txt"), names("fine", 100));
    Files.writeString(folder.resolve("coarse_label_names.txt"), names("coarse", 20));
    return folder;
  }

  private static String names(String prefix, int count) {
    return IntStream.range(0, count).mapToObj(i -> prefix + i + "\n").collect(Collectors.joining());
  }

  /** Pixel values that differ by seed, image, channel and place. */
  static int pixel(int seed, int image, int position) {
    return (seed * 31 + image * 7 + position * 13 + position / 1024) & 0xFF;
  }

  private static byte[] images(int count, int seed, int labelBytes, int classes) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    for (int image = 0; image < count; image++) {
      if (labelBytes == 2) {
        bytes.write(image % 20);
      }
      bytes.write(image % classes);
      for (int position = 0; position < PIXELS; position++) {
        bytes.write(pixel(seed, image, position));
      }
    }
    return bytes.toByteArray();
  }
}
