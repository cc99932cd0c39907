package dev.subbit.tribuo.quantizer;

import java.util.List;
import java.util.Locale;

/**
 * Whether a quantization was worth it, against the same model with 8-bit weights, which costs
 * nothing to make and loses next to nothing.
 *
 * @param worthIt whether it was.
 * @param sentence the verdict with the reason, in one sentence.
 */
public record Verdict(boolean worthIt, String sentence) {

  /** With fewer equal decisions than this a quantization loses more than people accept. */
  private static final double LITTLE_LOST = 0.98;

  /** With less than this the error is more than a thirtieth of the signal's power. */
  private static final double CLOSE = 15;

  /**
   * Judges a quantization.
   *
   * @param result the result.
   * @param bytes bytes of its file.
   * @return the verdict.
   */
  public static Verdict of(QuantizationResult result, long bytes) {
    if (result.layers().isEmpty() && !result.curve().isEmpty()) {
      return new Verdict(
          false,
          String.format(
              Locale.ROOT,
              "Not worth it: the smallest file within the drop has no sub-bit layers (%,d bytes"
                  + " against %,d with int8 weights; %s against %s).",
              bytes,
              result.int8().bytes(),
              agreement(result.outputs()),
              agreement(result.int8().outputs())));
    }
    if (result.layers().isEmpty()) {
      return new Verdict(
          false,
          "Not worth it: no convolution of this model is smaller as a sub-bit one; int8 weights are the"
              + " better choice.");
    }
    Int8Twin twin = result.int8();
    String sizes =
        String.format(Locale.ROOT, "%,d bytes against %,d with int8 weights", bytes, twin.bytes());
    double kept = 1 - OutputAgreement.largestDrop(result.outputs());
    double signal = OutputAgreement.leastSignal(result.outputs());
    boolean smaller = bytes < twin.bytes();
    if (Double.isNaN(kept) && Double.isNaN(signal)) {
      return new Verdict(
          false,
          (smaller
                  ? "Undecided: the file is smaller ("
                  : "Not worth it: int8 weights make the file no larger (")
              + sizes
              + (smaller ? "), but" : "), and")
              + " no output could be compared on these inputs.");
    }
    String agreement = agreement(result.outputs()) + " against " + agreement(twin.outputs());
    if (!smaller) {
      return new Verdict(
          false,
          "Not worth it: int8 weights make the file no larger and the outputs closer ("
              + sizes
              + "; "
              + agreement
              + ").");
    }
    boolean close = Double.isNaN(kept) ? signal >= CLOSE : kept >= LITTLE_LOST;
    return close
        ? new Verdict(
            true, "Worth it: the file is smaller (" + sizes + ") and close (" + agreement + ").")
        : new Verdict(
            false,
            "Worth it only if size counts more than closeness: the file is smaller ("
                + sizes
                + "), but int8 is closer ("
                + agreement
                + ").");
  }

  private static String agreement(List<OutputAgreement> outputs) {
    double kept = 1 - OutputAgreement.largestDrop(outputs);
    double signal = OutputAgreement.leastSignal(outputs);
    if (!Double.isNaN(kept)) {
      return String.format(Locale.ROOT, "%.1f %% equal decisions", 100 * kept);
    }
    return Double.isInfinite(signal) ? "exact" : String.format(Locale.ROOT, "%.1f dB", signal);
  }
}
