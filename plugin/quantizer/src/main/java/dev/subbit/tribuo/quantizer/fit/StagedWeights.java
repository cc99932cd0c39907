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
