package dev.subbit.tribuo.codebook;

import dev.subbit.onnx.Codebook;
import dev.subbit.tribuo.settings.Assignment;

/** Assigns codewords to kernels. */
public final class KernelAssignment {

  private KernelAssignment() {}

  /**
   * Gives every kernel its nearest codeword. All codewords have the same norm, so the nearest one
   * is the one with the largest inner product (Wang et al., equation 2); of several, the one with
   * the lowest index.
   *
   * @param codebook the codebook.
   * @param kernels finite weights, 9 per kernel, row-major; [out, in, 3, 3] gives indices in [out,
   *     in] order.
   * @return one index per kernel.
   * @throws IllegalArgumentException if the weights are not a whole number of kernels.
   */
  public static int[] nearest(Codebook codebook, float[] kernels) {
    if (kernels.length % Codebook.TAPS != 0) {
      throw new IllegalArgumentException(
          kernels.length + " weights are not a whole number of 3x3 kernels");
    }
    byte[] taps = codebook.toTaps();
    int[] indices = new int[kernels.length / Codebook.TAPS];
    for (int kernel = 0; kernel < indices.length; kernel++) {
      float best = Float.NEGATIVE_INFINITY;
      for (int word = 0; word < codebook.size(); word++) {
        float product = 0;
        for (int tap = 0; tap < Codebook.TAPS; tap++) {
          product += kernels[kernel * Codebook.TAPS + tap] * taps[word * Codebook.TAPS + tap];
        }
        if (product > best) {
          best = product;
          indices[kernel] = word;
        }
      }
    }
    return indices;
  }

  /**
   * Gives every kernel its codeword by a rule.
   *
   * @param assignment the rule.
   * @param codebook the codebook.
   * @param kernels finite weights, 9 per kernel, row-major.
   * @return one index per kernel.
   * @throws IllegalArgumentException if the weights are not a whole number of kernels.
   */
  public static int[] assign(Assignment assignment, Codebook codebook, float[] kernels) {
    return nearest(codebook, assignment == Assignment.SCALED ? clipped(kernels) : kernels);
  }

  /** Weights no larger than {@link Assignment#CLIP} times the mean of their kernel. */
  private static float[] clipped(float[] kernels) {
    float[] clipped = new float[kernels.length];
    for (int first = 0; first + Codebook.TAPS <= kernels.length; first += Codebook.TAPS) {
      float sum = 0;
      for (int i = first; i < first + Codebook.TAPS; i++) {
        sum += Math.abs(kernels[i]);
      }
      float bound = sum / Codebook.TAPS * Assignment.CLIP;
      for (int i = first; i < first + Codebook.TAPS; i++) {
        clipped[i] = Math.max(-bound, Math.min(bound, kernels[i]));
      }
    }
    return clipped;
  }
}
