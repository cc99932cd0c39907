package dev.subbit.tribuo.settings;

/** The codewords that a layer's codebook starts with. */
public enum CodebookStart {
  /** Codewords drawn without repetition. */
  RANDOM,
  /**
   * The sign patterns that most of the layer's latent kernels have at the start. Worth something
   * where these were trained before, as float weights.
   */
  HISTOGRAM,
  /**
   * Codewords chosen so that the layer's latent kernels, as they are at the start, lie near to
   * them.
   */
  CLUSTERED
}
