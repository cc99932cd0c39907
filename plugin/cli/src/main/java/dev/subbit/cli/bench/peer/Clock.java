package dev.subbit.cli.bench.peer;

import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;

/** What a benchmark counts as time. */
public enum Clock {
  /** Time that passes. */
  WALL {
    @Override
    public long nanos() {
      return System.nanoTime();
    }
  },

  /**
   * Time for which a processor works on the side, which other work on the machine does not count
   * towards. It says nothing about runs on several threads.
   */
  PROCESSOR {
    @Override
    public long nanos() {
      return THREADS.getCurrentThreadCpuTime();
    }
  };

  private static final ThreadMXBean THREADS = ManagementFactory.getThreadMXBean();

  /**
   * Reads the clock on the calling thread.
   *
   * @return nanoseconds since some fixed time.
   */
  public abstract long nanos();
}
