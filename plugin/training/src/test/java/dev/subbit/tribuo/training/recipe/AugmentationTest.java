package dev.subbit.tribuo.training.recipe;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.oracle.labs.mlrg.olcut.config.PropertyException;
import dev.subbit.tribuo.data.Region;
import dev.subbit.tribuo.network.ImageShape;
import java.util.Arrays;
import java.util.SplittableRandom;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;
import org.tribuo.test.Helpers;

class AugmentationTest {

  private static final ImageShape RGB = new ImageShape(3, 8, 10);
  private static final int DRAWS = 200;

  private static float[] image(long seed) {
    SplittableRandom rng = new SplittableRandom(seed);
    float[] pixels = new float[RGB.size()];
    for (int i = 0; i < pixels.length; i++) {
      pixels[i] = 60 + rng.nextInt(100);
    }
    return pixels;
  }

  private static float[] changed(Augmentation augmentation, float[] image, long seed) {
    float[] pixels = image.clone();
    augmentation.apply(RGB, pixels, 0, new SplittableRandom(seed));
    return pixels;
  }

  private static float pixel(float[] image, int channel, int y, int x) {
    return image[(channel * RGB.height() + y) * RGB.width() + x];
  }

  @Test
  void noneChangesNothing() {
    for (int seed = 0; seed < DRAWS; seed++) {
      assertArrayEquals(image(1), changed(Augmentation.none(), image(1), seed));
    }
  }

  @Test
  void bytesChangeAsFloatsDo() {
    byte[] bytes = new byte[2 * RGB.size()];
    float[] floats = new float[bytes.length];
    for (Augmentation augmentation :
        java.util.List.of(
            new Augmentation(true, 0),
            new Augmentation(false, 5),
            new Augmentation(true, 2).withErasing(0.7, 0.05, 0.4))) {
      for (int seed = 0; seed < DRAWS; seed++) {
        new java.util.Random(seed).nextBytes(bytes);
        for (int i = 0; i < bytes.length; i++) {
          floats[i] = bytes[i] & 0xFF;
        }
        augmentation.apply(RGB, bytes, RGB.size(), new SplittableRandom(seed));
        augmentation.apply(RGB, floats, RGB.size(), new SplittableRandom(seed));
        for (int i = 0; i < bytes.length; i++) {
          assertEquals(floats[i], bytes[i] & 0xFF, augmentation + ", value " + i);
        }
      }
    }
    Augmentation colours = Augmentation.none().withColors(0.4, 0, 0);
    assertThrows(
        IllegalStateException.class, () -> colours.apply(RGB, bytes, 0, new SplittableRandom(1)));
  }

  @Test
  void aFlipMirrorsHalfOfTheImages() {
    float[] image = image(1);
    int mirrored = 0;
    for (int seed = 0; seed < DRAWS; seed++) {
      float[] flipped = changed(new Augmentation(true, 0), image, seed);
      if (!Arrays.equals(image, flipped)) {
        mirrored++;
        for (int x = 0; x < RGB.width(); x++) {
          assertEquals(pixel(image, 2, 5, x), pixel(flipped, 2, 5, RGB.width() - 1 - x));
        }
      }
    }
    assertTrue(mirrored > 70 && mirrored < 130, mirrored + " of " + DRAWS);
  }

  @Test
  void aShiftIsACropOfThePaddedImage() {
    float[] image = image(1);
    boolean[][] seen = new boolean[5][5];
    for (int seed = 0; seed < DRAWS; seed++) {
      float[] shifted = changed(new Augmentation(false, 2), image, seed);
      int fits = 0;
      for (int down = -2; down <= 2; down++) {
        for (int right = -2; right <= 2; right++) {
          if (isShift(image, shifted, down, right)) {
            seen[down + 2][right + 2] = true;
            fits++;
          }
        }
      }
      assertEquals(1, fits);
    }
    for (boolean[] row : seen) {
      assertArrayEquals(new boolean[] {true, true, true, true, true}, row);
    }
  }

  private static boolean isShift(float[] image, float[] shifted, int down, int right) {
    for (int y = 0; y < RGB.height(); y++) {
      for (int x = 0; x < RGB.width(); x++) {
        boolean inside =
            y - down >= 0 && y - down < RGB.height() && x - right >= 0 && x - right < RGB.width();
        float expected = inside ? pixel(image, 1, y - down, x - right) : 0;
        if (expected != pixel(shifted, 1, y, x)) {
          return false;
        }
      }
    }
    return true;
  }

