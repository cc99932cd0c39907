package dev.subbit.integration;

import dev.subbit.tribuo.data.ImageDataset;
import dev.subbit.tribuo.data.ImageFolderSource;
import dev.subbit.tribuo.data.PictureFiles;
import dev.subbit.tribuo.data.PixelMap;
import dev.subbit.tribuo.network.ImageShape;
import dev.subbit.tribuo.training.internal.batches.BatchReader;
import dev.subbit.tribuo.training.internal.batches.ImageBatches;
import dev.subbit.tribuo.training.internal.random.RandomPlace;
import dev.subbit.tribuo.training.recipe.Augmentation;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import javax.imageio.ImageIO;

/**
 * Subbit's side of {@code bench/input_speed.py}, which starts it.
 *
 * <p>Arguments: folder, side of the images, batch size, threads, and {@code batches} for the whole
 * input pipeline of a training (decode, random resized crop, flip, batch) or {@code decode} for the
 * JDK's JPEG decoder alone on the same files. Then, for every line {@code <n>} on its input, it
 * makes n batches and prints the seconds that they took.
 */
final class InputPipelineWorker {

  private static final double CROP_AREA = 0.08;
  private static final double CROP_ASPECT = 4.0 / 3;

  private InputPipelineWorker() {}

  /** Runs the worker; see the class for the arguments. */
  public static void main(String[] arguments) throws Exception {
    Path folder = Path.of(arguments[0]);
    int side = Integer.parseInt(arguments[1]);
    int batch = Integer.parseInt(arguments[2]);
    int threads = Integer.parseInt(arguments[3]);
    if (arguments[4].equals("decode")) {
      decode(folder, batch, threads);
    } else {
      readBatches(folder, new ImageShape(3, side, side), batch, threads);
    }
  }

  /** Makes a number of batches. */
  private interface Batches {
    void make(int count) throws Exception;
  }

  private static void serve(Batches batches) throws Exception {
    System.out.println("ready");
    BufferedReader requests =
        new BufferedReader(new InputStreamReader(System.in, StandardCharsets.US_ASCII));
    for (String line = requests.readLine(); line != null; line = requests.readLine()) {
      long start = System.nanoTime();
      batches.make(Integer.parseInt(line));
      System.out.println((System.nanoTime() - start) / 1e9);
    }
  }

  private static void readBatches(Path folder, ImageShape shape, int batch, int threads)
      throws Exception {
    ImageDataset images = new ImageDataset(new ImageFolderSource(folder, shape, 0));
    ImageBatches batches =
        ImageBatches.training(
            images,
            new PixelMap(images.getFeatureIDMap(), shape),
            images.getOutputIDInfo(),
            batch,
            new Augmentation(true, 0).withResizedCrop(CROP_AREA, CROP_ASPECT),
            RandomPlace.of(1),
            threads);
    try (BatchReader reader = batches.open(0, 0)) {
      serve(
          count -> {
            for (int i = 0; i < count; i++) {
              reader.next();
            }
          });
    }
  }

  private static void decode(Path folder, int batch, int threads) throws Exception {
    List<Path> files = new PictureFiles(folder).files();
    ExecutorService pool = Executors.newFixedThreadPool(threads);
    int[] next = {0};
    serve(
        count -> {
          List<Future<?>> decoding = new ArrayList<>();
          for (int i = 0; i < count * batch; i++) {
            Path file = files.get(next[0]++ % files.size());
            decoding.add(pool.submit(() -> read(file)));
          }
          await(decoding);
        });
    pool.shutdown();
  }

  private static void await(List<Future<?>> tasks) throws InterruptedException, ExecutionException {
    for (Future<?> task : tasks) {
      task.get();
    }
  }

  private static void read(Path file) {
    try {
      ImageIO.read(file.toFile());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
