package dev.subbit.tribuo.quantizer;

import dev.subbit.onnx.StoredSize;
import dev.subbit.tribuo.quantizer.fit.StagedWeights;
import dev.subbit.tribuo.quantizer.graph.ConvLayer;

/**
 * The result for one layer: its new form, its size and its error.
 *
 * @param name its name.
 * @param outChannels output channels.
 * @param inChannels input channels of one group.
 * @param group number of groups.
 * @param foldedNorm whether a batch normalisation was folded in.
 * @param tau bits of an index.
 * @param stages number of sub-bit convolutions it is the sum of.
 * @param bitsPerWeight bits of the indices over the weights: stages * tau / 9 apart from padding to
 *     whole bytes.
 * @param storedBitsPerWeight bits of indices, codebooks, scales and bias over the weights;
 *     codebooks count 8 bits per tap, as they are stored.
 * @param bytesBefore bytes of the float weights and biases.
 * @param bytesAfter bytes of indices, codebooks, scales and bias.
 * @param signalToNoise of the layer's outputs on the calibration inputs, against the float model's,
 *     in dB.
 * @param noise noise over signal on the model's outputs if this layer alone is quantized, with 1,
 *     2, ... stages; empty if it was not measured.
 */
public record LayerResult(
    String name,
    int outChannels,
    int inChannels,
    int group,
    boolean foldedNorm,
    int tau,
    int stages,
    double bitsPerWeight,
    double storedBitsPerWeight,
    long bytesBefore,
    long bytesAfter,
    double signalToNoise,
    double[] noise) {

  static LayerResult of(ConvLayer layer, StagedWeights weights, double[] noise) {
    StoredSize size =
        weights.stages().stream()
            .map(StoredSize::of)
            .reduce(StoredSize.NONE, StoredSize::plus)
            .withBiases(layer.outChannels())
            .forWeights(layer.weightCount());
    return new LayerResult(
        layer.name(),
        layer.outChannels(),
        layer.inChannels(),
        layer.attributes().group(),
        layer.normNode() >= 0,
        weights.stages().get(0).codebook().tau(),
        weights.stages().size(),
        size.indexBitsPerWeight(),
        size.storedBitsPerWeight(),
        (long) Float.BYTES * (layer.weightCount() + layer.outChannels()),
        size.bytes(),
        weights.signalToNoise(),
        noise);
  }
}
