package dev.subbit.cli.report;

import dev.subbit.tribuo.quantizer.Decibels;
import java.util.Locale;

/** Formats numbers for reports, the same way everywhere and in every locale. */
public final class Figures {

  private static final double WIDEST_BAR = 60;

  private Figures() {}

  /**
   * A share for a person.
   *
   * @param share 0 to 1; not a number where there is none.
   * @return percent with one decimal, or a dash.
   */
  public static String percent(double share) {
    return Double.isNaN(share) ? "-" : format("%.1f %%", 100 * share);
  }

  /**
   * A signal-to-noise ratio of the very samples that it is said of.
   *
   * @param ratio as {@link Decibels#text} takes it.
   * @return decibels with one decimal, or what they would say.
   */
  public static String decibels(double ratio) {
    return Decibels.text(ratio, 0);
  }

  /**
   * The width of a bar for a share, for the template {@code parts/bar.jte}.
   *
   * @param share 0 to 1; less counts as 0, more and what is not a number as 1.
   * @return units.
   */
  static String bar(double share) {
    return format("%.1f", WIDEST_BAR * (share <= 1 ? Math.max(0, share) : 1));
  }

  static String kilobytes(long bytes) {
    return format("%,.0f KB", bytes / 1000.0);
  }

  /** Formats a number of bits as bytes, with a decimal where there are few. */
  static String bytesOf(long bits) {
    double kilobytes = bits / 8e3;
    return kilobytes < 10
        ? format("%.1f KB", kilobytes)
        : kilobytes < 1e4 ? format("%,.0f KB", kilobytes) : format("%,.1f MB", kilobytes / 1e3);
  }

  static String times(long large, long small) {
    return format("%.1fx", (double) large / small);
  }

  /** A number of operations, in millions or billions. */
  static String operations(long count) {
    return count < 1_000_000_000 ? format("%.2f M", count / 1e6) : format("%.3f G", count / 1e9);
  }

  /** Formats a duration, with a precision that suits its length. */
  static String duration(double seconds) {
    if (seconds < 100) {
      return format("%.0f s", seconds);
    }
    long minutes = Math.round(seconds / 60);
    return minutes < 100 ? minutes + " min" : minutes / 60 + " h " + minutes % 60 + " min";
  }

  static String format(String pattern, Object... values) {
    return String.format(Locale.ROOT, pattern, values);
  }
}
