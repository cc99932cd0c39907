package dev.subbit.tribuo.training.internal.batches;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.subbit.tribuo.data.ImageDataset;
import dev.subbit.tribuo.data.ImageFolderSource;
import dev.subbit.tribuo.data.Pictures;
import dev.subbit.tribuo.data.PixelMap;
import dev.subbit.tribuo.network.ImageShape;
import dev.subbit.tribuo.training.internal.random.RandomPlace;
import dev.subbit.tribuo.training.recipe.Augmentation;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.tribuo.Dataset;
import org.tribuo.classification.Label;
import org.tribuo.dataset.DatasetView;

/** Batches of pictures that stay in their files until a batch needs them. */
class PicturesInBatchesTest {

  private static final ImageShape RGB = new ImageShape(3, 8, 8);

  @TempDir private Path folder;

  /** A picture of three squares side by side, red, green and blue. */
  private void flag() throws IOException {
    BufferedImage image = new BufferedImage(24, 8, BufferedImage.TYPE_INT_RGB);
    for (int i = 0; i < 24 * 8; i++) {
      image.setRGB(i % 24, i / 24, 0xFF0000 >> 8 * (i % 24 / 8));
    }
    Pictures.write(folder.resolve("flags/flag.png"), image);
  }

  @Test
  void aResizedCropTakesOtherPartsOfThePicture() throws IOException {
    flag();
    Pictures.write(folder.resolve("other/other.png"), 8, 8, 0);
    ImageDataset dataset = new ImageDataset(new ImageFolderSource(folder, RGB, 0));
    PixelMap pixels = new PixelMap(dataset.getFeatureIDMap(), RGB);
    Set<Boolean> red = new HashSet<>();
    ImageBatches batches =
        ImageBatches.training(
            dataset,
            pixels,
            dataset.getOutputIDInfo(),
            1,
            Augmentation.none().withResizedCrop(0.1, 1.3),
            RandomPlace.of(1),
            1);
    for (int epoch = 0; epoch < 30; epoch++) {
      ImageBatch target = new ImageBatch(Pixels.of(new byte[192]), new int[1], new float[1]);
      batches.load(epoch, 0, target, 0);
      red.add(target.pixels().floats()[0] > 200);
    }
    // The middle of the flag is green; its left third can only come from the picture itself.
    assertEquals(Set.of(true, false), red);
  }

  @Test
  void aDamagedFileIsNamedAtTheStep() throws IOException {
    Pictures.folder(folder, 4);
    Path damaged = Files.write(folder.resolve("dark/image_2.JPEG"), new byte[] {1, 2, 3});
    ImageDataset dataset = new ImageDataset(new ImageFolderSource(folder, RGB, 0));
    PixelMap pixels = new PixelMap(dataset.getFeatureIDMap(), RGB);
    ImageBatches batches =
        ImageBatches.evaluation(dataset, pixels, dataset.getOutputIDInfo(), 4, 2);
    try (BatchReader reader = batches.open(0, 0)) {
      int bright = dataset.getOutputIDInfo().getID(new Label("bright"));
      assertArrayEquals(new int[] {bright, bright, bright, bright}, reader.next().classes());
      UncheckedIOException e = assertThrows(UncheckedIOException.class, reader::next);
      assertTrue(e.getMessage().startsWith(damaged.toString()), e.getMessage());
      assertTrue(e.getMessage().contains("neither PNG nor JPEG"), e.getMessage());
    }
  }

  @Test
  void aBatchThatNoArrayHoldsIsRefusedByName() throws IOException {
    ImageShape large = new ImageShape(1, 1024, 1024);
    Pictures.folder(folder, 1);
    ImageDataset two = new ImageDataset(new ImageFolderSource(folder, large, 0));
    Dataset<Label> many =
        new DatasetView<>(
            two, new int[3000], two.getFeatureIDMap(), two.getOutputIDInfo(), "one 3,000 times");
    PixelMap pixels = new PixelMap(two.getFeatureIDMap(), large);
    IllegalArgumentException e =
        assertThrows(
            IllegalArgumentException.class,
            () -> ImageBatches.evaluation(many, pixels, two.getOutputIDInfo(), 3000, 1));
    assertTrue(e.getMessage().contains("set batchSize to at most 2047"), e.getMessage());
  }
}
