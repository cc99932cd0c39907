package dev.subbit.tribuo.quantizer.fit;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.subbit.onnx.ConvAttributes;
import java.util.List;
import org.junit.jupiter.api.Test;

class PatchSamplerTest {

  private static final int ALL = 1000;

  private static float[] upTo(int count) {
    float[] values = new float[count];
    for (int i = 0; i < count; i++) {
      values[i] = i;
    }
    return values;
  }

  private static void assertMeans(PatchMoments moments, int firstTap, double... means) {
    for (int t = 0; t < means.length; t++) {
      assertEquals(means[t], moments.patchMean(firstTap + t), 1e-6, "tap " + t);
    }
  }

  @Test
  void aPatchIsWhatTheKernelSees() {
    PatchSampler sampler = new PatchSampler(1, 2, ConvAttributes.of(1, 0), 1);
    sampler.add(upTo(18), 3, 3, new float[] {7}, ALL);
    PatchMoments moments = sampler.moments().get(0).get(0);
    assertEquals(1, moments.count());
    assertMeans(moments, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17);
    assertEquals(7, moments.outputMean(0));
  }

  @Test
  void thePaddingIsZero() {
    PatchSampler sampler = new PatchSampler(1, 1, ConvAttributes.of(1, 1), 1);
    // Each of the four pixels is seen by each of the four outputs, through another tap.
    sampler.add(new float[] {4, 8, 12, 16}, 2, 2, new float[] {1, 2, 3, 4}, ALL);
    PatchMoments moments = sampler.moments().get(0).get(0);
    assertEquals(4, moments.count());
    assertMeans(moments, 0, 1, 1 + 2, 2, 1 + 3, 1 + 2 + 3 + 4, 2 + 4, 3, 3 + 4, 4);
    assertEquals(2.5, moments.outputMean(0));
    assertEquals(1.25, moments.outputVariance(0));
  }

  @Test
  void unevenPaddingShiftsThePatch() {
    PatchSampler sampler = new PatchSampler(1, 1, new ConvAttributes(1, 1, 2, 1, 0, 0, 1, 1, 1), 1);
    sampler.add(new float[] {4, 8}, 1, 2, new float[] {0}, ALL);
    assertMeans(sampler.moments().get(0).get(0), 0, 0, 0, 0, 0, 0, 0, 0, 4, 8);
  }

  @Test
  void strideAndDilationSpreadThePatches() {
    ConvAttributes geometry = new ConvAttributes(2, 1, 0, 0, 0, 0, 2, 1, 1);
    PatchSampler sampler = new PatchSampler(1, 1, geometry, 1);
    // Rows 0, 2, 4 and then 2, 4, 6 of seven, all three columns.
    sampler.add(upTo(21), 7, 3, new float[2], ALL);
    assertMeans(sampler.moments().get(0).get(0), 0, 3, 4, 5, 9, 10, 11, 15, 16, 17);
  }

  @Test
  void everyGroupSeesItsOwnChannels() {
    ConvAttributes geometry = new ConvAttributes(1, 1, 0, 0, 0, 0, 1, 1, 2);
    PatchSampler sampler = new PatchSampler(4, 1, geometry, 1);
    sampler.add(upTo(18), 3, 3, new float[] {10, 11, 12, 13}, ALL);
    List<List<PatchMoments>> moments = sampler.moments();
    assertEquals(2, moments.size());
    assertMeans(moments.get(0).get(0), 0, 0, 1, 2, 3, 4, 5, 6, 7, 8);
    assertMeans(moments.get(1).get(0), 0, 9, 10, 11, 12, 13, 14, 15, 16, 17);
    assertEquals(11, moments.get(0).get(0).outputMean(1));
    assertEquals(12, moments.get(1).get(0).outputMean(0));
  }

  @Test
  void allImagesOfABatchAreLookedAt() {
    PatchSampler sampler = new PatchSampler(2, 1, ConvAttributes.of(1, 0), 1);
    sampler.add(upTo(27), 3, 3, upTo(6), ALL);
    PatchMoments moments = sampler.moments().get(0).get(0);
    assertEquals(3, moments.count());
    assertMeans(moments, 0, 9, 10, 11);
    assertEquals(2, moments.outputMean(0), "outputs 0, 2 and 4");
    assertEquals(3, moments.outputMean(1), "outputs 1, 3 and 5");
  }

  @Test
  void fewerPatchesThanPixelsAreDrawnFromAllOverTheBatch() {
    // The output at a pixel is its number, so that a mean tells where patches come from.
    float[] wanted = upTo(10_000);
    PatchSampler sampler = new PatchSampler(1, 1, ConvAttributes.of(1, 1), 1);
    sampler.add(new float[10_000], 100, 100, wanted, 500);
    PatchMoments moments = sampler.moments().get(0).get(0);
    assertEquals(500, moments.count());
    // One in each stretch of 20: the mean is off by 20 / sqrt(12 * 500) at one deviation.
    assertEquals(4999.5, moments.outputMean(0), 1.5);
    assertEquals(1e8 / 12, moments.outputVariance(0), 1e4);
  }

  @Test
  void thePlacesDependOnTheSeedAlone() {
    double[] means = new double[3];
    for (int i = 0; i < 3; i++) {
      PatchSampler sampler = new PatchSampler(1, 1, ConvAttributes.of(1, 1), i == 2 ? 6 : 5);
      sampler.add(new float[10_000], 100, 100, upTo(10_000), 50);
      means[i] = sampler.moments().get(0).get(0).outputMean(0);
    }
    assertEquals(means[0], means[1]);
    assertNotEquals(means[0], means[2]);
  }

  @Test
  void morePatchesThanAreLaidOutAtOnceAreAllAdded() {
    PatchSampler sampler = new PatchSampler(1, 1, ConvAttributes.of(1, 1), 1);
    sampler.add(new float[10_000], 100, 100, upTo(10_000), 10_000);
    PatchMoments moments = sampler.moments().get(0).get(0);
    assertEquals(10_000, moments.count());
    assertEquals(4999.5, moments.outputMean(0), 1e-3);
  }

  @Test
  void veryWideLayersAreSplitIntoBlocksOfAboutOneSize() {
    List<PatchMoments> blocks =
        new PatchSampler(1, PatchSampler.MAX_BLOCK_CHANNELS + 1, ConvAttributes.of(1, 1), 1)
            .moments()
            .get(0);
    assertArrayEquals(
        new int[] {512 * 9, 513 * 9}, blocks.stream().mapToInt(PatchMoments::columns).toArray());
  }

  @Test
  void outputsOfAnotherSizeAreRefused() {
    PatchSampler sampler = new PatchSampler(1, 1, ConvAttributes.of(1, 1), 1);
    String message =
        assertThrows(
                IllegalArgumentException.class,
                () -> sampler.add(new float[12], 3, 4, new float[11], ALL))
            .getMessage();
    assertTrue(message.contains("3 x 4 should give 12 outputs, found 11"), message);
  }
}
