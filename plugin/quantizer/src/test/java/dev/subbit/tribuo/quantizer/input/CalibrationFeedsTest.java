package dev.subbit.tribuo.quantizer.input;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.onnxruntime.OnnxJavaType;
import dev.subbit.tribuo.quantizer.graph.Feed;
import dev.subbit.tribuo.quantizer.graph.ModelInput;
import java.lang.management.BufferPoolMXBean;
import java.lang.management.ManagementFactory;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import org.junit.jupiter.api.Test;

/** How samples become batches, and what does not fit a model. */
class CalibrationFeedsTest {

  private static final ModelInput IMAGES = input("x", OnnxJavaType.FLOAT, -1, 3, 4, 5);

  private static ModelInput input(String name, OnnxJavaType type, long... shape) {
    return new ModelInput(name, type, shape);
  }

  /** The numbers from 0 on. */
  private static Samples samples(OnnxJavaType type, long... shape) {
    long count = 1;
    for (long dimension : shape) {
      count *= dimension;
    }
    ByteBuffer data =
        ByteBuffer.allocateDirect((int) count * type.size).order(ByteOrder.nativeOrder());
    for (int i = 0; i < count; i++) {
      switch (type) {
        case FLOAT -> data.putFloat(i);
        case DOUBLE -> data.putDouble(i);
        case INT64 -> data.putLong(i);
        default -> data.put((byte) i);
      }
    }
    return new Samples(type, shape, data.rewind(), "values.npy");
  }

  private static List<long[]> shapes(List<Feed> feeds, String name) {
    return feeds.stream().map(feed -> feed.tensors().get(name).shape()).toList();
  }

  private static String refusal(List<ModelInput> inputs, Map<String, Samples> samples) {
    return assertThrows(IllegalArgumentException.class, () -> CalibrationFeeds.of(inputs, samples))
        .getMessage();
  }

  private static void assertContains(String message, String... parts) {
    for (String part : parts) {
      assertTrue(message.contains(part), message);
    }
  }

  @Test
  void smallSamplesGoInBatchesOf64() {
    List<Feed> feeds =
        CalibrationFeeds.of(
            List.of(IMAGES), Map.of("x", samples(OnnxJavaType.FLOAT, 130, 3, 4, 5)));
    assertEquals(3, feeds.size());
    assertArrayEquals(new long[] {64, 3, 4, 5}, shapes(feeds, "x").get(0));
    assertArrayEquals(new long[] {64, 3, 4, 5}, shapes(feeds, "x").get(1));
    assertArrayEquals(new long[] {2, 3, 4, 5}, shapes(feeds, "x").get(2));
    assertEquals(128 * 60, feeds.get(2).tensors().get("x").data().getFloat(0));
  }

  @Test
  void aBatchHoldsAboutAMillionValuesOfAllInputsTogether() {
    List<ModelInput> inputs =
        List.of(
            input("a", OnnxJavaType.FLOAT, -1, 1 << 18),
            input("b", OnnxJavaType.INT64, -1, 1 << 18));
    List<Feed> feeds =
        CalibrationFeeds.of(
            inputs,
            Map.of(
                "a",
                samples(OnnxJavaType.FLOAT, 3, 1 << 18),
                "b",
                samples(OnnxJavaType.INT64, 3, 1 << 18)));
    assertEquals(2, feeds.size());
    assertArrayEquals(new long[] {2, 1 << 18}, shapes(feeds, "a").get(0));
    assertArrayEquals(new long[] {1, 1 << 18}, shapes(feeds, "b").get(1));
  }

  @Test
  void aBatchHasAtLeastOneSampleHoweverLarge() {
    List<Feed> feeds =
        CalibrationFeeds.of(
            List.of(input("x", OnnxJavaType.UINT8, -1, -1)),
            Map.of("x", samples(OnnxJavaType.UINT8, 2, (1 << 20) + 1)));
    assertEquals(2, feeds.size());
  }

