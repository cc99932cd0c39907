package dev.subbit.tribuo.quantizer;

import java.time.Duration;

/** When a quantization should come to its end. Safe for use by many threads. */
public final class Deadline {

  /** Never. */
  public static final Deadline NONE = new Deadline(Long.MAX_VALUE);

  private final long nanos;
  private final long start = System.nanoTime();

  private Deadline(long nanos) {
    this.nanos = nanos;
  }

  /**
   * Sets a deadline from now on.
   *
   * @param duration the time that is left.
   * @return the deadline.
   */
  public static Deadline after(Duration duration) {
    return new Deadline(duration.toNanos());
  }

  /**
   * Whether the time is over.
   *
   * @return true from the deadline on.
   */
  public boolean isOver() {
    return System.nanoTime() - start >= nanos;
  }
}
