package dev.subbit.tribuo.settings;

/** How the 2^tau codewords of a layer are selected from the 512. */
public enum Selection {
  /** The codewords stay as they start. */
  FIXED,
  /** The codewords are refined tap by tap, as in "Sub-bit Neural Networks" (ICCV 2021). */
  REFINED,
  /**
   * The codewords are selected by a learnt permutation, as in "Sparse Kernel Selection" (CVPR
   * 2023).
   */
  PERMUTATION
}