  @Test
  void aFixedBatchSizeIsKeptAndTheRestLeftOut() {
    ModelInput fixed = input("x", OnnxJavaType.FLOAT, 4, 2);
    List<Feed> feeds =
        CalibrationFeeds.of(List.of(fixed), Map.of("x", samples(OnnxJavaType.FLOAT, 11, 2)));
    assertEquals(2, feeds.size());
    assertArrayEquals(new long[] {4, 2}, shapes(feeds, "x").get(1));
    assertContains(
        refusal(List.of(fixed), Map.of("x", samples(OnnxJavaType.FLOAT, 3, 2))),
        "takes batches of 4",
        "only 3 samples");
  }

  @Property(tries = 50)
  void everySampleComesOnceAndInOrder(
      @ForAll @IntRange(min = 1, max = 200) int count,
      @ForAll @IntRange(min = 1, max = 7) int each) {
    List<Feed> feeds =
        CalibrationFeeds.of(
            List.of(input("x", OnnxJavaType.FLOAT, -1, -1)),
            Map.of("x", samples(OnnxJavaType.FLOAT, count, each)));
    int next = 0;
    for (Feed feed : feeds) {
      ByteBuffer data = feed.tensors().get("x").data();
      assertEquals(feed.tensors().get("x").shape()[0] * each * Float.BYTES, data.remaining());
      for (int at = 0; at < data.remaining(); at += Float.BYTES) {
        assertEquals(next++, data.getFloat(at));
      }
    }
    assertEquals(count * each, next);
  }

  @Test
  void doublesBecomeTheFloatsThatTheModelTakes() {
    Feed.Tensor tensor =
        CalibrationFeeds.of(List.of(IMAGES), Map.of("x", samples(OnnxJavaType.DOUBLE, 2, 3, 4, 5)))
            .get(0)
            .tensors()
            .get("x");
    assertEquals(OnnxJavaType.FLOAT, tensor.type());
    assertEquals(120 * Float.BYTES, tensor.data().remaining());
    assertEquals(119, tensor.data().getFloat(119 * Float.BYTES));
  }

  @Test
  void doublesBecomeFloatsOnceAndNotForEveryBatch() {
    Samples doubles = samples(OnnxJavaType.DOUBLE, 40, 1 << 15);
    BufferPoolMXBean direct =
        ManagementFactory.getPlatformMXBeans(BufferPoolMXBean.class).stream()
            .filter(pool -> pool.getName().equals("direct"))
            .findFirst()
            .orElseThrow();
    long before = direct.getMemoryUsed();
    // One sample a batch, as the model has it.
    List<Feed> feeds =
        CalibrationFeeds.of(
            List.of(input("x", OnnxJavaType.FLOAT, 1, 1 << 15)), Map.of("x", doubles));
    assertEquals(40, feeds.size());
    long copied = direct.getMemoryUsed() - before;
    assertTrue(copied < 3L * doubles.data().capacity(), copied + " bytes");
  }

  @Test
  void samplesThatDoNotFitAreRefusedWithWhatTheInputTakes() {
    String takes = "input 'x' takes FLOAT [?, 3, 4, 5]";
    for (Samples samples :
        List.of(
            samples(OnnxJavaType.FLOAT, 2, 3, 4, 6),
            samples(OnnxJavaType.FLOAT, 2, 3, 4),
            samples(OnnxJavaType.INT64, 2, 3, 4, 5))) {
      assertContains(refusal(List.of(IMAGES), Map.of("x", samples)), "values.npy holds ", takes);
    }
    assertContains(
        refusal(
            List.of(input("ids", OnnxJavaType.INT64, -1)),
            Map.of("ids", samples(OnnxJavaType.DOUBLE, 2))),
        "holds DOUBLE [2]; input 'ids' takes INT64 [?]");
  }

