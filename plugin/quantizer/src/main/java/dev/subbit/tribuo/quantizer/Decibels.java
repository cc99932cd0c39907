package dev.subbit.tribuo.quantizer;

import java.util.Locale;

/** Writes ratios in decibels with no more digits than are known. */
public final class Decibels {

  /** Ratios that are less certain than this, in dB, are written as a range. */
  public static final double WELL_KNOWN = 1;

  /** In dB; less would be lost in the rounding. */
  private static final double LEAST = 0.1;

  private Decibels() {}

  /**
   * Writes a ratio that was measured on samples.
   *
   * @param ratio in dB; infinite where there is no noise, minus infinity where there is nothing but
   *     noise, not a number where nothing was compared.
   * @param uncertainty how far it may be off, in dB; 0 for a ratio of these very samples, not a
   *     number where it is not known.
   * @return the ratio with one decimal, with what it may be off by, or as a range of whole
   *     decibels; or what the special values say.
   */
  public static String text(double ratio, double uncertainty) {
    if (Double.isNaN(ratio)) {
      return "- (nothing to compare)";
    }
    if (Double.isInfinite(ratio)) {
      return ratio > 0 ? "exact" : "none (a constant, with noise)";
    }
    if (Double.isNaN(uncertainty)) {
      return format("about %.0f dB", ratio);
    }
    if (uncertainty > WELL_KNOWN) {
      return format(
          "%.0f to %.0f dB", Math.floor(ratio - uncertainty), Math.ceil(ratio + uncertainty));
    }
    return uncertainty < LEAST
        ? format("%.1f dB", ratio)
        : format("%.1f +- %.1f dB", ratio, uncertainty);
  }

  private static String format(String pattern, Object... values) {
    return String.format(Locale.ROOT, pattern, values);
  }
}
