package dev.subbit.cli.run;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

class MemoryWatchTest {

  private static MemoryWatch of(long... samples) {
    MemoryWatch watch = new MemoryWatch();
    for (long sample : samples) {
      watch.add(sample);
    }
    return watch;
  }

  @Test
  void theWarmUpDoesNotCount() {
    MemoryWatch watch = of(1, 50, 100, 101, 100, 100, 99, 100);
    assertEquals(101, watch.afterWarmUp());
    assertEquals(100, watch.atTheEnd());
  }

  @Test
  void oneSampleOutOfLineDoesNotCount() {
    MemoryWatch watch = of(0, 0, 0, 10, 99, 10, 7, 7, 7, 11, 900, 11);
    assertEquals(10, watch.afterWarmUp());
    assertEquals(11, watch.atTheEnd());
  }

  @Test
  void oneSampleIsEnough() {
    MemoryWatch watch = new MemoryWatch();
    watch.sample();
    assertEquals(watch.afterWarmUp(), watch.atTheEnd());
    assertTrue(watch.atTheEnd() > 10 << 20, () -> "The JVM has " + watch.atTheEnd() + " bytes");
  }
}
