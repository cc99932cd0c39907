package dev.subbit.tribuo.export;

import dev.subbit.tribuo.network.IntegerForm;
import java.util.Arrays;
import java.util.Locale;

/**
 * Rounds the numbers of one layer to the integers of {@link IntegerForm}. Every method that cannot
 * do so throws a {@link DoesNotFitException} that names the layer and the value.
 */
final class FixedPoint {

  /** The largest magnitude of a parameter of 16 bits. */
  private static final int MOST = Short.MAX_VALUE;

  /** The operators multiply by 1/2^15 of a factor. */
  private static final int FACTOR_BITS = 15;

  private final String node;
  private final IntegerForm form;

  /**
   * Prepares the rounding of a layer's numbers.
   *
   * @param node name of the layer's node, for messages.
   * @param form how activations are held.
   */
  FixedPoint(String node, IntegerForm form) {
    this.node = node;
    this.form = form;
  }

  /** The number 2^fractionBits, which stands for 1. */
  double one() {
    return Math.scalb(1.0, form.fractionBits());
  }

  /** Values that are added to activations, rounded. */
  short[] summands(String what, double[] values) {
    short[] rounded = new short[values.length];
    for (int c = 0; c < rounded.length; c++) {
      double exact = Math.rint(values[c] * one());
      if (!(Math.abs(exact) <= MOST)) {
        throw doesNotFit(what, c, values[c], MOST / one());
      }
      rounded[c] = (short) exact;
    }
    return rounded;
  }

  /**
   * The least activations that are not negative once a shift has been added to them. One that no
   * activation reaches, or every activation, becomes the largest or the least.
   */
  short[] thresholds(float[] shift) {
    short[] thresholds = new short[shift.length];
    for (int c = 0; c < thresholds.length; c++) {
      double exact = Math.ceil(-shift[c] * one());
      thresholds[c] = (short) Math.max(Short.MIN_VALUE, Math.min(Short.MAX_VALUE, exact));
    }
    return thresholds;
  }

  /**
   * Factors of the operators' multiplication, rounded.
   *
   * @param what name of the parameter, for messages.
   * @param values the factors.
   * @param bits the integers that they multiply have been moved up by this many bits; down if
   *     negative.
   */
  short[] factors(String what, double[] values, int bits) {
    short[] rounded = new short[values.length];
    for (int c = 0; c < rounded.length; c++) {
      double exact = Math.rint(Math.scalb(values[c], FACTOR_BITS - bits));
      if (!(Math.abs(exact) <= MOST)) {
        throw doesNotFit(what, c, values[c], Math.scalb(MOST, bits - FACTOR_BITS));
      }
      rounded[c] = (short) exact;
    }
    return rounded;
  }

  /** Whether {@link #factors} takes some values. */
  static boolean areFactors(double[] values, int bits) {
    return Arrays.stream(values)
        .allMatch(value -> Math.abs(Math.rint(Math.scalb(value, FACTOR_BITS - bits))) <= MOST);
  }

  /** The fewest bits by which sums have to be moved down, and rounded, to fit 16 bits. */
  static int shiftToFit(long largestSum) {
    int shift = 0;
    long moved = largestSum;
    while (moved > MOST) {
      shift++;
      moved = (largestSum + (1L << (shift - 1))) >> shift;
    }
    return shift;
  }

  private DoesNotFitException doesNotFit(String what, int channel, double found, double most) {
    return new DoesNotFitException(
        String.format(
            Locale.ROOT,
            "Node '%s' in integers with %d fraction bits: %s of channel %d is %.6g, at most %.6g"
                + " fits",
            node,
            form.fractionBits(),
            what,
            channel,
            found,
            most));
  }
}
