package dev.subbit.tribuo.training.internal.tuning;

import dev.subbit.onnx.Codebook;
import dev.subbit.tribuo.codebook.KernelAssignment;

/**
 * Makes latent weights for a convolution that has sub-bit weights already: training that starts
 * from them starts with its codewords and scales.
 */
final class LatentWeights {

  /** Shares of the float kernel in the latent one that are tried, the largest first. */
  private static final float[] SHARES = {1, 0.5f, 0.25f, 0.125f, 0};

  /** Keeps a kernel off the border to the next codeword. */
  private static final float MARGIN = 0.9f;

  private LatentWeights() {}

  /**
   * Makes latent weights. Each kernel lies between the float kernel and its codeword, as near to
   * the float one as the codeword stays the nearest; so taps that were close to zero flip first.
   *
   * @param codebook the codebook that training starts from.
   * @param given the sub-bit weights, dense, [out, in, 3, 3].
   * @param wanted the float weights that they replace, of the same shape.
   * @param out output channels.
   * @return weights of the same shape; the mean magnitude in each output channel is that of the
   *     given ones.
   */
  static float[] of(Codebook codebook, float[] given, float[] wanted, int out) {
    int[] codewords = KernelAssignment.nearest(codebook, given);
    float[] latent = given.clone();
    boolean[] found = new boolean[codewords.length];
    for (float share : SHARES) {
      int[] nearest = KernelAssignment.nearest(codebook, between(given, wanted, share));
      float[] kept = between(given, wanted, share * MARGIN);
      for (int kernel = 0; kernel < found.length; kernel++) {
        if (!found[kernel] && nearest[kernel] == codewords[kernel]) {
          found[kernel] = true;
          System.arraycopy(
              kept, kernel * Codebook.TAPS, latent, kernel * Codebook.TAPS, Codebook.TAPS);
        }
      }
    }
    int each = latent.length / out;
    for (int o = 0; o < out; o++) {
      double size = meanMagnitude(latent, o * each, each);
      double factor = size > 0 ? meanMagnitude(given, o * each, each) / size : 0;
      for (int i = o * each; i < (o + 1) * each; i++) {
        latent[i] = (float) (latent[i] * factor);
      }
    }
    return latent;
  }

  private static float[] between(float[] from, float[] to, float share) {
    float[] between = new float[from.length];
    for (int i = 0; i < between.length; i++) {
      between[i] = from[i] + share * (to[i] - from[i]);
    }
    return between;
  }

  private static double meanMagnitude(float[] values, int first, int count) {
    double sum = 0;
    for (int i = first; i < first + count; i++) {
      sum += Math.abs(values[i]);
    }
    return sum / count;
  }
}
