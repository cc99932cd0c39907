package dev.subbit.tribuo.quantizer.input;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.onnxruntime.OnnxJavaType;
import dev.subbit.tribuo.network.ImageShape;
import dev.subbit.tribuo.quantizer.graph.ModelInput;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** How pictures become a model's input. */
class PixelSamplesTest {

  private static final long[] AS_THE_MODEL_SAYS = {};
  private static final PixelSamples PLAIN = new PixelSamples(1, new float[] {0}, new float[] {1});

  private static ModelInput input(long... shape) {
    return new ModelInput("x", OnnxJavaType.FLOAT, shape);
  }

  /** Pixel p of image i is 10 i + p. */
  private static byte[] image(int number, ImageShape shape) {
    byte[] pixels = new byte[shape.size()];
    for (int p = 0; p < pixels.length; p++) {
      pixels[p] = (byte) (10 * number + p);
    }
    return pixels;
  }

  private static float[] values(PixelSamples pixels, ModelInput input, int count)
      throws IOException {
    Samples samples =
        pixels.of(
            input,
            AS_THE_MODEL_SAYS,
            count,
            PixelSamplesTest::image,
            "pictures",
            new ImageShape(1, 2, 3));
    float[] values = new float[samples.data().remaining() / Float.BYTES];
    samples.data().asFloatBuffer().get(values);
    return values;
  }

  private static void assertRefused(ModelInput input, String... parts) {
    String message =
        assertThrows(
                IllegalArgumentException.class,
                () -> PixelSamples.shapeOf(input, AS_THE_MODEL_SAYS))
            .getMessage();
    for (String part : parts) {
      assertTrue(message.contains(part), message);
    }
  }

  @Test
  void channelsAreFirstOrLastAsTheModelHasThem() {
    assertEquals(
        new ImageShape(3, 20, 30), PixelSamples.shapeOf(input(-1, 3, 20, 30), AS_THE_MODEL_SAYS));
    assertEquals(
        new ImageShape(3, 20, 30), PixelSamples.shapeOf(input(-1, 20, 30, 3), AS_THE_MODEL_SAYS));
    assertEquals(
        new ImageShape(1, 20, 30), PixelSamples.shapeOf(input(-1, 20, 30, 1), AS_THE_MODEL_SAYS));
    assertEquals(
        new ImageShape(3, 8, 9), PixelSamples.shapeOf(input(-1, 3, -1, -1), new long[] {3, 8, 9}));
  }

  @Test
  void aRowOfFeaturesHasNoShapeOfItsOwn() {
    assertNull(PixelSamples.shapeOf(input(-1, 784), AS_THE_MODEL_SAYS));
  }

  @Test
  void inputsThatTakeNoImagesAreRefused() {
    assertRefused(
        new ModelInput("x", OnnxJavaType.INT64, new long[] {-1, 3, 8, 8}),
        "'x' takes INT64",
        "--inputs");
    assertRefused(input(-1, 4, 8), "[?, 4, 8], no image");
    assertRefused(input(-1, 4, 8, 8), "images have 1 or 3 channels");
    assertRefused(input(-1, 3, -1, -1), "--shape");
  }

  @Test
  void channelsFirstAreLaidOutAsTheyCome() throws IOException {
    float[] values = values(PLAIN, input(-1, 3, 1, 2), 2);
    assertArrayEquals(new float[] {0, 1, 2, 3, 4, 5, 10, 11, 12, 13, 14, 15}, values);
  }

  @Test
  void channelsLastAreInterleaved() throws IOException {
    // Pixels 0 1 are the first channel, 2 3 the second, 4 5 the third.
    float[] values = values(PLAIN, input(-1, 2, 1, 3), 2);
    assertArrayEquals(new float[] {0, 2, 4, 1, 3, 5, 10, 12, 14, 11, 13, 15}, values);
  }

