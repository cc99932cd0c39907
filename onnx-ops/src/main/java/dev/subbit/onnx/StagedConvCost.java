package dev.subbit.onnx;

import java.util.List;

/**
 * Says where the kernels of {@code StagedSubBitConv} are faster than a float convolution is with
 * the sum of the stages.
 *
 * <p>Both are counted, not measured, so that the same model is written on every machine: for one
 * input channel and a vector of 16 pixels, the loads of maps (docs/OPERATORS.md, "Maps") beside the
 * multiply-adds of the float convolution, two of which a processor does per load. Measured times
 * favour the kernels more than these counts do; docs/QUANTIZING.md, "How many bits", has them.
 */
public final class StagedConvCost {

  /** Lanes of the widest vectors, in floats. */
  private static final int LANES = 16;

  /** With fewer input channels, writing the output takes a large part of the time of either. */
  private static final int LEAST_CHANNELS = 16;

  /** The most of the float convolution's count with which kernels were never slower (Zen 4). */
  private static final double MOST_COST = 1.16;

  private StagedConvCost() {}

  /**
   * What a convolution gives.
   *
   * @param rows rows of its output.
   * @param columns columns of its output.
   */
  public record Output(long rows, long columns) {}

  /**
   * Whether the kernels are faster.
   *
   * @param weights the weights.
   * @param group number of groups.
   * @param outputs of the convolutions that read the weights; empty if images are large or their
   *     sizes unknown.
   * @return true for several stages of signs that kernels are faster for.
   */
  public static boolean isLess(CodedWeights weights, int group, List<Output> outputs) {
    return weights.stages() > 1
        && weights.isSigns()
        && weights.shape()[1] >= LEAST_CHANNELS
        && cost(weights, group) * waste(outputs) <= MOST_COST;
  }

  /** The loads of the kernels over those that the float convolution has the time of. */
  private static double cost(CodedWeights weights, int group) {
    double outputs = (double) weights.rows() / group;
    double codewords = Math.min(outputs, 1 << weights.tau());
    double rows = 48 + 3 * outputs;
    double halves = 96 + 2 * outputs;
    double responses = 32 + 4 * codewords + outputs;
    double loads = weights.stages() * Math.min(Math.min(rows, halves), responses);
    return loads / (9 * outputs / 2);
  }

  /**
   * Lanes over pixels. Rows lie one behind the other, two padded pixels between them, and the last
   * vector is not full.
   */
  private static double waste(List<Output> outputs) {
    double pixels = 0;
    double lanes = 0;
    for (Output output : outputs) {
      long positions = (output.rows - 1) * (output.columns + 2) + output.columns;
      pixels += (double) output.rows * output.columns;
      lanes += (positions + LANES - 1) / LANES * LANES;
    }
    return pixels > 0 ? lanes / pixels : 1;
  }
}
