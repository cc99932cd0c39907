package dev.subbit.tribuo.quantizer.fit;

/**
 * Finds the codewords k_s, one per stage, for which {@code v^T M v - 2 v.p} is least, where v is
 * the sum of the scaled codewords. M is fixed for an instance; it is set by {@link #prepare}. With
 * small codebooks, stages are chosen in pairs, with all pairs of codewords compared; else one at a
 * time. Not safe for use by many threads.
 */
final class KernelChoice {

  /** Largest codebook whose pairs of codewords are all compared. */
  private static final int LARGEST_PAIRED = 64;

  /** Number of times that every stage or pair is chosen again. */
  private static final int SWEEPS = 2;

  private final float[][] taps;
  private final int width;
  private final int stages;
  private final int size;
  private final boolean paired;
  // Of the prepared M: k^T M k, and k^T M k' of two stages.
  private final float[][] squares;
  private final float[][][] crosses;
  private final float[] matrix;
  private final float[][] dots;
  private final float[] linear;
  private final float[] linear2;
  private final float[] rest;

  /**
   * Prepares a choice among the codewords of some codebooks.
   *
   * @param taps of each stage: 2^tau codewords.
   * @param width values of a codeword.
   */
  KernelChoice(float[][] taps, int width) {
    this.taps = taps;
    this.width = width;
    this.matrix = new float[width * width];
    this.rest = new float[width];
    this.stages = taps.length;
    this.size = taps[0].length / width;
    this.paired = stages > 1 && size <= LARGEST_PAIRED;
    this.squares = new float[stages][size];
    this.crosses = paired ? new float[stages][stages][size * size] : null;
    this.dots = new float[stages][size];
    this.linear = new float[size];
    this.linear2 = new float[size];
  }

  /**
   * Sets M for the following choices.
   *
   * @param m [width, width], symmetric.
   */
  void prepare(float[] m) {
    System.arraycopy(m, 0, matrix, 0, m.length);
    float[] product = new float[width];
    for (int s = 0; s < stages; s++) {
      for (int k = 0; k < size; k++) {
        multiply(taps[s], k * width, product);
        squares[s][k] = dot(taps[s], k * width, product);
        for (int r = 0; paired && r < s; r++) {
          for (int j = 0; j < size; j++) {
            float cross = dot(taps[r], j * width, product);
            crosses[s][r][k * size + j] = cross;
            crosses[r][s][j * size + k] = cross;
          }
        }
      }
    }
  }

  private void multiply(float[] vector, int from, float[] product) {
    for (int i = 0; i < width; i++) {
      float sum = 0;
      for (int j = 0; j < width; j++) {
        sum += matrix[i * width + j] * vector[from + j];
      }
      product[i] = sum;
    }
  }

  private float dot(float[] a, int from, float[] b) {
    float sum = 0;
    for (int t = 0; t < width; t++) {
      sum += a[from + t] * b[t];
    }
    return sum;
  }

  /**
   * Chooses the codewords of one kernel.
   *
   * @param p [width].
   * @param scale of each stage.
   * @param choice of each stage, the codewords to start from; replaced by better ones, or kept.
   */
  void choose(float[] p, float[] scale, int[] choice) {
    if (stages == 1) {
      choice[0] = single(0, p, scale[0]);
      return;
    }
    if (!paired) {
      for (int sweep = 0; sweep < SWEEPS; sweep++) {
        for (int s = 0; s < stages; s++) {
          choice[s] = single(s, without(s, p, scale, choice), scale[s]);
        }
      }
      return;
    }
    for (int s = 0; s < stages; s++) {
      for (int k = 0; k < size; k++) {
        dots[s][k] = dot(taps[s], k * width, p);
      }
    }
    int sweeps = stages == 2 ? 1 : SWEEPS;
    for (int sweep = 0; sweep < sweeps; sweep++) {
      for (int s = 0; s < (stages == 2 ? 1 : stages); s++) {
        choosePair(s, (s + 1) % stages, scale, choice);
      }
    }
  }

  private float[] without(int stage, float[] p, float[] scale, int[] choice) {
    float[] others = new float[width];
    for (int s = 0; s < stages; s++) {
      for (int t = 0; s != stage && t < width; t++) {
        others[t] += scale[s] * taps[s][choice[s] * width + t];
      }
    }
    multiply(others, 0, rest);
    for (int t = 0; t < width; t++) {
      rest[t] = p[t] - rest[t];
    }
    return rest;
  }

  private int single(int stage, float[] p, float scale) {
    float best = Float.POSITIVE_INFINITY;
    int found = 0;
    for (int k = 0; k < size; k++) {
      float cost = scale * scale * squares[stage][k] - 2 * scale * dot(taps[stage], k * width, p);
      if (cost < best) {
        best = cost;
        found = k;
      }
    }
    return found;
  }

  private void choosePair(int first, int second, float[] scale, int[] choice) {
    linearCosts(first, second, scale, choice, linear);
    linearCosts(second, first, scale, choice, linear2);
    float both = 2 * scale[first] * scale[second];
    float[] cross = crosses[first][second];
    float best = Float.POSITIVE_INFINITY;
    for (int k = 0; k < size; k++) {
      for (int j = 0; j < size; j++) {
        float cost = linear[k] + linear2[j] + both * cross[k * size + j];
        if (cost < best) {
          best = cost;
          choice[first] = k;
          choice[second] = j;
        }
      }
    }
  }

  /** The cost of a codeword of one stage, given those of all stages but itself and its partner. */
  private void linearCosts(int stage, int partner, float[] scale, int[] choice, float[] costs) {
    float a = scale[stage];
    for (int k = 0; k < size; k++) {
      float cost = a * a * squares[stage][k] - 2 * a * dots[stage][k];
      for (int r = 0; r < stages; r++) {
        if (r != stage && r != partner) {
          cost += 2 * a * scale[r] * crosses[stage][r][k * size + choice[r]];
        }
      }
      costs[k] = cost;
    }
  }
}
