package dev.subbit.tribuo.settings;

/** Where a layer's codebook starts. */
public enum CodebookStart {
  /** Codewords drawn without repetition. */
  RANDOM,
  /** Codewords fitted to the layer's latent kernels as they are at the start. */
  CLUSTERED
}
