package dev.subbit.tribuo.quantizer.fit;

import dev.subbit.onnx.CodedWeights;
import dev.subbit.onnx.PackedConvWeights;
import java.util.List;

/**
 * Weights of one convolution as a sum of stages, and what they give.
 *
 * @param weights the weights.
 * @param bias one value per output channel.
 * @param mean mean of each output channel on the calibration data.
 * @param variance variance of each output channel on the calibration data.
 * @param signalToNoise variance of the wanted outputs over the mean squared error, in dB, on the
 *     calibration data; not finite where there is no error or no signal.
 */
public record StagedWeights(
    CodedWeights weights, float[] bias, float[] mean, float[] variance, double signalToNoise) {

  /**
   * Makes weights of sub-bit convolutions that are to be added.
   *
   * @param stages the summands, at least one; all of one shape.
   * @param bias as above.
   * @param mean as above.
   * @param variance as above.
   * @param signalToNoise as above.
   */
  public StagedWeights(
      List<PackedConvWeights> stages,
      float[] bias,
      float[] mean,
      float[] variance,
      double signalToNoise) {
    this(CodedWeights.of(stages), bias, mean, variance, signalToNoise);
  }

  /**
   * The same weights for another convolution that shares them, with a bias of its own.
   *
   * @param moments statistics of that convolution, as {@link ConvFit} takes them.
   * @return the weights with the bias that gives the wanted mean outputs there.
   */
  public StagedWeights withBiasFor(List<List<PatchMoments>> moments) {
    float[] dense = weights.toDense();
    float[] own = new float[bias.length];
    int columns = dense.length / bias.length;
    int first = 0;
    for (List<PatchMoments> group : moments) {
      int outputs = group.get(0).outputs();
      for (int o = first; o < first + outputs; o++) {
        double shift = 0;
        int at = o * columns;
        for (PatchMoments block : group) {
          // The last vector may reach beyond the row.
          for (int i = 0; i < block.columns() && at < (o + 1) * columns; i++) {
            shift += dense[at++] * block.patchMean(i);
          }
        }
        own[o] = (float) (group.get(0).outputMean(o - first) - shift);
      }
      first += outputs;
    }
    return new StagedWeights(weights, own, mean, variance, signalToNoise);
  }
}
