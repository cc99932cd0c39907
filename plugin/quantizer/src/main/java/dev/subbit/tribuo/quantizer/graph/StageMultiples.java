package dev.subbit.tribuo.quantizer.graph;

import dev.subbit.onnx.CodedWeights;
import dev.subbit.onnx.WholeWeights;

/**
 * The scales of several stages as whole multiples of one step per output, so that their sum has
 * weights of 8 bits.
 *
 * @param multiple whole numbers, [stages, rows]; the absolute values of a row add up to {@link
 *     WholeWeights#LARGEST} at most.
 * @param step what they are multiples of, one per row; 0 where all scales are.
 */
record StageMultiples(float[] multiple, float[] step) {

  /**
   * Chooses the multiples that come nearest to the scales: for each number of steps that the
   * largest weight may have, scales are rounded and the best step for them is taken.
   *
   * @param weights weights of signs.
   * @param least the least step of each row, such as {@link
   *     dev.subbit.tribuo.network.IntegerWeights#leastScale}.
   */
  static StageMultiples of(CodedWeights weights, float[] least) {
    float[] scale = weights.scale();
    int rows = weights.rows();
    StageMultiples chosen = new StageMultiples(new float[scale.length], new float[rows]);
    for (int row = 0; row < rows; row++) {
      double sum = 0;
      for (int i = row; i < scale.length; i += rows) {
        sum += Math.abs(scale[i]);
      }
      chosen.chooseNearest(scale, row, sum);
      if (chosen.step[row] < least[row]) {
        chosen.chooseFor(least[row], scale, row, sum);
      }
    }
    return chosen;
  }

  private void chooseNearest(float[] scale, int row, double sum) {
    double best = 0;
    for (int steps = 1; steps <= WholeWeights.LARGEST; steps++) {
      double product = 0;
      double square = 0;
      double largest = 0;
      for (int i = row; i < scale.length; i += step.length) {
        double whole = Math.rint(scale[i] * (steps / sum));
        product += scale[i] * whole;
        square += whole * whole;
        largest += Math.abs(whole);
      }
      // Signs of different stages hardly depend on each other: the squared errors of the scales,
      // whose sum is that of their squares less this, count alike.
      double explained = product * product / square;
      if (largest <= WholeWeights.LARGEST && explained > best) {
        best = explained;
        step[row] = (float) (product / square);
        for (int i = row; i < scale.length; i += step.length) {
          multiple[i] = (float) Math.rint(scale[i] * (steps / sum));
        }
      }
    }
  }

  private void chooseFor(float least, float[] scale, int row, double sum) {
    double steps = Math.min(1 / (double) least, WholeWeights.LARGEST / sum);
    step[row] = least;
    for (int i = row; i < scale.length; i += step.length) {
      multiple[i] = (int) (scale[i] * steps);
    }
  }
}
