package dev.subbit.tribuo.data;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.awt.Rectangle;
import java.util.Arrays;
import org.junit.jupiter.api.Test;

class ResamplingTest {

  private static float[] resample(float[] image, int width, Region region, int w, int h) {
    float[] result = new float[w * h];
    Arrays.fill(result, Float.NaN);
    Resampling scaling = new Resampling(width, image.length / width, region, w, h);
    int left = scaling.source().x;
    scaling.apply(
        1,
        (channel, row, values) ->
            System.arraycopy(image, row * width + left, values, 0, values.length),
        (position, values) -> System.arraycopy(values, 0, result, position, w));
    return result;
  }

  private static void assertClose(float[] expected, float[] actual) {
    assertEquals(expected.length, actual.length);
    for (int i = 0; i < expected.length; i++) {
      assertEquals(expected[i], actual[i], 1e-4, "value " + i + " of " + Arrays.toString(actual));
    }
  }

  @Test
  void theWholePictureAtItsOwnSizeIsItself() {
    float[] image = {1, 2, 3, 4, 5, 6};
    assertClose(image, resample(image, 3, new Region(0, 0, 3, 2), 3, 2));
  }

  @Test
  void aRegionOfWholePixelsAtItsOwnSizeIsACopy() {
    float[] image = {1, 2, 3, 4, 5, 6, 7, 8, 9};
    assertClose(new float[] {5, 6, 8, 9}, resample(image, 3, new Region(1, 1, 2, 2), 2, 2));
  }

  /** Where a picture grows, values between pixel centres lie on the line between them. */
  @Test
  void growingInterpolates() {
    assertClose(
        new float[] {10, 12.5f, 17.5f, 20},
        resample(new float[] {10, 20}, 2, new Region(0, 0, 2, 1), 4, 1));
  }

  /**
   * Where it shrinks by 2, the four pixels around a centre count 1, 3, 3, 1; at the border those
   * that are there. Pillow 13's Image.resize(BILINEAR) gives the same for this row.
   */
  @Test
  void shrinkingCountsEveryPixel() {
    float[] row = {0, 80, 160, 40, 0, 240, 80, 0};
    assertClose(
        new float[] {
          (3 * 0 + 3 * 80 + 160) / 7f,
          (80 + 3 * 160 + 3 * 40) / 8f,
          (40 + 3 * 0 + 3 * 240 + 80) / 8f,
          (240 + 3 * 80 + 3 * 0) / 7f
        },
        resample(row, 8, new Region(0, 0, 8, 1), 4, 1));
  }

  @Test
  void takesTheRegionAndItsSurroundingsOnly() {
    assertEquals(
        new Rectangle(9, 19, 7, 12),
        new Resampling(100, 200, new Region(10, 20, 5, 10), 8, 30).source());
    assertEquals(
        new Rectangle(0, 193, 3, 7),
        new Resampling(100, 200, new Region(0, 194, 2, 6), 2, 2).source());
  }

  @Test
  void aFlatPictureStaysFlatWhateverTheRegion() {
    float[] image = new float[7 * 5];
    Arrays.fill(image, 42);
    for (double left = 0; left < 6; left += 0.7) {
      float[] result = resample(image, 7, new Region(left, 0.3, 7 - left, 1.9), 3, 11);
      float[] expected = new float[33];
      Arrays.fill(expected, 42);
      assertClose(expected, result);
    }
  }
}