  @Test
  void everyInputHasToBeNamedAndNoOther() {
    List<ModelInput> two = List.of(IMAGES, input("mask", OnnxJavaType.BOOL, -1));
    Map<String, Samples> one = Map.of("x", samples(OnnxJavaType.FLOAT, 2, 3, 4, 5));
    assertContains(
        refusal(two, one),
        "no calibration values for input 'mask'",
        "2 inputs: 'x' FLOAT [?, 3, 4, 5], 'mask' BOOL [?]");
    assertContains(
        refusal(List.of(input("y", OnnxJavaType.FLOAT, -1)), one),
        "has no input 'x'; it has the input 'y' FLOAT [?]");
  }

  @Test
  void allInputsHaveAsManySamples() {
    assertContains(
        refusal(
            List.of(input("a", OnnxJavaType.FLOAT, -1), input("b", OnnxJavaType.FLOAT, -1)),
            Map.of("a", samples(OnnxJavaType.FLOAT, 3), "b", samples(OnnxJavaType.FLOAT, 2))),
        "has 2 samples, another input's file 3");
  }

  @Test
  void randomSamplesAreStandardNormal() {
    Samples samples = CalibrationFeeds.random(IMAGES, 500, new long[0], 1);
    assertArrayEquals(new long[] {500, 3, 4, 5}, samples.shape());
    double sum = 0;
    double squares = 0;
    double fourth = 0;
    int count = samples.data().remaining() / Float.BYTES;
    assertEquals(30_000, count);
    for (int i = 0; i < count; i++) {
      double value = samples.data().getFloat(i * Float.BYTES);
      sum += value;
      squares += value * value;
      fourth += value * value * value * value;
    }
    // Within five standard deviations of what a normal distribution has.
    assertEquals(0, sum / count, 0.03);
    assertEquals(1, squares / count, 0.041);
    assertEquals(3, fourth / count, 0.29);
  }

  @Test
  void randomSamplesDependOnTheSeedAlone() {
    Samples one = CalibrationFeeds.random(IMAGES, 2, new long[0], 1);
    assertEquals(one.data(), CalibrationFeeds.random(IMAGES, 2, new long[0], 1).data());
    assertNotEquals(one.data(), CalibrationFeeds.random(IMAGES, 2, new long[0], 2).data());
  }

  @Test
  void randomSamplesFillOpenDimensionsAsAsked() {
    ModelInput open = input("x", OnnxJavaType.FLOAT, -1, 3, -1, -1);
    assertArrayEquals(
        new long[] {2, 3, 8, 9}, CalibrationFeeds.random(open, 2, new long[] {3, 8, 9}, 1).shape());
    assertContains(
        assertThrows(
                IllegalArgumentException.class,
                () -> CalibrationFeeds.random(open, 2, new long[0], 1))
            .getMessage(),
        "--shape");
  }

  @Test
  void onlyFloatsAreDrawnAtRandom() {
    assertContains(
        assertThrows(
                IllegalArgumentException.class,
                () ->
                    CalibrationFeeds.random(
                        input("ids", OnnxJavaType.INT64, -1), 2, new long[0], 1))
            .getMessage(),
        "'ids' takes INT64",
        "--inputs");
  }

  @Test
  void moreRandomNumbersThanABufferHoldsAreRefused() {
    ModelInput open = input("x", OnnxJavaType.FLOAT, -1, -1, -1, -1);
    for (long size : List.of(1_000L, 3_000_000_000L)) {
      assertContains(
          assertThrows(
                  IllegalArgumentException.class,
                  () -> CalibrationFeeds.random(open, 2, new long[] {size, size, size}, 1))
              .getMessage(),
          "'x'",
          "2 GB");
    }
  }

