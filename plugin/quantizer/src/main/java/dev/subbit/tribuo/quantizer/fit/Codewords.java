package dev.subbit.tribuo.quantizer.fit;

/** What the codewords of a layer hold. */
public enum Codewords {
  /** Signs, for 3x3 kernels: the kernels and the FPGA know no others. */
  SIGNS,
  /**
   * Numbers of 8 bits, for kernels of any size. An index costs the same, and the weights come much
   * nearer to the float ones, but nothing is faster than with those.
   */
  INT8
}
