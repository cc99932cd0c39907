package dev.subbit.tribuo.training.internal.codebook;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.subbit.onnx.Codebook;
import dev.subbit.tribuo.codebook.KernelAssignment;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class LatentKernelsTest {

  private static final int KERNELS = 200;

  @Test
  void theCodewordsStayTheNearestAndLatentKernelsLieTowardsTheWantedOnes() {
    SplittableRandom rng = new SplittableRandom(6);
    Codebook codebook = new Codebook(4, rng.ints(0, 512).distinct().limit(16).toArray());
    int[] codewords = new int[KERNELS];
    float[] given = new float[KERNELS * Codebook.TAPS];
    float[] wanted = new float[given.length];
    for (int i = 0; i < given.length; i++) {
      int kernel = i / Codebook.TAPS;
      if (i % Codebook.TAPS == 0) {
        codewords[kernel] = rng.nextInt(codebook.size());
      }
      given[i] = 0.5f * codebook.tap(codewords[kernel], i % Codebook.TAPS);
      wanted[i] = given[i] + (float) rng.nextDouble(-1, 1);
    }
    float[] latent = LatentKernels.towards(codebook, codewords, given, wanted);
    assertArrayEquals(codewords, KernelAssignment.nearest(codebook, latent));
    double before = 0;
    double after = 0;
    for (int i = 0; i < latent.length; i++) {
      before += Math.abs(wanted[i] - given[i]);
      after += Math.abs(wanted[i] - latent[i]);
      assertTrue(Math.min(given[i], wanted[i]) - 1e-6 <= latent[i], "tap " + i);
      assertTrue(latent[i] <= Math.max(given[i], wanted[i]) + 1e-6, "tap " + i);
    }
    assertTrue(after < before / 2, after + " of " + before);
  }
}
