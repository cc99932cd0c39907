package dev.subbit.tribuo.settings;

/** How the 8-bit range of an activation is chosen from its values on the calibration data. */
public enum Clipping {
  /** From the smallest to the largest value. */
  MIN_MAX,
  /** The range whose rounded values differ least from the values, in squares; cuts outliers. */
  LEAST_ERROR
}
