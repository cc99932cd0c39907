package dev.subbit.tribuo.quantizer;

import dev.subbit.onnx.CodedWeights;
import dev.subbit.onnx.StoredSize;
import dev.subbit.tribuo.quantizer.fit.ConvFit;
import dev.subbit.tribuo.quantizer.graph.ConvLayer;
import dev.subbit.tribuo.quantizer.graph.GraphEdits;
import java.util.List;

/**
 * The result for one layer: its new form, its size and its error.
 *
 * @param name its name.
 * @param outChannels output channels.
 * @param inChannels input channels of one group.
 * @param kernel rows and columns of a kernel, such as {@code 3x3}.
 * @param weightsPerOutput weights of one output channel.
 * @param group number of groups.
 * @param folded number of nodes behind it that were folded in, such as batch normalisation.
 * @param sharing names of other convolutions that share its weights.
 * @param tau bits of an index.
 * @param stages number of sub-bit convolutions it is the sum of.
 * @param bitsPerWeight bits of the indices over the weights: stages * tau / 9 apart from padding to
 *     whole bytes; tau / 8 for kernels other than 3x3.
 * @param storedBitsPerWeight bits of indices, codebooks, scales and bias over the weights;
 *     codebooks count 8 bits per tap, as they are stored.
 * @param bytesBefore bytes of the float weights and biases.
 * @param bytesAfter bytes of indices, codebooks, scales and bias.
 * @param signalToNoise of the layer's outputs on the inputs that were measured on, against the
 *     float model's, in dB; the layers before are quantized, too.
 * @param patches number of patches of its input that it was fitted to.
 * @param plain whether its weights are those nearest to the float ones, since weights fitted to so
 *     few patches did worse on others.
 * @param noise noise over signal on the model's outputs if this layer alone is quantized, with 1,
 *     2, ... stages; empty if it was not measured.
 */
public record LayerResult(
    String name,
    int outChannels,
    int inChannels,
    String kernel,
    int weightsPerOutput,
    int group,
    int folded,
    List<String> sharing,
    int tau,
    int stages,
    double bitsPerWeight,
    double storedBitsPerWeight,
    long bytesBefore,
    long bytesAfter,
    double signalToNoise,
    long patches,
    boolean plain,
    double[] noise) {

  /** Fewer patches than this for each weight of an output say little about them. */
  private static final int ENOUGH_PATCHES = 4;

  // Copies the list, so that the result stays as it was made.
  public LayerResult {
    sharing = List.copyOf(sharing);
  }

  /**
   * Whether the calibration says too little about the layer for a good fit.
   *
   * @return true if it has fewer than four patches for each weight of an output.
   */
  public boolean hasFewPatches() {
    return patches < enoughPatches(weightsPerOutput);
  }

  static long enoughPatches(int weightsPerOutput) {
    return (long) ENOUGH_PATCHES * weightsPerOutput;
  }

  /** Number of biases, and of scales that a form has beside those of the stages. */
  private static int numbersBesideScales(
      ConvLayer layer, CodedWeights weights, GraphEdits.Form form) {
    boolean staged = layer.place().isMain() && weights.stages() > 1;
    int each =
        switch (form) {
          case STAGES -> staged ? weights.stages() : 1;
          case SUMMED -> staged ? 2 : 1;
          case COMPACT, DECODED -> 1;
        };
    return each * layer.outChannels();
  }

  static LayerResult of(
      ConvLayer layer,
      List<String> sharing,
      ConvFit.Chosen chosen,
      GraphEdits.Form form,
      long patches,
      double signalToNoise,
      double[] noise) {
    CodedWeights weights = chosen.weights().weights();
    StoredSize size = weights.size().withFloats(numbersBesideScales(layer, weights, form));
    return new LayerResult(
        layer.name(),
        layer.outChannels(),
        layer.inChannels(),
        layer.kernelHeight() + "x" + layer.kernelWidth(),
        layer.rowSize(),
        layer.attributes().group(),
        layer.folded().size(),
        sharing,
        weights.tau(),
        weights.stages(),
        size.indexBitsPerWeight(),
        size.storedBitsPerWeight(),
        (long) Float.BYTES * (layer.weightCount() + layer.outChannels()),
        size.bytes(),
        signalToNoise,
        patches,
        chosen.plain(),
        noise);
  }
}