  @Test
  void brightnessScalesAllValuesAlike() {
    Augmentation augmentation = Augmentation.none().withColors(0.4, 0, 0);
    float[] image = image(1);
    float least = 2;
    float most = 0;
    for (int seed = 0; seed < DRAWS; seed++) {
      float[] scaled = changed(augmentation, image, seed);
      float factor = scaled[0] / image[0];
      least = Math.min(least, factor);
      most = Math.max(most, factor);
      for (int i = 0; i < image.length; i++) {
        assertEquals(Math.min(255, factor * image[i]), scaled[i], 0.01);
      }
    }
    assertTrue(least >= 0.6 && least < 0.65 && most > 1.35 && most <= 1.4, least + " to " + most);
  }

  @Test
  void contrastKeepsTheMeanAndSaturationKeepsTheGreyOfAPixel() {
    float[] image = image(1);
    for (int seed = 0; seed < DRAWS; seed++) {
      float[] contrast = changed(Augmentation.none().withColors(0, 0.3, 0), image, seed);
      double before = 0;
      double after = 0;
      for (int y = 0; y < RGB.height(); y++) {
        for (int x = 0; x < RGB.width(); x++) {
          before += grey(image, y, x);
          after += grey(contrast, y, x);
        }
      }
      assertEquals(before, after, 0.1);
      float[] saturation = changed(Augmentation.none().withColors(0, 0, 0.5), image, seed);
      assertEquals(grey(image, 3, 4), grey(saturation, 3, 4), 0.01);
    }
  }

  private static double grey(float[] image, int y, int x) {
    return 0.299 * pixel(image, 0, y, x)
        + 0.587 * pixel(image, 1, y, x)
        + 0.114 * pixel(image, 2, y, x);
  }

  @Test
  void everyChangeKeepsValuesWithinAByte() {
    Augmentation all = new Augmentation(true, 2).withColors(1, 1, 1).withErasing(0.5, 0.1, 0.5);
    for (int seed = 0; seed < DRAWS; seed++) {
      for (float value : changed(all, image(seed), seed)) {
        assertTrue(value >= 0 && value <= 255, "value " + value);
      }
    }
  }

  @Test
  void erasingTouchesOneRectangleOfTheWantedShareOfImages() {
    Augmentation augmentation = Augmentation.none().withErasing(0.5, 0.1, 0.2);
    float[] image = new float[RGB.size()];
    Arrays.fill(image, 300);
    int erased = 0;
    for (int seed = 0; seed < DRAWS; seed++) {
      float[] result = changed(augmentation, image, seed);
      int count = 0;
      int left = RGB.width();
      int right = 0;
      int top = RGB.height();
      int bottom = 0;
      for (int y = 0; y < RGB.height(); y++) {
        for (int x = 0; x < RGB.width(); x++) {
          if (pixel(result, 0, y, x) != 300) {
            count++;
            left = Math.min(left, x);
            right = Math.max(right, x + 1);
            top = Math.min(top, y);
            bottom = Math.max(bottom, y + 1);
          }
        }
      }
      if (count > 0) {
        erased++;
        assertEquals((right - left) * (bottom - top), count);
        assertTrue(count >= 4 && count <= 24, count + " of 80 pixels");
      }
    }
    assertTrue(erased > 70 && erased < 130, erased + " of " + DRAWS);
  }

  @Test
  void aCropIsAPartOfThePictureOfTheWantedAreaAndAspect() {
    Augmentation augmentation = Augmentation.none().withResizedCrop(0.1, 1.5);
    ImageShape square = new ImageShape(3, 4, 4);
    double smallest = 1;
    double largest = 0;
    for (int seed = 0; seed < DRAWS; seed++) {
      Region region = augmentation.crop(square, new SplittableRandom(seed)).of(60, 40);
      assertTrue(region.left() >= 0 && region.left() + region.width() <= 60 + 1e-9);
      assertTrue(region.top() >= 0 && region.top() + region.height() <= 40 + 1e-9);
      double aspect = region.width() / region.height();
      assertTrue(aspect > 1 / 1.5 - 1e-9 && aspect < 1.5 + 1e-9, "aspect " + aspect);
      double share = region.width() * region.height() / 2400;
      assertTrue(share > 0.1 - 1e-9, "share " + share);
      smallest = Math.min(smallest, share);
      largest = Math.max(largest, share);
    }
    assertTrue(smallest < 0.15 && largest > 0.6, smallest + " to " + largest);
  }