  @Test
  void anInputWithoutAnAxisOfSamplesIsFedOneByOne() {
    List<Feed> feeds =
        CalibrationFeeds.of(
            List.of(input("x", OnnxJavaType.FLOAT, 3, 4, 5), input("n", OnnxJavaType.INT64, -1)),
            Map.of(
                "x", samples(OnnxJavaType.FLOAT, 7, 3, 4, 5), "n", samples(OnnxJavaType.INT64, 7)));
    assertEquals(7, feeds.size());
    assertArrayEquals(new long[] {3, 4, 5}, shapes(feeds, "x").get(6));
    assertArrayEquals(new long[] {1}, shapes(feeds, "n").get(6));
    assertEquals(6 * 60, feeds.get(6).tensors().get("x").data().getFloat(0));
    assertEquals(1, feeds.get(6).samples());
  }

  @Test
  void aScalarIsTheSameForAllSamplesUnlessThereIsOneForEach() {
    List<ModelInput> inputs = List.of(IMAGES, input("strength", OnnxJavaType.FLOAT));
    Samples images = samples(OnnxJavaType.FLOAT, 5, 3, 4, 5);
    List<Feed> feeds =
        CalibrationFeeds.of(inputs, Map.of("x", images, "strength", samples(OnnxJavaType.DOUBLE)));
    assertEquals(1, feeds.size());
    assertArrayEquals(new long[0], shapes(feeds, "strength").get(0));
    feeds =
        CalibrationFeeds.of(
            inputs, Map.of("x", images, "strength", samples(OnnxJavaType.FLOAT, 5)));
    assertEquals(5, feeds.size());
    assertArrayEquals(new long[0], shapes(feeds, "strength").get(3));
    assertEquals(3, feeds.get(3).tensors().get("strength").data().getFloat(0));
  }

  @Test
  void statesMayCountTheSamplesOnAnotherAxis() {
    List<ModelInput> inputs = List.of(IMAGES, input("state", OnnxJavaType.FLOAT, 2, -1, 3));
    Calibration calibration =
        CalibrationFeeds.split(
            inputs,
            Map.of(
                "x", samples(OnnxJavaType.FLOAT, 10, 3, 4, 5),
                "state", samples(OnnxJavaType.FLOAT, 2, 10, 3)));
    Feed.Tensor state = calibration.heldOut().get(0).tensors().get("state");
    assertArrayEquals(new long[] {2, 2, 3}, state.shape());
    // Samples 2 and 7 are held out; each has three values in both layers of the state.
    assertEquals(6, state.data().getFloat(0));
    assertEquals(21, state.data().getFloat(3 * Float.BYTES));
    assertEquals(36, state.data().getFloat(6 * Float.BYTES));
  }

  @Test
  void anInputOfAnyShapeTakesWhatIsGiven() {
    ModelInput any = new ModelInput("x", OnnxJavaType.FLOAT, null);
    List<Feed> feeds =
        CalibrationFeeds.of(List.of(any), Map.of("x", samples(OnnxJavaType.FLOAT, 3, 8, 9)));
    assertArrayEquals(new long[] {3, 8, 9}, shapes(feeds, "x").get(0));
    assertArrayEquals(
        new long[] {4, 8, 9}, CalibrationFeeds.random(any, 4, new long[] {8, 9}, 1).shape());
  }

  @Test
  void halvesAndBytesAreFedAsTheModelTakesThem() {
    Feed.Tensor halves =
        CalibrationFeeds.of(
                List.of(input("x", OnnxJavaType.FLOAT16, -1)),
                Map.of("x", samples(OnnxJavaType.FLOAT, 3)))
            .get(0)
            .tensors()
            .get("x");
    assertEquals(OnnxJavaType.FLOAT16, halves.type());
    assertEquals(0x4000, halves.data().getShort(2 * Short.BYTES), "two");
    Samples bytes =
        CalibrationFeeds.random(input("b", OnnxJavaType.UINT8, -1, 1000), 5, new long[0], 1);
    assertEquals(OnnxJavaType.UINT8, bytes.type());
    assertEquals(5000, bytes.data().remaining());
  }

