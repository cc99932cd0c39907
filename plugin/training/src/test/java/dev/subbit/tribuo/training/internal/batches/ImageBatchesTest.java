package dev.subbit.tribuo.training.internal.batches;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.subbit.tribuo.data.ImageExample;
import dev.subbit.tribuo.data.PixelMap;
import dev.subbit.tribuo.data.StripedImages;
import dev.subbit.tribuo.training.internal.random.RandomPlace;
import dev.subbit.tribuo.training.recipe.Augmentation;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.tribuo.Dataset;
import org.tribuo.MutableDataset;
import org.tribuo.classification.Label;
import org.tribuo.impl.ArrayExample;

class ImageBatchesTest {

  private static final int IMAGES = 23;
  private static final int BATCH = 5;
  private static final int SIZE = StripedImages.SHAPE.size();

  @TempDir private Path folder;
  private Dataset<Label> data;

  @BeforeEach
  void makeImages() {
    data = new MutableDataset<>(StripedImages.source(folder, IMAGES, 1));
  }

  private PixelMap pixels() {
    return new PixelMap(data.getFeatureIDMap(), StripedImages.SHAPE);
  }

  private ImageBatches training(int loaders, long seed) {
    return ImageBatches.training(
        data,
        pixels(),
        data.getOutputIDInfo(),
        BATCH,
        new Augmentation(true, 2),
        RandomPlace.of(seed),
        loaders);
  }

  private ImageBatches evaluation(int batchSize) {
    return ImageBatches.evaluation(data, pixels(), data.getOutputIDInfo(), batchSize, 2);
  }

  /** Reads a number of batches, pixels and classes together. */
  private static List<float[]> read(ImageBatches batches, int epoch, int batch, int count) {
    List<float[]> read = new ArrayList<>();
    try (BatchReader reader = batches.open(epoch, batch)) {
      for (int i = 0; i < count; i++) {
        ImageBatch next = reader.next();
        float[] pixels = next.pixels().floats();
        float[] all = Arrays.copyOf(pixels, pixels.length + next.classes().length);
        for (int c = 0; c < next.classes().length; c++) {
          all[pixels.length + c] = next.classes()[c];
        }
        read.add(all);
      }
    }
    return read;
  }

  private static void assertSame(List<float[]> expected, List<float[]> actual) {
    assertEquals(expected.size(), actual.size());
    for (int i = 0; i < expected.size(); i++) {
      assertArrayEquals(expected.get(i), actual.get(i), "batch " + i);
    }
  }

  @Test
  void theNumberOfThreadsChangesNothing() {
    List<float[]> one = read(training(1, 7), 0, 0, 12);
    assertSame(one, read(training(3, 7), 0, 0, 12));
    assertFalse(Arrays.equals(one.get(0), read(training(1, 8), 0, 0, 1).get(0)));
  }

  @Test
  void slicesOfABatchAreTheBatch() {
    ImageBatches batches = training(2, 7);
    try (BatchReader whole = batches.open(1, 2);
        BatchReader first = batches.open(1, 2, new BatchSlice(0, 2));
        BatchReader second = batches.open(1, 2, new BatchSlice(1, 2))) {
      for (int batch = 0; batch < 5; batch++) {
        float[] all = whole.next().pixels().floats();
        float[] begin = first.next().pixels().floats();
        float[] end = second.next().pixels().floats();
        float[] joined = Arrays.copyOf(begin, begin.length + end.length);
        System.arraycopy(end, 0, joined, begin.length, end.length);
        assertArrayEquals(all, joined, "batch " + batch);
      }
    }
  }

  /** Images of bytes go their way as bytes; the same values as doubles go as floats. */
  @Test
  void bytesAndFloatsGetTheSameValues() {
    MutableDataset<Label> doubles =
        new MutableDataset<>(data.getProvenance(), data.getOutputFactory());
    data.forEach(image -> doubles.add(new ArrayExample<>(image)));
    for (Augmentation augmentation :
        List.of(
            Augmentation.none(),
            new Augmentation(true, 3).withErasing(0.5, 0.05, 0.4),
            new Augmentation(false, 1).withColors(0.3, 0, 0))) {
      ImageBatches of = batches(data, augmentation);
      ImageBatches floats = batches(doubles, augmentation);
      assertEquals(augmentation.keepsWholeNumbers(), of.areBytes());
      assertFalse(floats.areBytes());
      assertSame(read(floats, 0, 0, 8), read(of, 0, 0, 8));
    }
    assertFalse(
        batches(data, Augmentation.none().withResizedCrop(0.5, 1.2)).areBytes(),
        "a region of an image in memory is resampled to floats");
  }

  private ImageBatches batches(Dataset<Label> images, Augmentation augmentation) {
    return ImageBatches.training(
        images, pixels(), data.getOutputIDInfo(), BATCH, augmentation, RandomPlace.of(7), 2);
  }