  @Test
  void eachChannelHasItsMeanAndDeviation() throws IOException {
    PixelSamples each = new PixelSamples(0.5f, new float[] {1, 2, 3}, new float[] {1, 2, 0.5f});
    float[] expected = {-1, -0.5f, -0.5f, -0.25f, -2, -1};
    assertArrayEquals(expected, values(each, input(-1, 3, 1, 2), 1));
    float[] last = {-1, -0.5f, -2, -0.5f, -0.25f, -1};
    assertArrayEquals(last, values(each, input(-1, 2, 1, 3), 1));
  }

  @Test
  void pixelsAreUnsigned() throws IOException {
    float[] values = values(PLAIN, input(-1, 3, 1, 2), 26);
    assertEquals(250, values[25 * 6]);
    assertEquals(255, values[25 * 6 + 5]);
  }

  @Test
  void theUsualScaleIsOneToTheWhitestImageButNotInRowsOfFeatures() throws IOException {
    PixelSamples usual = new PixelSamples(0, new float[] {0}, new float[] {1});
    assertEquals(5 / 255f, values(usual, input(-1, 3, 1, 2), 1)[5], 1e-9f);
    assertEquals(5, values(usual, input(-1, 6), 1)[5]);
  }

  @Test
  void rowsOfFeaturesAreAskedForInTheShapeOfTheData() throws IOException {
    ImageShape features = new ImageShape(1, 2, 3);
    List<ImageShape> asked = new ArrayList<>();
    Samples samples =
        PLAIN.of(
            input(-1, -1),
            AS_THE_MODEL_SAYS,
            4,
            (number, shape) -> {
              asked.add(shape);
              return image(number, shape);
            },
            "pictures",
            features);
    assertArrayEquals(new long[] {4, 6}, samples.shape());
    assertEquals("pictures", samples.source());
    assertEquals(4, asked.size());
    assertSame(features, asked.get(0));
  }

  @Test
  void imagesThatCannotBeReadEndIt() {
    IOException broken = new IOException("image 1 is broken");
    PixelSamples.Images images =
        (number, shape) -> {
          if (number == 1) {
            throw broken;
          }
          return image(number, shape);
        };
    assertSame(
        broken,
        assertThrows(
            IOException.class,
            () -> PLAIN.of(input(-1, 1, 2, 3), AS_THE_MODEL_SAYS, 2, images, "pictures", null)));
  }

  @Test
  void bytesTakeThePixelsAsTheyAre() throws IOException {
    ModelInput bytes = new ModelInput("x", OnnxJavaType.UINT8, new long[] {-1, 2, 1, 3});
    PixelSamples usual = new PixelSamples(0, new float[] {0}, new float[] {1});
    Samples samples =
        usual.of(bytes, AS_THE_MODEL_SAYS, 26, PixelSamplesTest::image, "pictures", null);
    assertEquals(OnnxJavaType.UINT8, samples.type());
    assertEquals((byte) 253, samples.data().get(25 * 6 + 4), "channel 1 of pixel 1");
    String message =
        assertThrows(
                IllegalArgumentException.class,
                () ->
                    PLAIN.of(
                        bytes, AS_THE_MODEL_SAYS, 1, PixelSamplesTest::image, "pictures", null))
            .getMessage();
    assertTrue(message.contains("leave --scale"), message);
  }

  @Test
  void anInputForOneImageTakesOneFromEachSample() throws IOException {
    assertEquals(
        new ImageShape(3, 20, 30), PixelSamples.shapeOf(input(3, 20, 30), AS_THE_MODEL_SAYS));
    Samples samples =
        PLAIN.of(input(2, 3, 1), AS_THE_MODEL_SAYS, 4, PixelSamplesTest::image, "pictures", null);
    assertArrayEquals(new long[] {4, 2, 3, 1}, samples.shape());
  }

  @Test
  void anInputOfAnyShapeTakesTheShapeOfTheUser() {
    ModelInput any = new ModelInput("x", OnnxJavaType.FLOAT, null);
    assertEquals(new ImageShape(3, 8, 9), PixelSamples.shapeOf(any, new long[] {3, 8, 9}));
    assertRefused(any, "--shape");
  }
}
