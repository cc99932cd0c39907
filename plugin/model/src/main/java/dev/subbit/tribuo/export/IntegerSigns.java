package dev.subbit.tribuo.export;

import dev.subbit.onnx.PackedConvWeights;
import dev.subbit.tribuo.network.IntegerForm;
import dev.subbit.tribuo.network.Layer;
import dev.subbit.tribuo.network.Network;
import dev.subbit.tribuo.network.TrainedNetwork;

/**
 * What the two operators that convolve signs have in common.
 *
 * @param weights indices and codebook; the scales are in the multipliers.
 * @param threshold [C].
 * @param multiplier [O].
 * @param stride rows and columns from one position to the next.
 * @param shift bits by which sums are moved up: the most at which all fit 16 bits.
 */
record IntegerSigns(
    PackedConvWeights weights, short[] threshold, short[] multiplier, int stride, int shift) {

  private static final int MOST_SHIFT = 11;
  private static final int TAPS = 9;

  /**
   * Derives the integers of a convolution of signs.
   *
   * @param node the convolution.
   * @param threshold where its signs come from.
   * @param norm the batch normalisation behind it.
   * @param trained the network.
   * @param form how activations are held.
   */
  static IntegerSigns of(
      Network.Node node,
      BinaryLayers.Threshold threshold,
      FoldedNorm norm,
      TrainedNetwork trained,
      IntegerForm form) {
    Layer.Conv conv = (Layer.Conv) node.layer();
    PackedConvWeights weights = trained.packed().get(node.name());
    FixedPoint fixed = new FixedPoint(node.name(), form);
    float[] shift =
        threshold
            .shift()
            .map(added -> trained.floats().get(added.name() + "/shift"))
            .orElseGet(() -> new float[conv.in()]);
    float[] scale = weights.scale();
    double[] factors = new double[scale.length];
    for (int o = 0; o < factors.length; o++) {
      factors[o] = scale[o] * norm.factor()[o] * fixed.one();
    }
    int bits = shift(node.name(), conv.in());
    return new IntegerSigns(
        weights,
        fixed.thresholds(shift),
        fixed.factors("the multiplier", factors, bits),
        conv.stride(),
        bits);
  }

  private static int shift(String node, int inChannels) {
    int shift = MOST_SHIFT;
    while (shift >= 0 && (long) TAPS * inChannels << shift > Short.MAX_VALUE) {
      shift--;
    }
    if (shift < 0) {
      throw new IllegalArgumentException(
          "The network cannot run in integers because of node '"
              + node
              + "': it reads "
              + inChannels
              + " channels, at most "
              + Short.MAX_VALUE / TAPS
              + " are supported");
    }
    return shift;
  }
}
