package dev.subbit.tribuo.cli;

import dev.subbit.onnx.Codebook;
import dev.subbit.onnx.PackedConvWeights;
import dev.subbit.tribuo.network.TrainedNetwork;

/**
 * What the weights of a network cost, as they are stored in an exported model.
 *
 * @param subBitWeights weights of the sub-bit layers.
 * @param indexBytes bytes of their index planes.
 * @param codebookBytes bytes of their codebooks, one a tap.
 * @param scaleBytes bytes of their scales, four an output channel.
 * @param floatParameters number of all other parameters.
 * @param floatBytes bytes of all other parameters.
 * @param bitsPerWeight bits of the index planes over the sub-bit weights.
 * @param bitsPerWeightAll the same with codebooks and scales counted in.
 */
record WeightCost(
    long subBitWeights,
    long indexBytes,
    long codebookBytes,
    long scaleBytes,
    long floatParameters,
    long floatBytes,
    double bitsPerWeight,
    double bitsPerWeightAll) {

  /**
   * Counts.
   *
   * @param network the network.
   * @return the cost.
   */
  static WeightCost of(TrainedNetwork network) {
    long weights = 0;
    long index = 0;
    long codebook = 0;
    long scale = 0;
    for (PackedConvWeights layer : network.packed().values()) {
      weights += (long) layer.outChannels() * layer.inChannels() * Codebook.TAPS;
      index += layer.index().length;
      codebook += (long) layer.codebook().size() * Codebook.TAPS;
      scale += (long) Float.BYTES * layer.outChannels();
    }
    long floats = network.floats().values().stream().mapToLong(values -> values.length).sum();
    double perWeight = weights == 0 ? 0 : 8.0 / weights;
    return new WeightCost(
        weights,
        index,
        codebook,
        scale,
        floats,
        Float.BYTES * floats,
        perWeight * index,
        perWeight * (index + codebook + scale));
  }
}
