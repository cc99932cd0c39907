package dev.subbit.cli.terminal;

import java.util.Locale;

/**
 * An estimate of the time that work still takes. The speed is an average in which what was long ago
 * counts less; the estimate is rounded, and corrected only where it is clearly wrong, so that it
 * settles. Not thread-safe.
 */
final class TimeLeft {

  /** Before this there is no estimate: a speed from few steps is wrong. */
  private static final double FIRST_SECONDS = 2;

  /** The share of the time so far over which the weight of a speed falls by a factor of e. */
  private static final double MEMORY = 0.5;

  private static final double SHORTEST_MEMORY_SECONDS = 10;

  /** How far the time that is said may be off before it is corrected. */
  private static final double TOLERANCE = 0.15;

  private double firstSeconds = Double.NaN;
  private double lastSeconds;
  private long lastDone;
  private double weightedSteps;
  private double weightedSeconds;
  private double shown = Double.POSITIVE_INFINITY;
  private double shownSeconds;

  /**
   * Takes note of progress. The first call only starts the clock, since the first step is slower
   * than the others.
   *
   * @param done steps that are over.
   * @param seconds the time on any clock.
   */
  void at(long done, double seconds) {
    if (Double.isNaN(firstSeconds) || done < lastDone) {
      firstSeconds = seconds;
      weightedSteps = 0;
      weightedSeconds = 0;
    } else {
      double passed = seconds - lastSeconds;
      double memory = Math.max(SHORTEST_MEMORY_SECONDS, MEMORY * (seconds - firstSeconds));
      double kept = Math.exp(-passed / memory);
      weightedSteps = kept * weightedSteps + done - lastDone;
      weightedSeconds = kept * weightedSeconds + passed;
    }
    lastDone = done;
    lastSeconds = seconds;
  }

  /**
   * The estimate in words.
   *
   * @param all number of all steps.
   * @return such as {@code 2 min left}; empty where it is too early to tell.
   */
  String text(long all) {
    if (!(lastSeconds - firstSeconds >= FIRST_SECONDS) || weightedSteps <= 0) {
      return "";
    }
    double estimate = (all - lastDone) * weightedSeconds / weightedSteps;
    double expected = shown - (lastSeconds - shownSeconds);
    // What was said before goes on counting down until it is clearly wrong.
    shown = Math.abs(estimate - expected) < TOLERANCE * estimate ? expected : estimate;
    shownSeconds = lastSeconds;
    return words(shown) + " left";
  }

  private static String words(double seconds) {
    if (seconds < 60) {
      return (seconds < 10 ? Math.round(seconds) : 5 * Math.round(seconds / 5)) + " s";
    }
    long minutes = Math.round(seconds / 60);
    return minutes < 100
        ? minutes + " min"
        : String.format(Locale.ROOT, "%d h %02d min", minutes / 60, minutes % 60);
  }
}
