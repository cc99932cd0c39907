package dev.subbit.tribuo.quantizer.input;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;

import dev.subbit.tribuo.quantizer.graph.Feed;
import dev.subbit.tribuo.quantizer.graph.ModelInput;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class CalibrationTest {

  /** The numbers from 0 on as samples, at most 64 to a batch. */
  private static Calibration numbers(int count) {
    long[] numbers = new long[count];
    for (int i = 0; i < count; i++) {
      numbers[i] = i;
    }
    return CalibrationFeeds.split(
        List.of(ModelInput.ofNumbers("n")), Map.of("n", Samples.of(numbers, "numbers")));
  }

  private static List<Float> all(List<Feed> feeds) {
    List<Float> values = new ArrayList<>();
    for (Feed feed : feeds) {
      for (float value : feed.tensors().get("n").floats().orElseThrow()) {
        values.add(value);
      }
    }
    return values;
  }

  @Test
  void aPartIsSpreadEvenlyAndHoldsTheSameSamplesOut() {
    Calibration calibration = numbers(1600);
    Calibration part = calibration.part(320);
    assertEquals(5, part.fit().size());
    assertEquals(320, part.fitSamples());
    assertEquals(320, all(part.fit()).size());
    assertEquals(calibration.heldOut(), part.heldOut());
    assertSame(calibration.fit().get(0), part.fit().get(0));
    assertSame(calibration.fit().get(16), part.fit().get(4));
  }

  @Test
  void aPartOfMoreThanThereAreIsAll() {
    Calibration calibration = numbers(50);
    assertSame(calibration, calibration.part(1000));
  }

  @Test
  void whereNothingIsFittedAllButTheChoiceIsMeasuredOn() {
    Calibration calibration = numbers(50);
    Calibration all = calibration.unfitted(1000);
    assertEquals(50, all.heldOutSamples());
    assertEquals(50, all(all.heldOut()).stream().distinct().count());
    assertEquals(calibration.fit(), all.fit());
    Calibration many = numbers(1600).unfitted(320);
    assertEquals(640, many.heldOutSamples());
    assertEquals(640, all(many.heldOut()).size());
  }

  @Test
  void noMoreIsHeldOutThanTellsSomething() {
    Calibration calibration = numbers(15_000);
    assertEquals(2000, calibration.heldOutSamples());
    assertEquals(13_000, calibration.fitSamples());
    List<Float> heldOut = all(calibration.heldOut());
    assertEquals(2000, heldOut.size());
    heldOut.removeAll(all(calibration.fit()));
    assertEquals(2000, heldOut.size());
  }
}
