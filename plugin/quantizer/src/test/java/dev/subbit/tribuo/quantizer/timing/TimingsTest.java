package dev.subbit.tribuo.quantizer.timing;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.api.Test;

class TimingsTest {

  private final Timings timings = new Timings(new double[] {8, 1, 2, 4});

  @Test
  void quantilesLieBetweenTheRounds() {
    assertEquals(3, timings.median());
    assertEquals(1.75, timings.lowerQuartile());
    assertEquals(5, timings.upperQuartile());
    Timings one = new Timings(new double[] {7});
    assertEquals(7, one.median());
    assertEquals(7, one.upperQuartile());
  }

  @Test
  void ratiosAreThoseOfTheRoundsNotOfTheMedians() {
    Timings slower = new Timings(new double[] {16, 3, 8, 8});
    assertArrayEquals(new double[] {2, 3, 4, 2}, timings.timesLonger(slower).ofRounds());
    assertEquals(2.5, timings.timesLonger(slower).median());
  }

  @Test
  void whatEveryRoundHasCanBeTakenOff() {
    assertArrayEquals(new double[] {7.5, 0.5, 1.5, 3.5}, timings.minus(0.5).ofRounds());
  }
}
