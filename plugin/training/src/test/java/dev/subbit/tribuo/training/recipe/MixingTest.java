package dev.subbit.tribuo.training.recipe;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.oracle.labs.mlrg.olcut.config.PropertyException;
import dev.subbit.tribuo.network.ImageShape;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.tribuo.test.Helpers;

class MixingTest {

  private static final ImageShape SHAPE = new ImageShape(2, 6, 10);
  private static final int IMAGES = 5;
  private static final int DRAWS = 400;

  /** Every pixel of image i is i + 1. */
  private static float[] images() {
    float[] pixels = new float[IMAGES * SHAPE.size()];
    for (int i = 0; i < pixels.length; i++) {
      pixels[i] = i / SHAPE.size() + 1;
    }
    return pixels;
  }

  private static void assertPairs(int[] partners) {
    int alone = 0;
    for (int i = 0; i < partners.length; i++) {
      assertEquals(i, partners[partners[i]]);
      alone += partners[i] == i ? 1 : 0;
    }
    assertEquals(1, alone, "of five images one has no partner");
  }

  @Test
  void mixupBlendsPairsByOneShare() {
    for (int seed = 0; seed < DRAWS; seed++) {
      float[] pixels = images();
      Mixing.Mixed mixed = new Mixing(0.4, 0, 1).apply(SHAPE, pixels, new SplittableRandom(seed));
      assertPairs(mixed.partners());
      assertTrue(mixed.own() >= 0 && mixed.own() <= 1);
      for (int i = 0; i < pixels.length; i++) {
        int image = i / SHAPE.size();
        float blended =
            mixed.own() * (image + 1) + (1 - mixed.own()) * (mixed.partners()[image] + 1);
        assertEquals(blended, pixels[i], 1e-5f);
      }
    }
  }

  @Test
  void cutMixExchangesOneRectangleAndCountsItsPixels() {
    double shares = 0;
    for (int seed = 0; seed < DRAWS; seed++) {
      float[] pixels = images();
      Mixing.Mixed mixed = new Mixing(0, 1, 1).apply(SHAPE, pixels, new SplittableRandom(seed));
      assertPairs(mixed.partners());
      for (int image = 0; image < IMAGES; image++) {
        int own = 0;
        for (int i = 0; i < SHAPE.size(); i++) {
          float pixel = pixels[image * SHAPE.size() + i];
          assertTrue(pixel == image + 1 || pixel == mixed.partners()[image] + 1);
          own += pixel == image + 1 ? 1 : 0;
          // The same rectangle in every image and channel.
          boolean here = pixel == image + 1 || mixed.partners()[image] == image;
          float first = pixels[mixed.partners()[0] == 0 ? SHAPE.size() + i : i];
          boolean there = first == (mixed.partners()[0] == 0 ? 2 : 1);
          assertTrue(mixed.partners()[image] == image || here == there);
        }
        float expected = mixed.partners()[image] == image ? 1 : mixed.own();
        assertEquals(expected, own / (float) SHAPE.size(), 1e-6f);
      }
      shares += mixed.own();
    }
    // Half of the area would stay if no rectangle left the image.
    assertTrue(shares / DRAWS > 0.5 && shares / DRAWS < 0.8, "mean share " + shares / DRAWS);
  }

  /** The variance of Beta(a, a) is 1 / (4 (2 a + 1)). */
  @ParameterizedTest
  @ValueSource(doubles = {0.01, 0.2, 1})
  void theShareHasTheDistributionOfAlpha(double alpha) {
    Mixing mixing = new Mixing(alpha, 0, 1);
    int draws = 40 * DRAWS;
    double sum = 0;
    double squares = 0;
    SplittableRandom rng = new SplittableRandom(7);
    for (int i = 0; i < draws; i++) {
      double own = mixing.apply(new ImageShape(1, 1, 1), new float[2], rng).own();
      sum += own;
      squares += (own - 0.5) * (own - 0.5);
    }
    assertEquals(0.5, sum / draws, 0.02);
    assertEquals(1 / (4 * (2 * alpha + 1)), squares / draws, 0.01);
  }

  @Test
  void theShareOfMixedBatchesAndTheChoiceBetweenBothAreAsSet() {
    int mixed = 0;
    int blended = 0;
    for (int seed = 0; seed < DRAWS; seed++) {
      float[] pixels = images();
      new Mixing(1, 1, 0.5).apply(SHAPE, pixels, new SplittableRandom(seed));
      float[] before = images();
      boolean changed = !java.util.Arrays.equals(before, pixels);
      mixed += changed ? 1 : 0;
      for (float pixel : pixels) {
        if (pixel != Math.rint(pixel)) {
          blended++;
          break;
        }
      }
    }
    assertTrue(mixed > 150 && mixed < 230, mixed + " of " + DRAWS);
    assertTrue(blended > 70 && blended < 130, blended + " of " + DRAWS);
  }

  @Test
  void theSameNumbersGiveTheSameBatch() {
    float[] first = images();
    float[] second = images();
    float[] other = images();
    new Mixing(0.2, 1, 1).apply(SHAPE, first, new SplittableRandom(1));
    new Mixing(0.2, 1, 1).apply(SHAPE, second, new SplittableRandom(1));
    new Mixing(0.2, 1, 1).apply(SHAPE, other, new SplittableRandom(2));
    assertArrayEquals(first, second);
    assertNotEquals(java.util.Arrays.hashCode(first), java.util.Arrays.hashCode(other));
  }

  @Test
  void isAComponentThatChecksItsFields() {
    Helpers.testConfigurableRoundtrip(new Mixing(0.2, 1, 0.5));
    Helpers.testProvenanceMarshalling(new Mixing(0.2, 1, 0.5).getProvenance());
    assertThrows(PropertyException.class, () -> new Mixing(0, 0, 1));
    assertThrows(PropertyException.class, () -> new Mixing(2, 0, 1));
    assertThrows(PropertyException.class, () -> new Mixing(0, -1, 1));
    assertThrows(PropertyException.class, () -> new Mixing(1, 0, 0));
  }
}