  @Test
  void readingCanBeginAnywhere() {
    ImageBatches batches = training(2, 7);
    assertEquals(4, batches.count());
    List<float[]> all = read(batches, 0, 0, 12);
    for (int start = 0; start < 12; start++) {
      List<float[]> rest = read(batches, start / 4, start % 4, 12 - start);
      assertSame(all.subList(start, 12), rest);
    }
  }

  @Test
  void everyEpochHasAnOrderOfItsOwnAndShowsNoImageTwice() {
    ImageBatches batches = training(1, 7);
    Set<List<Integer>> orders = new HashSet<>();
    Set<Integer> seen = new HashSet<>();
    for (int epoch = 0; epoch < 10; epoch++) {
      int[] order = batches.order(epoch);
      assertArrayEquals(
          IntStream.range(0, IMAGES).toArray(), Arrays.stream(order).sorted().toArray());
      orders.add(Arrays.stream(order).boxed().toList());
      Arrays.stream(order, 0, batches.count() * BATCH).forEach(seen::add);
    }
    assertEquals(10, orders.size());
    // What an epoch skips is not always the same.
    assertEquals(IMAGES, seen.size());
  }

  @Test
  void anImageIsChangedAnewInEveryEpoch() {
    ImageBatches batches = training(1, 7);
    Set<List<Float>> versions = new HashSet<>();
    for (int epoch = 0; epoch < 10; epoch++) {
      ImageBatch target = new ImageBatch(Pixels.of(new byte[SIZE]), new int[1], new float[1]);
      batches.load(epoch, 3, target, 0);
      float[] version = target.pixels().floats();
      versions.add(IntStream.range(0, SIZE).mapToObj(i -> version[i]).toList());
    }
    assertTrue(versions.size() > 5, versions.size() + " versions in 10 epochs");
  }

  @Test
  void evaluationShowsEveryImageOnceUnchangedAndInOrder() {
    for (int batchSize : new int[] {1, 5, 23, 100}) {
      ImageBatches batches = evaluation(batchSize);
      int image = 0;
      try (BatchReader reader = batches.open(0, 0)) {
        for (int batch = 0; batch < batches.count(); batch++) {
          ImageBatch next = reader.next();
          float[] expected = new float[SIZE];
          for (int i = 0; i < next.classes().length; i++) {
            pixels().fill(data.getExample(image), expected, 0);
            assertArrayEquals(
                expected, Arrays.copyOfRange(next.pixels().floats(), i * SIZE, (i + 1) * SIZE));
            assertEquals(
                data.getOutputIDInfo().getID(data.getExample(image).getOutput()),
                next.classes()[i]);
            image++;
          }
        }
      }
      assertEquals(IMAGES, image);
    }
  }

  @Test
  void anImageOfAnotherSizeIsFoundBeforeTheFirstBatch() {
    MutableDataset<Label> wrong =
        new MutableDataset<>(data.getProvenance(), data.getOutputFactory());
    data.forEach(wrong::add);
    wrong.add(new ImageExample(new Label("across"), new byte[SIZE + 1]));
    IllegalArgumentException e =
        assertThrows(
            IllegalArgumentException.class,
            () -> ImageBatches.evaluation(wrong, pixels(), data.getOutputIDInfo(), 1, 1));
    assertTrue(e.getMessage().contains("Image 23: An image of 145 values"), e.getMessage());
  }

  @Test
  void anUnknownLabelIsNamedAtTheStepAndEndsTheReader() {
    MutableDataset<Label> other =
        new MutableDataset<>(data.getProvenance(), data.getOutputFactory());
    other.add(new ImageExample(new Label("checks"), new byte[SIZE]));
    ImageBatches batches = ImageBatches.evaluation(other, pixels(), data.getOutputIDInfo(), 1, 1);
    try (BatchReader reader = batches.open(0, 0)) {
      IllegalArgumentException e = assertThrows(IllegalArgumentException.class, reader::next);
      assertTrue(e.getMessage().contains("'checks'"), e.getMessage());
      assertThrows(IllegalStateException.class, reader::next);
    }
  }

  @Test
  void closingLeavesNoThreadBehind() {
    BatchReader reader = training(3, 7).open(0, 0);
    reader.next();
    reader.close();
    reader.close();
    assertThrows(IllegalStateException.class, reader::next);
    assertEquals(
        0,
        Thread.getAllStackTraces().keySet().stream()
            .filter(thread -> thread.getName().equals("subbit-image-loader") && thread.isAlive())
            .count());
  }

  @Test
  void refusesPlacesThatAreNotThere() {
    ImageBatches batches = training(1, 7);
    assertThrows(IllegalArgumentException.class, () -> batches.open(0, 4));
    assertThrows(IllegalArgumentException.class, () -> batches.open(-1, 0));
  }
}
