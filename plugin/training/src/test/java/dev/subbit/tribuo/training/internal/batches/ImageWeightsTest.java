package dev.subbit.tribuo.training.internal.batches;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.subbit.tribuo.data.PixelMap;
import dev.subbit.tribuo.data.StripedImages;
import dev.subbit.tribuo.training.internal.random.RandomPlace;
import dev.subbit.tribuo.training.recipe.Augmentation;
import dev.subbit.tribuo.training.recipe.ClassWeights;
import dev.subbit.tribuo.training.recipe.Mixing;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.tribuo.MutableDataset;
import org.tribuo.classification.Label;

/** How much images count, and what targets mixed ones have. */
class ImageWeightsTest {

  @TempDir private Path folder;
  private MutableDataset<Label> images;

  @BeforeEach
  void drawImages() {
    images = new MutableDataset<>(StripedImages.source(folder, 12, 1));
  }

  private float[] weights(ClassWeights classes) {
    ImageWeights found = ImageWeights.of(images, images.getOutputIDInfo(), classes);
    float[] weights = new float[images.size()];
    for (int i = 0; i < weights.length; i++) {
      Label label = images.getExample(i).getOutput();
      weights[i] = found.of(images.getExample(i), images.getOutputIDInfo().getID(label));
    }
    return weights;
  }

  private int count(String label) {
    return (int)
        images.getData().stream()
            .filter(example -> example.getOutput().getLabel().equals(label))
            .count();
  }

  @Test
  void withoutWeightsAllCountAlike() {
    assertTrue(ImageWeights.of(images, images.getOutputIDInfo(), null).areEven());
    images.forEach(example -> example.setWeight(2.5f));
    assertTrue(ImageWeights.of(images, images.getOutputIDInfo(), null).areEven());
    for (float weight : weights(null)) {
      assertEquals(1, weight);
    }
  }

  @Test
  void weightsOfExamplesAndClassesAreMultipliedAndHaveAMeanOfOne() {
    images.getExample(0).setWeight(3);
    String first = images.getExample(0).getOutput().getLabel();
    float[] weights = weights(new ClassWeights(false, Map.of(first, 2.0)));
    double sum = 2 * (count(first) - 1 + 3) + images.size() - count(first);
    double mean = 0;
    for (int i = 0; i < weights.length; i++) {
      boolean same = images.getExample(i).getOutput().getLabel().equals(first);
      double expected = (same ? 2 : 1) * (i == 0 ? 3 : 1) * images.size() / sum;
      assertEquals(expected, weights[i], 1e-6);
      mean += weights[i] / weights.length;
    }
    assertEquals(1, mean, 1e-6);
  }

  @Test
  void balancedClassesCountTheSameInTotal() {
    MutableDataset<Label> uneven =
        new MutableDataset<>(images.getSourceProvenance(), images.getOutputFactory());
    for (int i = 0; i < images.size(); i++) {
      if (i % 3 == 0 || i < 6) {
        uneven.add(images.getExample(i));
      }
    }
    images = uneven;
    float[] weights = weights(new ClassWeights(true, Map.of()));
    double[] totals = new double[images.getOutputInfo().size()];
    for (int i = 0; i < weights.length; i++) {
      totals[images.getOutputIDInfo().getID(images.getExample(i).getOutput())] += weights[i];
    }
    for (double total : totals) {
      assertEquals((double) images.size() / totals.length, total, 1e-5);
    }
  }

  @Test
  void weightsThatMakeNoSenseAreRefused() {
    assertRefused("classes [fox]", new ClassWeights(false, Map.of("fox", 2.0)));
    images.getExample(3).setWeight(-1);
    assertRefused("Example 3 has the weight -1", null);
    images.getExample(3).setWeight(Float.NaN);
    assertRefused("Example 3 has the weight NaN", null);
    images.forEach(example -> example.setWeight(0));
    assertRefused("nothing to learn from", null);
  }

  private void assertRefused(String part, ClassWeights classes) {
    Exception e =
        assertThrows(
            IllegalArgumentException.class,
            () -> ImageWeights.of(images, images.getOutputIDInfo(), classes));
    assertTrue(e.getMessage().contains(part), e.getMessage());
  }

  @Test
  void aMixedImageHasBothClassesByShareAndWeight() {
    images.getExample(0).setWeight(5);
    ImageWeights weights = ImageWeights.of(images, images.getOutputIDInfo(), null);
    assertFalse(weights.areEven());
    ImageBatches batches =
        ImageBatches.training(
            images,
            new PixelMap(images.getFeatureIDMap(), StripedImages.SHAPE),
            images.getOutputIDInfo(),
            12,
            Augmentation.none(),
            RandomPlace.of(1),
            1);
    float[] plain;
    try (BatchReader reader = batches.with(weights, null).open(0, 0)) {
      ImageBatch batch = reader.next();
      plain = batch.weights().clone();
      Targets targets = batches.with(weights, null).targets(0, 0, batch);
      assertArrayEquals(plain, targets.weights());
      assertArrayEquals(batch.classes(), targets.others());
    }
    ImageBatches mixedBatches = batches.with(weights, new Mixing(1, 0, 1));
    try (BatchReader reader = mixedBatches.open(0, 0)) {
      ImageBatch batch = reader.next();
      float[] before = batch.pixels().floats().clone();
      Targets targets = mixedBatches.targets(0, 0, batch);
      float[] shares = targets.shares(3);
      double total = 0;
      for (int i = 0; i < 12; i++) {
        assertEquals(1, shares[3 * i] + shares[3 * i + 1] + shares[3 * i + 2], 1e-6f);
        total += targets.weights()[i];
        int main = targets.own()[i] >= 0.5f ? targets.classes()[i] : targets.others()[i];
        assertEquals(main, targets.mainClass(i));
      }
      // Blending moves weights between images, and adds none.
      assertEquals(12, total, 1e-4);
      assertFalse(java.util.Arrays.equals(before, batch.pixels().floats()));
    }
  }
}
