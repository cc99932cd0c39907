package dev.subbit.tribuo.training.internal.codebook;

import dev.subbit.onnx.Codebook;

/** Checks the gradient of a codebook's taps, as every learner needs it. */
final class TapGradient {

  private TapGradient() {}

  /**
   * Refuses a gradient of the wrong size, or one that is not finite.
   *
   * @throws IllegalArgumentException if it is wrong in either way.
   */
  static void check(float[] gradient, int codewords) {
    int taps = codewords * Codebook.TAPS;
    if (gradient.length != taps) {
      throw new IllegalArgumentException(
          taps + " taps need as many gradients, found " + gradient.length);
    }
    for (float g : gradient) {
      if (!Float.isFinite(g)) {
        throw new IllegalArgumentException("A codebook gradient is " + g);
      }
    }
  }
}
