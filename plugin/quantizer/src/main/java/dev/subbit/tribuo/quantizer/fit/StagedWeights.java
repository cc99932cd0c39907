package dev.subbit.tribuo.quantizer.fit;

import dev.subbit.onnx.PackedConvWeights;
import java.util.List;

/**
 * Weights of one convolution as a sum of sub-bit ones.
 *
 * @param stages the summands, at least one; all of one shape.
 * @param bias one value per output channel.
 * @param mean mean of each output channel on the calibration data.
 * @param variance variance of each output channel on the calibration data.
 * @param signalToNoise variance of the wanted outputs over the mean squared error, in dB, on the
 *     calibration data; not finite where there is no error or no signal.
 */
public record StagedWeights(
    List<PackedConvWeights> stages,
    float[] bias,
    float[] mean,
    float[] variance,
    double signalToNoise) {

  // Copies the list, so that the weights stay as they were made.
  public StagedWeights {
    stages = List.copyOf(stages);
  }

  /**
   * The same weights for another convolution that shares them, with a bias of its own.
   *
   * @param moments statistics of that convolution, as {@link ConvFit} takes them.
   * @return the weights with the bias that gives the wanted mean outputs there.
   */
  public StagedWeights withBiasFor(List<List<PatchMoments>> moments) {
    float[] dense = toDense();
    float[] own = new float[bias.length];
    int columns = dense.length / bias.length;
    int first = 0;
    for (List<PatchMoments> group : moments) {
      int outputs = group.get(0).outputs();
      for (int o = first; o < first + outputs; o++) {
        double shift = 0;
        int at = o * columns;
        for (PatchMoments block : group) {
          for (int i = 0; i < block.columns(); i++) {
            shift += dense[at++] * block.patchMean(i);
          }
        }
        own[o] = (float) (group.get(0).outputMean(o - first) - shift);
      }
      first += outputs;
    }
    return new StagedWeights(stages, own, mean, variance, signalToNoise);
  }

  /**
   * The dense weights that these stand for.
   *
   * @return [outChannels, inChannels, 3, 3], row-major.
   */
  public float[] toDense() {
    float[] dense = stages.get(0).toDense();
    for (PackedConvWeights stage : stages.subList(1, stages.size())) {
      float[] summand = stage.toDense();
      for (int i = 0; i < dense.length; i++) {
        dense[i] += summand[i];
      }
    }
    return dense;
  }
}