  @Test
  void aPictureThatNoDrawnCropFitsGivesItsMiddle() {
    Region region =
        Augmentation.none()
            .withResizedCrop(1 - 1e-9, 1)
            .crop(new ImageShape(3, 4, 4), new SplittableRandom(1))
            .of(1000, 10);
    assertEquals(new Region(495, 0, 10, 10), region);
  }

  @Test
  void refusesValuesAndNamesTheField() {
    assertRefused("maxShift is -1", () -> new Augmentation(true, -1));
    assertRefused("cropArea is 0.0", () -> Augmentation.none().withResizedCrop(0, 1));
    assertRefused("cropAspect is 0.5", () -> Augmentation.none().withResizedCrop(0.5, 0.5));
    assertRefused("cropAspect is NaN", () -> Augmentation.none().withResizedCrop(0.5, Double.NaN));
    assertRefused("brightness is 1.5", () -> Augmentation.none().withColors(1.5, 0, 0));
    assertRefused("contrast is -0.1", () -> Augmentation.none().withColors(0, -0.1, 0));
    assertRefused("saturation is 2.0", () -> Augmentation.none().withColors(0, 0, 2));
    assertRefused("eraseProbability is 2.0", () -> Augmentation.none().withErasing(2, 0.1, 0.2));
    assertRefused("eraseMinArea is 0.3", () -> Augmentation.none().withErasing(1, 0.3, 0.2));
    assertRefused("eraseMaxArea is 1.0", () -> Augmentation.none().withErasing(1, 0.3, 1));
    assertRefused("maxShift is 8", () -> new Augmentation(true, 8).requireFits(RGB));
    Supplier<Augmentation> colours = () -> Augmentation.none().withColors(0, 0, 0.1);
    colours.get().requireFits(RGB);
    assertRefused("saturation", () -> colours.get().requireFits(new ImageShape(1, 8, 8)));
  }

  private static void assertRefused(String message, Executable action) {
    PropertyException e = assertThrows(PropertyException.class, action);
    assertTrue(e.getMessage().contains(message), e.getMessage());
    assertTrue(e.getMessage().contains("allowed"), e.getMessage());
  }

  @Test
  void keepsItsConfiguration() {
    Augmentation augmentation =
        new Augmentation(true, 3)
            .withResizedCrop(0.08, 1.4)
            .withColors(0.1, 0.2, 0.3)
            .withErasing(0.25, 0.05, 0.3);
    Helpers.testProvenanceMarshalling(augmentation.getProvenance());
    Helpers.testConfigurableRoundtrip(augmentation);
  }

  @Test
  void lightingShiftsEveryColourByOneStepAlongTheComponents() {
    float[] image = image(1);
    double[] squares = new double[3];
    int draws = 20 * DRAWS;
    for (int seed = 0; seed < draws; seed++) {
      float[] lit = changed(Augmentation.none().withLighting(0.1), image, seed);
      for (int channel = 0; channel < 3; channel++) {
        float step = pixel(lit, channel, 0, 0) - pixel(image, channel, 0, 0);
        squares[channel] += (double) step * step;
        assertEquals(step, pixel(lit, channel, 7, 9) - pixel(image, channel, 7, 9), 1e-4f);
      }
    }
    // 255 * 0.1 * sqrt(sum (component * deviation)^2) of red, green and blue.
    double[] expected = {3.166, 3.223, 3.255};
    for (int channel = 0; channel < 3; channel++) {
      assertEquals(expected[channel], Math.sqrt(squares[channel] / draws), 0.12);
    }
  }

  @Test
  void lightingIsForColours() {
    Augmentation lit = Augmentation.none().withLighting(0.1);
    Helpers.testConfigurableRoundtrip(lit);
    PropertyException e =
        assertThrows(PropertyException.class, () -> lit.requireFits(new ImageShape(1, 8, 8)));
    assertTrue(e.getMessage().contains("lighting is 0.1"), e.getMessage());
    assertThrows(PropertyException.class, () -> Augmentation.none().withLighting(2));
  }
}
