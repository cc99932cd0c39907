package dev.subbit.tribuo.training.internal.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.subbit.tribuo.settings.Schedule;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Learning rates step by step, against what the papers describe. */
class ScheduledRateTest {

  @ParameterizedTest
  @EnumSource(Schedule.class)
  void withoutWarmupAndRestartsTheRateIsTheSchedulesToTheBit(Schedule schedule) {
    RateCurve plain = new ScheduledRate(schedule, 0, 0);
    for (int steps : new int[] {1, 7, 4680}) {
      for (int step = 0; step < steps; step++) {
        assertEquals(schedule.rate(0.01f, step, steps), plain.rate(0.01f, step, steps));
      }
    }
  }

  @Test
  void theRateRisesEvenlyAndThenFalls() {
    RateCurve curve = new ScheduledRate(Schedule.LINEAR, 4, 0);
    float[] expected = {0.2f, 0.4f, 0.6f, 0.8f, 1, 0.75f, 0.5f, 0.25f};
    for (int step = 0; step < 8; step++) {
      assertEquals(expected[step], curve.rate(1, step, 8), 1e-6f);
    }
  }

  @Test
  void everyCycleStartsAtTheFullRate() {
    RateCurve curve = new ScheduledRate(Schedule.COSINE, 2, 2);
    int[] starts = {2, 6, 10};
    int[] lengths = {4, 4, 3};
    for (int cycle = 0; cycle < 3; cycle++) {
      for (int i = 0; i < lengths[cycle]; i++) {
        double wanted = (1 + Math.cos(Math.PI * i / lengths[cycle])) / 2;
        assertEquals(wanted, curve.rate(1, starts[cycle] + i, 13), 1e-6, cycle + ", " + i);
      }
    }
  }

  @Test
  void anyNumberOfStepsIsCutIntoCyclesWithoutAGap() {
    for (int steps = 1; steps < 40; steps++) {
      for (int restarts = 0; restarts < steps; restarts++) {
        RateCurve curve = new ScheduledRate(Schedule.LINEAR, 0, restarts);
        int full = 0;
        for (int step = 0; step < steps; step++) {
          float rate = curve.rate(1, step, steps);
          assertTrue(rate > 0 && rate <= 1, () -> "a rate is " + rate);
          full += rate == 1 ? 1 : 0;
        }
        assertEquals(restarts + 1, full, steps + " steps");
      }
    }
  }
}
