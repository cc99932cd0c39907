package dev.subbit.tribuo.training.internal.engine;

import dev.subbit.tribuo.settings.Schedule;

/**
 * A schedule behind a warm-up, run through several times. During the warm-up the rate rises by the
 * same amount at every step, and reaches the recipe's rate with the first step behind it. The other
 * steps are cut into cycles of equal length, or lengths that differ by one step; in each, the rate
 * falls as the schedule says.
 *
 * <p>Sources: Goyal et al., "Accurate, Large Minibatch SGD", 2017 (warm-up); Loshchilov and Hutter,
 * "SGDR: Stochastic Gradient Descent with Warm Restarts", ICLR 2017.
 *
 * @param schedule how the rate falls within a cycle.
 * @param warmup number of steps of the warm-up, less than the schedule has.
 * @param restarts how often the schedule starts again, less than the number of the other steps.
 */
public record ScheduledRate(Schedule schedule, int warmup, int restarts) implements RateCurve {

  @Override
  public float rate(float rate, int step, int steps) {
    if (step < warmup) {
      return (float) ((double) rate * (step + 1) / (warmup + 1));
    }
    int falling = steps - warmup;
    int cycles = restarts + 1;
    long cycle = (long) (step - warmup) * cycles / falling;
    int start = start(cycle, falling, cycles);
    return schedule.rate(rate, step - warmup - start, start(cycle + 1, falling, cycles) - start);
  }

  /** The first step of a cycle, counted from the end of the warm-up. */
  private static int start(long cycle, int falling, int cycles) {
    return (int) ((cycle * falling + cycles - 1) / cycles);
  }
}
