package dev.subbit.tribuo.quantizer.fit;

import dev.subbit.onnx.Codebook;
import dev.subbit.tribuo.codebook.CodebookTaps;
import java.util.SplittableRandom;

/** Codebooks of codewords drawn at random. */
final class RandomTaps {

  private RandomTaps() {}

  /** The taps of one codebook per stage. */
  static float[][] of(int stages, int tau, SplittableRandom rng) {
    float[][] taps = new float[stages][];
    for (int s = 0; s < stages; s++) {
      int[] codewords =
          rng.ints(0, 1 << Codebook.TAPS).distinct().limit(1 << tau).sorted().toArray();
      taps[s] = CodebookTaps.of(new Codebook(tau, codewords));
    }
    return taps;
  }

  /** A group with codewords and scales drawn at random. */
  static Group group(ErrorForm form, int stages, int tau, SplittableRandom rng) {
    Group group = new Group(form, stages);
    for (int s = 0; s < stages; s++) {
      for (int i = 0; i < group.index(s).length; i++) {
        group.index(s)[i] = rng.nextInt(1 << tau);
      }
      for (int o = 0; o < group.scale(s).length; o++) {
        group.scale(s)[o] = (float) rng.nextDouble(-1, 1);
      }
    }
    return group;
  }

  /** v H v^T - 2 v b^T over all outputs. */
  static double error(ErrorForm form, float[] v) {
    double error = 0;
    for (int o = 0; o < form.outputs(); o++) {
      for (ErrorForm.Block block : form.blocks()) {
        int n = block.columns();
        int at = o * form.columns() + block.firstColumn();
        for (int i = 0; i < n; i++) {
          double sum = -2 * form.target()[at + i];
          for (int j = 0; j < n; j++) {
            sum += (double) block.h()[i * n + j] * v[at + j];
          }
          error += sum * v[at + i];
        }
      }
    }
    return error;
  }
}
