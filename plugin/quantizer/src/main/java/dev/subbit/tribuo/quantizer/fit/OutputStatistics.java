package dev.subbit.tribuo.quantizer.fit;

import dev.subbit.onnx.CodedWeights;
import java.util.List;

/** Statistics of the outputs that the fitted weights give on the calibration data. */
final class OutputStatistics {

  private final float[] bias;
  private final float[] mean;
  private final float[] variance;
  private double signal;
  private double noise;

  OutputStatistics(List<Group> groups, float[][] taps, List<List<PatchMoments>> moments) {
    int outputs = groups.stream().mapToInt(group -> group.form().outputs()).sum();
    bias = new float[outputs];
    mean = new float[outputs];
    variance = new float[outputs];
    int first = 0;
    for (int g = 0; g < groups.size(); g++) {
      add(groups.get(g), taps, moments.get(g), first);
      first += groups.get(g).form().outputs();
    }
  }

  private void add(Group group, float[][] taps, List<PatchMoments> moments, int first) {
    ErrorForm form = group.form();
    int columns = form.columns();
    float[] values = group.values(taps);
    float[] products = form.times(values, form.outputs());
    for (int o = 0; o < form.outputs(); o++) {
      double energy = 0;
      double match = 0;
      double shift = 0;
      for (ErrorForm.Block block : form.blocks()) {
        for (int i = block.firstColumn(); i < block.firstColumn() + block.columns(); i++) {
          int at = o * columns + i;
          // H and b without what pulls them towards the float weights.
          energy += values[at] * (products[at] - block.damping() * values[at]);
          match += values[at] * (form.target()[at] - block.damping() * form.weights()[at]);
          shift += values[at] * patchMean(moments, form, i);
        }
      }
      double wanted = moments.get(0).outputMean(o);
      bias[first + o] = (float) (wanted - shift);
      mean[first + o] = (float) wanted;
      variance[first + o] = (float) Math.max(0, energy);
      signal += form.variance(o);
      noise += Math.max(0, form.variance(o) - 2 * match + energy);
    }
  }

  /** Mean of the patch value of an ordered column. */
  private static double patchMean(List<PatchMoments> moments, ErrorForm form, int column) {
    int width = form.width();
    int channel = form.channelAt(column / width);
    for (PatchMoments block : moments) {
      if (channel < block.vectors()) {
        return block.patchMean(channel * width + column % width);
      }
      channel -= block.vectors();
    }
    throw new AssertionError("No block holds channel " + channel);
  }

  StagedWeights with(CodedWeights weights) {
    double signalToNoise = noise > 0 ? 10 * Math.log10(signal / noise) : Double.POSITIVE_INFINITY;
    return new StagedWeights(weights, bias, mean, variance, signalToNoise);
  }
}
