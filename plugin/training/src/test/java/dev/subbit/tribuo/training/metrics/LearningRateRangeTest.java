package dev.subbit.tribuo.training.metrics;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Which rates stand out among the losses of a range test. */
class LearningRateRangeTest {

  /** Points at the rates 1, 2, 4, ... with these losses. */
  private static LearningRateRange of(double... losses) {
    List<LearningRateRange.Point> points = new ArrayList<>();
    for (double loss : losses) {
      points.add(new LearningRateRange.Point(1 << points.size(), 0, loss));
    }
    return LearningRateRange.of(points);
  }

  @Test
  void theSteepestFallAndTheLowestLossAreFound() {
    LearningRateRange range = of(9, 9, 9, 8, 6, 4, 3, 2.8, 2.7, 3, 50, 1000);
    assertEquals(1 << 4, range.steepest());
    assertEquals(1 << 8, range.lowest());
  }

  @Test
  void aFallBehindTheLowestLossDoesNotCount() {
    LearningRateRange range = of(9, 8, 7, 6, 5, 100, 90, 60, 30, 10);
    assertEquals(1 << 2, range.steepest());
    assertEquals(1 << 4, range.lowest());
  }

  @Test
  void lossesThatOnlyRiseHaveTheirLowestAtTheStart() {
    LearningRateRange range = of(1, 2, 3, 4);
    assertEquals(1, range.steepest());
    assertEquals(1, range.lowest());
    assertEquals(1, of(5).lowest());
  }
}
