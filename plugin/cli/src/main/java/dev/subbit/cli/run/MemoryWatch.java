package dev.subbit.cli.run;

import java.util.ArrayList;
import java.util.List;
import oshi.SystemInfo;
import oshi.software.os.OperatingSystem;

/**
 * Samples of the memory that this process has, and whether it grows. The first quarter of them is
 * the warm-up: sessions, pools and the heap take what they need.
 */
final class MemoryWatch {

  private final OperatingSystem system = new SystemInfo().getOperatingSystem();
  private final List<Long> samples = new ArrayList<>();

  /** Takes a sample of the memory in use, once the garbage of Java is gone. */
  void sample() {
    System.gc();
    add(system.getCurrentProcess().getResidentMemory());
  }

  /**
   * Takes a sample.
   *
   * @param bytes memory in use.
   */
  void add(long bytes) {
    samples.add(bytes);
  }

  /**
   * The memory in use after the warm-up.
   *
   * @return median of the second quarter of the samples, in bytes.
   */
  long afterWarmUp() {
    return median(samples.size() / 4, (samples.size() + 1) / 2);
  }

  /**
   * The memory in use at the end.
   *
   * @return median of the last quarter of the samples, in bytes.
   */
  long atTheEnd() {
    return median(samples.size() * 3 / 4, samples.size());
  }

  private long median(int from, int to) {
    List<Long> part = samples.subList(from, Math.max(from + 1, to)).stream().sorted().toList();
    return part.get(part.size() / 2);
  }
}
