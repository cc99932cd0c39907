package dev.subbit.tribuo.network;

/**
 * How a binary network holds its activations where it computes in integers from its pixels to its
 * logits: {@code real = stored / 2^fractionBits}, stored in {@code width} bits with sign. The
 * weights, scales and thresholds of a network of this form stay floats; the exporter derives all
 * integers from them, always the same ones.
 *
 * @param width bits of an activation, {@value #MIN_WIDTH} to {@value #MAX_WIDTH}. Larger values
 *     saturate.
 * @param fractionBits bits behind the binary point, {@value #MIN_FRACTION_BITS} to {@value
 *     #MAX_FRACTION_BITS}.
 */
public record IntegerForm(int width, int fractionBits) {

  /** Fewest bits of an activation. */
  public static final int MIN_WIDTH = 9;

  /** Most bits of an activation. */
  public static final int MAX_WIDTH = 16;

  /** Fewest bits behind the binary point. */
  public static final int MIN_FRACTION_BITS = 1;

  /** Most bits behind the binary point. */
  public static final int MAX_FRACTION_BITS = 14;

  // Checks that both numbers are in their bounds.
  public IntegerForm {
    if (width < MIN_WIDTH
        || width > MAX_WIDTH
        || fractionBits < MIN_FRACTION_BITS
        || fractionBits > MAX_FRACTION_BITS) {
      throw new IllegalArgumentException(
          "Not an integer form: width "
              + width
              + ", allowed are "
              + MIN_WIDTH
              + " to "
              + MAX_WIDTH
              + "; fraction bits "
              + fractionBits
              + ", allowed are "
              + MIN_FRACTION_BITS
              + " to "
              + MAX_FRACTION_BITS);
    }
  }

  /**
   * The largest stored value.
   *
   * @return {@code 2^(width - 1) - 1}.
   */
  public int largest() {
    return (1 << (width - 1)) - 1;
  }
}
