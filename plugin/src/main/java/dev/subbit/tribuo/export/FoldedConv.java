package dev.subbit.tribuo.export;

import dev.subbit.onnx.PackedConvWeights;
import dev.subbit.tribuo.network.ConvChain;
import dev.subbit.tribuo.network.Layer;
import dev.subbit.tribuo.network.TrainedNetwork;
import java.util.Arrays;

/**
 * Batch normalisation as the convolution before it can absorb it: {@code gamma * (x - mean) /
 * sqrt(variance + epsilon) + beta = factor * x + bias}. The factor multiplies float weights, or the
 * scale of sub-bit ones; it may be negative or zero.
 */
final class FoldedConv {

  /**
   * Largest integer bias of an 8-bit convolution. The sum of a pixel's products, below 2^23 for up
   * to 3,600 input channels, can be added to it without leaving 32 bits.
   */
  private static final int MAX_INTEGER_BIAS = 1 << 30;

  private final String node;
  private final TrainedNetwork trained;
  private final double[] factor;
  private final float[] bias;

  /**
   * Folds the batch normalisation of a chain.
   *
   * @param trained the network.
   * @param chain a convolution of it.
   */
  FoldedConv(TrainedNetwork trained, ConvChain chain) {
    this.node = chain.conv().name();
    this.trained = trained;
    int channels = ((Layer.Conv) chain.conv().layer()).out();
    factor = new double[channels];
    bias = new float[channels];
    if (chain.norm().isEmpty()) {
      Arrays.fill(factor, 1);
      return;
    }
    String norm = chain.norm().get().name();
    float[] gamma = trained.floats().get(norm + "/gamma");
    float[] beta = trained.floats().get(norm + "/beta");
    float[] mean = trained.floats().get(norm + "/mean");
    float[] variance = trained.floats().get(norm + "/variance");
    for (int o = 0; o < channels; o++) {
      factor[o] = gamma[o] / Math.sqrt((double) variance[o] + Layer.BatchNorm.EPSILON);
      bias[o] = (float) (beta[o] - mean[o] * factor[o]);
      requireFinite(bias[o]);
    }
  }

  /** One summand an output channel; zeros where there is no batch normalisation. */
  float[] bias() {
    return bias;
  }

  /** Float weights, [out, in, kernel, kernel]. */
  float[] floatWeights() {
    float[] weights = trained.floats().get(node + "/weight").clone();
    int each = weights.length / factor.length;
    for (int i = 0; i < weights.length; i++) {
      weights[i] = (float) (weights[i] * factor[i / each]);
      requireFinite(weights[i]);
    }
    return weights;
  }

  /** Sub-bit weights. */
  PackedConvWeights packedWeights() {
    PackedConvWeights weights = trained.packed().get(node);
    float[] scale = weights.scale();
    for (int o = 0; o < scale.length; o++) {
      scale[o] = (float) (scale[o] * factor[o]);
      requireFinite(scale[o]);
    }
    return weights.withScale(scale);
  }

  /** Weights and bias of an 8-bit convolution; the bias is in units of input and weight scale. */
  record Integers(PackedConvWeights weights, int[] bias) {}

  /**
   * The convolution in integers.
   *
   * @param inputScale scale of the input's quantized range.
   * @return weights and bias.
   */
  Integers integers(float inputScale) {
    PackedConvWeights weights = packedWeights();
    float[] scale = weights.scale();
    int[] integerBias = new int[scale.length];
    for (int o = 0; o < scale.length; o++) {
      // A dead channel (scale near zero, yet a bias) has no unit to count its bias in. A larger
      // scale gives it one; what the weights then add is below 1 % of the bias.
      double smallest = Math.abs(bias[o]) / ((double) inputScale * MAX_INTEGER_BIAS);
      if (Math.abs(scale[o]) < smallest) {
        scale[o] = Math.copySign(Math.nextUp((float) smallest), scale[o]);
        requireFinite(scale[o]);
      }
      if (bias[o] != 0) {
        double exact = bias[o] / ((double) inputScale * scale[o]);
        integerBias[o] =
            (int) Math.max(-MAX_INTEGER_BIAS, Math.min(MAX_INTEGER_BIAS, Math.rint(exact)));
      }
    }
    return new Integers(weights.withScale(scale), integerBias);
  }

  private void requireFinite(float value) {
    if (!Float.isFinite(value)) {
      throw new IllegalStateException(
          "Folding the batch normalisation into '"
              + node
              + "' gives "
              + value
              + "; its parameters are too large");
    }
  }
}
