package dev.subbit.tribuo.training.internal.tuning;

import dev.subbit.onnx.Codebook;
import dev.subbit.tribuo.codebook.KernelAssignment;
import dev.subbit.tribuo.training.internal.codebook.LatentKernels;

/**
 * Makes latent weights for a convolution that has sub-bit weights already: training that starts
 * from them starts with its codewords and scales.
 */
final class LatentWeights {

  private LatentWeights() {}

  /**
   * Makes latent weights: {@linkplain LatentKernels kernels between} the float kernels and the
   * codewords, so that taps that were close to zero flip first.
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
    float[] latent = LatentKernels.towards(codebook, codewords, given, wanted);
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

  private static double meanMagnitude(float[] values, int first, int count) {
    double sum = 0;
    for (int i = first; i < first + count; i++) {
      sum += Math.abs(values[i]);
    }
    return sum / count;
  }
}
