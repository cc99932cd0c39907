package dev.subbit.tribuo.quantizer.fit;

import dev.subbit.onnx.Codebook;
import java.util.Arrays;
import java.util.stream.IntStream;

/**
 * Chooses the codewords of output channels that have one kernel each, as depthwise convolutions
 * have. Since every kernel has scales of its own, each choice is judged by the error that is left
 * with the best scales for it. With small codebooks and up to three stages all choices are looked
 * at, else one stage after the other.
 */
final class SingleKernels {

  private static final int TAPS = Codebook.TAPS;
  private static final int LARGEST_EXHAUSTED = 64;
  private static final int MOST_EXHAUSTED_STAGES = 3;
  private static final int SWEEPS = 3;

  private final Group group;
  private final float[][] taps;
  private final int stages;
  private final int size;
  // k^T H k' of two stages.
  private final double[][][] products;

  /**
   * Prepares.
   *
   * @param group channels with one kernel each.
   * @param taps the codebooks.
   */
  SingleKernels(Group group, float[][] taps) {
    this.group = group;
    this.taps = taps;
    this.stages = taps.length;
    this.size = taps[0].length / TAPS;
    this.products = new double[stages][stages][size * size];
    float[] h = group.form().blocks().get(0).h();
    for (int s = 0; s < stages; s++) {
      for (int k = 0; k < size; k++) {
        double[] image = new double[TAPS];
        for (int i = 0; i < TAPS; i++) {
          for (int j = 0; j < TAPS; j++) {
            image[i] += h[i * TAPS + j] * taps[s][k * TAPS + j];
          }
        }
        for (int r = 0; r <= s; r++) {
          for (int j = 0; j < size; j++) {
            double sum = 0;
            for (int t = 0; t < TAPS; t++) {
              sum += image[t] * taps[r][j * TAPS + t];
            }
            products[s][r][k * size + j] = sum;
            products[r][s][j * size + k] = sum;
          }
        }
      }
    }
  }

  /** Whether a group is of this kind. */
  static boolean fits(Group group) {
    return group.form().channels() == 1;
  }

  /** Chooses all indices anew; the scales are left to {@link Group#fitScales}. */
  void choose() {
    IntStream.range(0, group.form().outputs()).parallel().forEach(this::choose);
  }

  private void choose(int output) {
    double[][] dots = new double[stages][size];
    for (int s = 0; s < stages; s++) {
      for (int k = 0; k < size; k++) {
        for (int t = 0; t < TAPS; t++) {
          dots[s][k] += taps[s][k * TAPS + t] * group.form().target()[output * TAPS + t];
        }
      }
    }
    int[] choice = new int[stages];
    for (int s = 0; s < stages; s++) {
      choice[s] = group.index(s)[output];
    }
    if (stages <= MOST_EXHAUSTED_STAGES && size <= LARGEST_EXHAUSTED) {
      exhaust(dots, 0, new int[stages], choice, new double[] {Double.NEGATIVE_INFINITY});
    } else {
      for (int sweep = 0; sweep < SWEEPS; sweep++) {
        for (int s = 0; s < stages; s++) {
          chooseStage(dots, s, choice);
        }
      }
    }
    for (int s = 0; s < stages; s++) {
      group.index(s)[output] = choice[s];
    }
  }

  private void exhaust(double[][] dots, int stage, int[] trial, int[] best, double[] gain) {
    if (stage == stages) {
      double found = gain(dots, trial);
      if (found > gain[0]) {
        gain[0] = found;
        System.arraycopy(trial, 0, best, 0, stages);
      }
      return;
    }
    for (int k = 0; k < size; k++) {
      trial[stage] = k;
      exhaust(dots, stage + 1, trial, best, gain);
    }
  }

  private void chooseStage(double[][] dots, int stage, int[] choice) {
    int[] trial = choice.clone();
    double best = gain(dots, choice);
    for (int k = 0; k < size; k++) {
      trial[stage] = k;
      double found = gain(dots, trial);
      if (found > best) {
        best = found;
        choice[stage] = k;
      }
    }
  }

  /** What the best scales for these codewords take off the error. */
  private double gain(double[][] dots, int[] choice) {
    // Elimination as in a Cholesky factorisation: the gain adds up pivot by pivot.
    double[][] a = new double[stages][stages];
    double[] b = new double[stages];
    for (int s = 0; s < stages; s++) {
      b[s] = dots[s][choice[s]];
      for (int r = 0; r < stages; r++) {
        a[s][r] = products[s][r][choice[s] * size + choice[r]];
      }
    }
    double gain = 0;
    for (int k = 0; k < stages; k++) {
      // A codeword that the others can stand for adds nothing.
      if (a[k][k] <= 1e-9 * products[k][k][choice[k] * size + choice[k]]) {
        Arrays.fill(a[k], 0);
        continue;
      }
      gain += b[k] * b[k] / a[k][k];
      for (int i = k + 1; i < stages; i++) {
        double factor = a[i][k] / a[k][k];
        for (int j = k + 1; j < stages; j++) {
          a[i][j] -= factor * a[k][j];
        }
        b[i] -= factor * b[k];
      }
    }
    return gain;
  }
}
