package dev.subbit.tribuo.quantizer;

/** How the weights are stored that do not become sub-bit. */
public enum Rest {
  /** As they are. */
  FLOAT,
  /**
   * In 8 bits with one scale for each output channel, brought back to floats when the model is
   * loaded.
   */
  INT8
}
