package dev.subbit.tribuo.export;

import dev.subbit.onnx.PackedConvWeights;
import dev.subbit.tribuo.network.ConvChain;
import dev.subbit.tribuo.network.IntegerWeights;
import dev.subbit.tribuo.network.Layer;
import dev.subbit.tribuo.network.TrainedNetwork;

/**
 * Batch normalisation as the convolution before it can absorb it: the factor of {@link FoldedNorm}
 * multiplies float weights, or the scale of sub-bit ones, and its summand is the bias.
 */
final class FoldedConv {

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
    FoldedNorm norm = FoldedNorm.of(trained, chain.norm(), channels);
    factor = norm.factor();
    bias = new float[channels];
    for (int o = 0; o < channels; o++) {
      bias[o] = (float) norm.summand()[o];
      requireFinite(bias[o]);
    }
  }

  /** One summand per output channel; zeros where there is no batch normalisation. */
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

  /** Sub-bit weights, their scales multiplied by the factor. */
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
   * The convolution in integers: its weights, and its bias in units of the product of both scales.
   *
   * @param inputScale scale of the input's quantized range.
   * @return weights and bias.
   */
  Integers integers(float inputScale) {
    PackedConvWeights weights = packedWeights();
    IntegerWeights rounded = IntegerWeights.of(weights.scale(), bias, inputScale);
    for (float scale : rounded.scale()) {
      requireFinite(scale);
    }
    return new Integers(weights.withScale(rounded.scale()), rounded.bias());
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
