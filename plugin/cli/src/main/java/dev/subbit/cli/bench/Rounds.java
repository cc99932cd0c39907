package dev.subbit.cli.bench;

import ai.onnxruntime.OrtException;
import dev.subbit.cli.bench.peer.Clock;
import dev.subbit.tribuo.quantizer.timing.Timings;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/**
 * Measures several sides in turns: in every round each side runs once after the other, so that
 * whatever slows the machine down for a while slows all of them down.
 *
 * @param number how many rounds, at least 1.
 * @param turnSeconds how long a side's turn lasts at least; it runs once at least.
 * @param clock what counts as time.
 */
record Rounds(int number, double turnSeconds, Clock clock) {

  /**
   * Measures the sides in turns.
   *
   * @param sides what to measure.
   * @return seconds of one run, one list entry per side.
   * @throws OrtException if ONNX Runtime fails.
   * @throws IOException if a process with a model fails.
   */
  List<Timings> measure(List<? extends Side> sides) throws OrtException, IOException {
    double[][] seconds = new double[sides.size()][number];
    int[] runs = new int[sides.size()];
    for (int side = 0; side < runs.length; side++) {
      sides.get(side).seconds(1, clock);
      runs[side] = (int) Math.max(1, Math.ceil(turnSeconds / sides.get(side).seconds(1, clock)));
    }
    for (int round = 0; round < number; round++) {
      for (int side = 0; side < runs.length; side++) {
        // A run before the clock starts refills the caches after the other sides' runs.
        sides.get(side).seconds(1, clock);
        seconds[side][round] = sides.get(side).seconds(runs[side], clock) / runs[side];
      }
    }
    List<Timings> timings = new ArrayList<>();
    for (double[] ofSide : seconds) {
      timings.add(new Timings(ofSide));
    }
    return timings;
  }
}
