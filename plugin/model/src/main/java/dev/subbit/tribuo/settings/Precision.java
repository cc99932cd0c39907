package dev.subbit.tribuo.settings;

/** The numbers that the convolutions of a training step compute with. */
public enum Precision {
  /** 32 bits throughout. */
  FLOAT32,
  /**
   * Convolutions and their gradients read and write bfloat16: 8 bits of exponent, as float32, and 8
   * bits of mantissa. Everything else stays in float32: variables, the optimiser, batch
   * normalisation and its statistics, the loss, and all that predicts.
   *
   * <p>Source: Kalamkar et al., "A Study of BFLOAT16 for Deep Learning Training" (2019).
   */
  BFLOAT16
}
