package dev.subbit.tribuo.settings;

/** The codewords that a layer's codebook starts with. */
public enum CodebookStart {
  /** Codewords drawn without repetition. */
  RANDOM,
  /** Codewords fitted to the layer's latent kernels as they are at the start. */
  CLUSTERED
}
