package dev.subbit.tribuo.quantizer;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** Distributes stages over layers, from the fewest to the most bits. */
final class StageBudget {

  private StageBudget() {}

  /**
   * Gives stages one after the other, each to the layer where it removes most noise from the
   * outputs for its bits.
   *
   * @param weights number of weights of each layer.
   * @param noise of each layer: noise on the model's outputs if it alone is quantized, with 1, 2,
   *     ... stages.
   * @return stages of each layer, first one each; every entry has one stage more than that before.
   */
  static List<int[]> path(long[] weights, double[][] noise) {
    List<int[]> path = new ArrayList<>();
    int[] stages = new int[weights.length];
    Arrays.fill(stages, 1);
    path.add(stages.clone());
    while (true) {
      int best = -1;
      double bestGain = Double.NEGATIVE_INFINITY;
      for (int layer = 0; layer < stages.length; layer++) {
        if (stages[layer] < noise[layer].length) {
          double gain =
              (noise[layer][stages[layer] - 1] - noise[layer][stages[layer]]) / weights[layer];
          if (gain > bestGain) {
            bestGain = gain;
            best = layer;
          }
        }
      }
      if (best < 0) {
        return path;
      }
      stages[best]++;
      path.add(stages.clone());
    }
  }

  /**
   * Finds the last entry of a path within a bound.
   *
   * @param path from {@link #path}.
   * @param weights number of weights of each layer.
   * @param tau bits of an index.
   * @param bits largest number of bits per weight for the indices of all layers together.
   * @return its stages.
   */
  static int[] within(List<int[]> path, long[] weights, int tau, double bits) {
    int[] best = path.get(0);
    for (int[] stages : path) {
      double cost = 0;
      double all = 0;
      for (int layer = 0; layer < stages.length; layer++) {
        cost += stages[layer] * tau / 9.0 * weights[layer];
        all += weights[layer];
      }
      if (cost <= bits * all) {
        best = stages;
      }
    }
    return best;
  }
}
