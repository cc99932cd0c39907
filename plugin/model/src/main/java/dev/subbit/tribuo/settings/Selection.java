package dev.subbit.tribuo.settings;

/** How the 2^tau codewords of a layer are selected from the 512. */
public enum Selection {
  /** As they start, for good. */
  FIXED,
  /** Refined tap by tap, as in "Sub-bit Neural Networks" (ICCV 2021). */
  REFINED,
  /** By a learnt permutation, as in "Sparse Kernel Selection" (CVPR 2023). */
  PERMUTATION
}
