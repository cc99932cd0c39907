package dev.subbit.tribuo.quantizer.fit;

import dev.subbit.onnx.Codebook;

/**
 * The settings for the fit of a convolution.
 *
 * @param tau bits of a codebook index, 1 to 9.
 * @param stages number of sub-bit convolutions that the convolution becomes the sum of, 1 to
 *     {@value #MAX_STAGES}.
 * @param rounds how often indices, scales and codebooks are fitted to each other, at least 1.
 * @param seed seed of the choice of the first codewords.
 * @param codewords what codewords hold.
 */
public record FitSettings(int tau, int stages, int rounds, long seed, Codewords codewords) {

  /** Largest number of stages. */
  public static final int MAX_STAGES = 8;

  // Checks the ranges.
  public FitSettings {
    if (tau < 1 || tau > Codebook.MAX_TAU) {
      throw new IllegalArgumentException("tau is " + tau + ", allowed are 1 to 9");
    }
    if (stages < 1 || stages > MAX_STAGES) {
      throw new IllegalArgumentException(
          "The number of stages is " + stages + ", allowed are 1 to " + MAX_STAGES);
    }
    if (rounds < 1) {
      throw new IllegalArgumentException("At least one round of fitting is needed");
    }
  }

  /**
   * Makes settings of codewords of signs.
   *
   * @param tau as above.
   * @param stages as above.
   * @param rounds as above.
   * @param seed as above.
   */
  public FitSettings(int tau, int stages, int rounds, long seed) {
    this(tau, stages, rounds, seed, Codewords.SIGNS);
  }

  /**
   * Returns these settings with another number of stages.
   *
   * @param number number of stages.
   * @return the settings.
   */
  public FitSettings withStages(int number) {
    return new FitSettings(tau, number, rounds, seed, codewords);
  }
}
