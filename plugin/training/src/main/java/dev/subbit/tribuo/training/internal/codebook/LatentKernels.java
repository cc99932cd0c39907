package dev.subbit.tribuo.training.internal.codebook;

import dev.subbit.onnx.Codebook;
import dev.subbit.tribuo.codebook.KernelAssignment;

/**
 * Latent weights behind codewords that are chosen already: training from them starts with these.
 */
public final class LatentKernels {

  /** Shares of the wanted kernel in the latent one that are tried, the largest first. */
  private static final float[] SHARES = {1, 0.5f, 0.25f, 0.125f, 0};

  /** Keeps a kernel off the border to the next codeword. */
  private static final float MARGIN = 0.9f;

  private LatentKernels() {}

  /**
   * Makes latent kernels. Each lies between the kernel that it has and the one that is wanted, as
   * near to the latter as its codeword stays the nearest; so the taps flip first that matter least.
   *
   * @param codebook the codebook.
   * @param codewords the index of each kernel's codeword, [kernels].
   * @param given for each kernel, a positive multiple of its codeword, [kernels, 9].
   * @param wanted the kernels that are wanted, of the same shape.
   * @return the latent kernels, of the same shape.
   */
  public static float[] towards(Codebook codebook, int[] codewords, float[] given, float[] wanted) {
    float[] latent = given.clone();
    boolean[] found = new boolean[codewords.length];
    for (float share : SHARES) {
      int[] nearest = KernelAssignment.nearest(codebook, between(given, wanted, share));
      float[] kept = between(given, wanted, share * MARGIN);
      for (int kernel = 0; kernel < found.length; kernel++) {
        if (!found[kernel] && nearest[kernel] == codewords[kernel]) {
          found[kernel] = true;
          int at = kernel * Codebook.TAPS;
          System.arraycopy(kept, at, latent, at, Codebook.TAPS);
        }
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
}
