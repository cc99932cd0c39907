package dev.subbit.cli.bench;

import dev.subbit.onnx.Codebook;
import dev.subbit.onnx.PackedConvWeights;
import java.util.Arrays;
import java.util.Random;

/** Random sub-bit weights for benchmarks. */
final class RandomWeights {

  private RandomWeights() {}

  /**
   * Draws weights: a random codebook and random indices, under a scale that keeps the size of the
   * values from layer to layer.
   *
   * @param in input channels.
   * @param out output channels.
   * @param tau bits of an index, 1 to 9.
   * @param random the generator that they are drawn from.
   * @return the weights.
   */
  static PackedConvWeights draw(int in, int out, int tau, Random random) {
    int[] codewords = random.ints(0, 1 << Codebook.TAPS).distinct().limit(1L << tau).toArray();
    int[] indices = random.ints((long) out * in, 0, 1 << tau).toArray();
    float[] scale = new float[out];
    Arrays.fill(scale, (float) (1 / Math.sqrt(in * Codebook.TAPS)));
    return PackedConvWeights.pack(in, new Codebook(tau, codewords), indices, scale);
  }
}