  @Property(tries = 50)
  void whatIsChosenByIsNeitherFittedToNorMeasuredOn(
      @ForAll @IntRange(min = 1, max = 300) int count) {
    Calibration calibration =
        CalibrationFeeds.splitToChoose(
            List.of(input("x", OnnxJavaType.FLOAT, -1)),
            Map.of("x", samples(OnnxJavaType.FLOAT, count)));
    List<Float> seen = new ArrayList<>();
    for (List<Feed> feeds :
        List.of(calibration.fit(), calibration.choice(), calibration.heldOut())) {
      seen.addAll(values(feeds));
    }
    assertEquals(count, seen.size());
    assertEquals(count, Set.copyOf(seen).size());
    assertEquals(count < 3 ? 0 : calibration.heldOutSamples(), calibration.choiceSamples());
    assertShare(count, 2, calibration);
    assertEquals(calibration.choiceSamples(), values(calibration.choice()).size());
    assertEquals(
        count < 3 ? calibration.measured() : calibration.choice(), calibration.toChooseBy());
  }

  /** A fifth, or up to 50 as long as 50 are left to fit to. */
  private static void assertShare(int count, int times, Calibration calibration) {
    int fifth = count < 2 ? 0 : Math.max(1, count / 5);
    int held = calibration.heldOutSamples();
    assertTrue(held == fifth || held > fifth && held <= 50, held + " of " + count);
    assertTrue(held == fifth || calibration.fitSamples() >= 50, held + " of " + count);
    if (count >= 50 * (times + 1)) {
      assertTrue(held >= 50, held + " of " + count);
    }
  }

  private static List<Float> values(List<Feed> feeds) {
    List<Float> values = new ArrayList<>();
    for (Feed feed : feeds) {
      ByteBuffer data = feed.tensors().get("x").data();
      for (int i = 0; i < data.remaining(); i += Float.BYTES) {
        values.add(data.getFloat(i));
      }
    }
    return values;
  }

  @Property(tries = 50)
  void everySampleIsEitherFittedToOrHeldOut(@ForAll @IntRange(min = 1, max = 300) int count) {
    Calibration calibration =
        CalibrationFeeds.split(
            List.of(input("x", OnnxJavaType.FLOAT, -1)),
            Map.of("x", samples(OnnxJavaType.FLOAT, count)));
    List<Float> seen = new ArrayList<>();
    for (List<Feed> feeds : List.of(calibration.fit(), calibration.heldOut())) {
      seen.addAll(values(feeds));
    }
    assertEquals(count, seen.size());
    assertEquals(count, Set.copyOf(seen).size());
    assertShare(count, 1, calibration);
    assertEquals(count, calibration.fitSamples() + calibration.heldOutSamples());
  }

  @Test
  void largeSamplesAreNotCopied() {
    Samples pictures = samples(OnnxJavaType.FLOAT, 15, 3, 200, 300);
    Calibration calibration =
        CalibrationFeeds.split(
            List.of(input("x", OnnxJavaType.FLOAT, -1, 3, 200, 300)), Map.of("x", pictures));
    List<Long> sizes = calibration.fit().stream().map(Feed::samples).toList();
    assertEquals(List.of(2L, 4L, 4L, 2L), sizes, "cut at the samples that are held out");
    pictures.data().putFloat(0, -7);
    assertEquals(-7, calibration.fit().get(0).tensors().get("x").data().getFloat(0));
  }

  @Test
  void wholeBatchesAreHeldOutWhereTheModelFixesThem() {
    Calibration calibration =
        CalibrationFeeds.split(
            List.of(input("x", OnnxJavaType.FLOAT, 4, 2)),
            Map.of("x", samples(OnnxJavaType.FLOAT, 27, 2)));
    assertEquals(5, calibration.fit().size());
    assertEquals(1, calibration.heldOut().size());
    assertEquals(24, calibration.heldOut().get(0).tensors().get("x").data().getFloat(0));
  }
}
