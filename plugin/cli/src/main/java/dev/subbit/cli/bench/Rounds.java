package dev.subbit.cli.bench;

import ai.onnxruntime.OrtException;
import dev.subbit.tribuo.quantizer.timing.Timings;
import java.util.ArrayList;
import java.util.List;

/**
 * Measures several sides in turns: in every round each side runs once after the other, so that
 * whatever slows the machine down for a while slows all of them down.
 */
final class Rounds {

  private static final double NANOS = 1e9;

  private Rounds() {}

  /**
   * Measures the sides in turns.
   *
   * @param sides what to measure.
   * @param rounds how many rounds, at least 1.
   * @param turnSeconds how long a side's turn lasts at least; it runs once at least.
   * @return seconds of one run, one list entry per side.
   * @throws OrtException if a run fails.
   */
  static List<Timings> measure(List<BenchSession> sides, int rounds, double turnSeconds)
      throws OrtException {
    double[][] seconds = new double[sides.size()][rounds];
    int[] runs = new int[sides.size()];
    for (int side = 0; side < runs.length; side++) {
      turn(sides.get(side), 1);
      runs[side] = (int) Math.max(1, Math.ceil(turnSeconds / turn(sides.get(side), 1)));
    }
    for (int round = 0; round < rounds; round++) {
      for (int side = 0; side < runs.length; side++) {
        // A run before the clock starts refills the caches after the other sides' runs.
        sides.get(side).run();
        seconds[side][round] = turn(sides.get(side), runs[side]);
      }
    }
    List<Timings> timings = new ArrayList<>();
    for (double[] ofSide : seconds) {
      timings.add(new Timings(ofSide));
    }
    return timings;
  }

  /** Seconds of one run, over several in a row. */
  private static double turn(BenchSession side, int runs) throws OrtException {
    long start = System.nanoTime();
    for (int run = 0; run < runs; run++) {
      side.run();
    }
    return (System.nanoTime() - start) / NANOS / runs;
  }
}
