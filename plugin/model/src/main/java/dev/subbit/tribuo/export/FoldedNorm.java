package dev.subbit.tribuo.export;

import dev.subbit.tribuo.network.Layer;
import dev.subbit.tribuo.network.Network;
import dev.subbit.tribuo.network.TrainedNetwork;
import java.util.Arrays;
import java.util.Optional;

/**
 * Batch normalisation as a multiplication and an addition: {@code gamma * (x - mean) /
 * sqrt(variance + epsilon) + beta = factor * x + summand}.
 *
 * @param factor one per channel; may be negative or zero.
 * @param summand one per channel.
 */
record FoldedNorm(double[] factor, double[] summand) {

  /**
   * Folds the batch normalisation behind a layer.
   *
   * @param trained the network.
   * @param norm its batch normalisation; if there is none, nothing is changed by it.
   * @param channels the number of channels.
   */
  static FoldedNorm of(TrainedNetwork trained, Optional<Network.Node> norm, int channels) {
    double[] factor = new double[channels];
    double[] summand = new double[channels];
    if (norm.isEmpty()) {
      Arrays.fill(factor, 1);
      return new FoldedNorm(factor, summand);
    }
    String name = norm.get().name();
    float[] gamma = trained.floats().get(name + "/gamma");
    float[] beta = trained.floats().get(name + "/beta");
    float[] mean = trained.floats().get(name + "/mean");
    float[] variance = trained.floats().get(name + "/variance");
    for (int c = 0; c < channels; c++) {
      factor[c] = gamma[c] / Math.sqrt((double) variance[c] + Layer.BatchNorm.EPSILON);
      summand[c] = beta[c] - mean[c] * factor[c];
    }
    return new FoldedNorm(factor, summand);
  }

  /** Weights [channels, ...] of the layer in front, multiplied by the factors. */
  double[] fold(float[] weights) {
    int length = weights.length / factor.length;
    double[] folded = new double[weights.length];
    for (int i = 0; i < folded.length; i++) {
      folded[i] = weights[i] * factor[i / length];
    }
    return folded;
  }
}
