package dev.subbit.tribuo.network;

/**
 * Scales and biases of a convolution on 8-bit activations: the bias is a whole number, added to the
 * sum of products before it is scaled.
 *
 * @param scale one per output channel.
 * @param bias one per output channel, in units of the input's scale times the channel's.
 */
public record IntegerWeights(float[] scale, int[] bias) {

  /**
   * Largest bias. The sum of a pixel's products, for up to 3,600 input channels below 2^23 with
   * weights of -1 and +1 and below 2^29 with weights up to 64, can be added to it without leaving
   * 32 bits.
   */
  private static final int MAX_BIAS = 1 << 30;

  /**
   * Rounds biases to whole numbers, in units of the input's scale times the channel's.
   *
   * @param scale one per output channel; may be negative or zero.
   * @param bias one per output channel.
   * @param inputScale scale of the input's quantized range, positive.
   * @return rounded biases, with the scales they belong to: the given ones, except for channels
   *     that are nearly dead.
   */
  public static IntegerWeights of(float[] scale, float[] bias, float inputScale) {
    float[] scales = scale.clone();
    int[] biases = new int[scales.length];
    for (int o = 0; o < scales.length; o++) {
      // A dead channel (scale near zero, yet a bias) has no unit to count its bias in. A larger
      // scale gives it one; what weights of -1 and +1 then add is below 1 % of the bias.
      float least = leastScale(bias[o], inputScale);
      if (Math.abs(scales[o]) < least) {
        scales[o] = Math.copySign(least, scales[o]);
      }
      if (bias[o] != 0) {
        double exact = bias[o] / ((double) inputScale * scales[o]);
        biases[o] = (int) Math.max(-MAX_BIAS, Math.min(MAX_BIAS, Math.rint(exact)));
      }
    }
    return new IntegerWeights(scales, biases);
  }

  /**
   * The least scale of a channel with which its bias can be counted.
   *
   * @param bias the bias.
   * @param inputScale scale of the input's quantized range, positive.
   * @return the scale; 0 without a bias.
   */
  public static float leastScale(float bias, float inputScale) {
    double least = Math.abs(bias) / ((double) inputScale * MAX_BIAS);
    return bias == 0 ? 0 : Math.nextUp((float) least);
  }
}
