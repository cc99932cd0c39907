package dev.subbit.tribuo.quantizer.fit;

import java.util.stream.IntStream;

/**
 * Chooses the codewords of output channels that have one kernel each, as depthwise convolutions
 * have. Since every kernel has scales of its own, each choice is judged by the error that is left
 * with the best scales for it. With small codebooks and up to three stages all choices are
 * compared, else one stage after the other.
 */
final class SingleKernels {

  private static final int LARGEST_EXHAUSTED = 64;
  private static final int MOST_EXHAUSTED_STAGES = 3;
  private static final int SWEEPS = 3;

  private final Group group;
  private final float[][] taps;
  private final int width;
  private final int stages;
  private final int size;
  // k^T H k' of two stages.
  private final double[][][] products;

  /**
   * Prepares the choice for one group.
   *
   * @param group channels with one kernel each.
   * @param taps the codebooks.
   */
  SingleKernels(Group group, float[][] taps) {
    this.group = group;
    this.taps = taps;
    this.width = group.form().width();
    this.stages = taps.length;
    this.size = taps[0].length / width;
    this.products = new double[stages][stages][size * size];
    float[] h = group.form().blocks().get(0).h();
    for (int s = 0; s < stages; s++) {
      for (int k = 0; k < size; k++) {
        double[] image = new double[width];
        for (int i = 0; i < width; i++) {
          for (int j = 0; j < width; j++) {
            image[i] += h[i * width + j] * taps[s][k * width + j];
          }
        }
        for (int r = 0; r <= s; r++) {
          for (int j = 0; j < size; j++) {
            double sum = 0;
            for (int t = 0; t < width; t++) {
              sum += image[t] * taps[r][j * width + t];
            }
            products[s][r][k * size + j] = sum;
            products[r][s][j * size + k] = sum;
          }
        }
      }
    }
  }

  /** Whether each output channel of a group has one kernel. */
  static boolean fits(Group group) {
    return group.form().channels() == 1;
  }

  /** Chooses all indices again; the scales are left to {@link Group#fitScales}. */
  void choose() {
    IntStream.range(0, group.form().outputs()).parallel().forEach(this::choose);
  }

  private void choose(int output) {
    double[][] dots = new double[stages][size];
    for (int s = 0; s < stages; s++) {
      for (int k = 0; k < size; k++) {
        for (int t = 0; t < width; t++) {
          dots[s][k] += taps[s][k * width + t] * group.form().target()[output * width + t];
        }
      }
    }
    int[] choice = new int[stages];
    for (int s = 0; s < stages; s++) {
      choice[s] = group.index(s)[output];
    }
    if (stages <= MOST_EXHAUSTED_STAGES && size <= LARGEST_EXHAUSTED) {
      double[] gain = {Double.NEGATIVE_INFINITY};
      exhaust(dots, 0, new Elimination(), new int[stages], choice, gain);
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

  private void exhaust(
      double[][] dots, int stage, Elimination elimination, int[] trial, int[] best, double[] gain) {
    if (stage == stages) {
      if (elimination.gain() > gain[0]) {
        gain[0] = elimination.gain();
        System.arraycopy(trial, 0, best, 0, stages);
      }
      return;
    }
    for (int k = 0; k < size; k++) {
      trial[stage] = k;
      elimination.set(stage, trial, dots[stage][k]);
      exhaust(dots, stage + 1, elimination, trial, best, gain);
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

  /** The reduction of the error by the best scales for these codewords. */
  private double gain(double[][] dots, int[] choice) {
    Elimination elimination = new Elimination();
    for (int s = 0; s < stages; s++) {
      elimination.set(s, choice, dots[s][choice[s]]);
    }
    return elimination.gain();
  }

  /**
   * The Cholesky factorisation of the normal equations for the scales, stage by stage: a stage is
   * set in view of those before it. The reduction of the error by the best scales adds up on the
   * way.
   */
  private final class Elimination {
    private final double[][] l = new double[stages][stages];
    private final double[] y = new double[stages];
    private final double[] gain = new double[stages];

    /** Sets the codeword of a stage; those of later stages are open again. */
    void set(int stage, int[] choice, double dot) {
      double[] row = l[stage];
      double square = products[stage][stage][choice[stage] * size + choice[stage]];
      double rest = square;
      double right = dot;
      for (int r = 0; r < stage; r++) {
        double value = products[stage][r][choice[stage] * size + choice[r]];
        for (int q = 0; q < r; q++) {
          value -= row[q] * l[r][q];
        }
        // A codeword that the others can stand for has no pivot and adds nothing.
        row[r] = l[r][r] > 0 ? value / l[r][r] : 0;
        rest -= row[r] * row[r];
        right -= row[r] * y[r];
      }
      boolean adds = rest > 1e-9 * square;
      row[stage] = adds ? Math.sqrt(rest) : 0;
      y[stage] = adds ? right / row[stage] : 0;
      gain[stage] = (stage == 0 ? 0 : gain[stage - 1]) + y[stage] * y[stage];
    }

    /** The reduction of the error by all stages together. */
    double gain() {
      return gain[stages - 1];
    }
  }
}
