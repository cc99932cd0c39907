package dev.subbit.tribuo.settings;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.api.Test;

class ScheduleTest {

  @Test
  void ratesFallFromTheFirstToZero() {
    for (Schedule schedule : Schedule.values()) {
      assertEquals(0.8f, schedule.rate(0.8f, 0, 100));
      assertEquals(0.4f, schedule.rate(0.8f, 50, 100), 1e-6f);
      assertEquals(0f, schedule.rate(0.8f, 100, 100), 1e-6f);
    }
    assertEquals(0.6f, Schedule.LINEAR.rate(0.8f, 25, 100), 1e-6f);
    assertEquals(0.8f * (1 + Math.sqrt(0.5)) / 2, Schedule.COSINE.rate(0.8f, 25, 100), 1e-6f);
  }
}
