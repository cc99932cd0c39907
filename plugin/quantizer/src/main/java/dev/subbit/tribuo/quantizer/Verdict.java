package dev.subbit.tribuo.quantizer;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;

/**
 * Whether a quantization was worth it, against the same model with 8-bit weights, which costs
 * nothing to make and loses next to nothing.
 *
 * <p>It was if the file is smaller and no output agrees worse, or if it has at most three quarters
 * of the bytes and every output is still close to the float model's: by 98 % equal decisions, or by
 * 15 dB where it gives no decisions.
 *
 * @param worthIt whether it was.
 * @param sentence the verdict with the reason, in one sentence.
 */
public record Verdict(boolean worthIt, String sentence) {

  /** With fewer equal decisions than this a quantization loses more than people accept. */
  private static final double LITTLE_LOST = 0.98;

  /** With less than this the error is more than a thirtieth of the signal's power. */
  private static final double CLOSE = 15;

  /** A file of more than this share of the int8 one is not worth any loss. */
  private static final double MUCH_SMALLER = 0.75;

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
    boolean smaller = bytes < twin.bytes();
    if (result.outputs().stream().allMatch(Verdict::saysNothing)) {
      return new Verdict(
          false,
          (smaller
                  ? "Undecided: the file is smaller ("
                  : "Not worth it: int8 weights make the file no larger (")
              + sizes
              + (smaller ? "), but" : "), and")
              + " no output could be compared on these inputs.");
    }
    boolean noWorse = isNoWorse(result.outputs(), twin.outputs());
    boolean muchSmaller = bytes <= MUCH_SMALLER * twin.bytes();
    boolean close = result.outputs().stream().allMatch(Verdict::isClose);
    String saved =
        String.format(Locale.ROOT, "%.0f %% smaller", 100 - 100.0 * bytes / twin.bytes());
    String words;
    if (!smaller) {
      words =
          "Not worth it: int8 weights make the file no larger"
              + (noWorse ? "" : " and the outputs closer");
    } else if (noWorse) {
      words = "Worth it: the file is " + saved + ", and int8 weights are no closer";
    } else if (!muchSmaller) {
      words =
          "Not worth it: int8 weights are the better choice, since they are closer and the file is"
              + " only "
              + saved;
    } else if (close) {
      words = "Worth it: the file is " + saved + " for a small loss";
    } else {
      words =
          "Worth it only if size counts more than closeness: the file is "
              + saved
              + ", and int8 weights are closer";
    }
    return new Verdict(
        smaller && (noWorse || muchSmaller && close),
        String.format(
            "%s (%s; %s against %s).",
            words, sizes, agreement(result.outputs()), agreement(twin.outputs())));
  }

  private static boolean decides(OutputAgreement output) {
    return !Double.isNaN(output.getDrop());
  }

  private static boolean saysNothing(OutputAgreement output) {
    return !decides(output) && Double.isNaN(output.getSignalToNoise());
  }

  private static boolean isClose(OutputAgreement output) {
    return saysNothing(output)
        || (decides(output)
            ? 1 - output.getDrop() >= LITTLE_LOST
            : output.getSignalToNoise() >= CLOSE);
  }

  /** Whether each output is at least as close as in another model of the same outputs. */
  private static boolean isNoWorse(List<OutputAgreement> outputs, List<OutputAgreement> others) {
    for (int i = 0; i < outputs.size(); i++) {
      OutputAgreement own = outputs.get(i);
      OutputAgreement other = others.get(i);
      boolean noWorse =
          saysNothing(own)
              || (decides(own)
                  ? own.getDrop() <= other.getDrop()
                  : own.getSignalToNoise() >= other.getSignalToNoise());
      if (!noWorse) {
        return false;
      }
    }
    return true;
  }

  /** The worst of the outputs that give decisions, and of those that do not. */
  private static String agreement(List<OutputAgreement> outputs) {
    double kept = 1 - OutputAgreement.largestDrop(outputs);
    List<String> words = new ArrayList<>();
    if (!Double.isNaN(kept)) {
      words.add(String.format(Locale.ROOT, "%.1f %% equal decisions", 100 * kept));
    }
    outputs.stream()
        .filter(output -> !decides(output) && !saysNothing(output))
        .min(Comparator.comparing(OutputAgreement::getSignalToNoise))
        .ifPresent(
            output -> words.add(Decibels.text(output.getSignalToNoise(), output.getUncertainty())));
    return String.join(", ", words);
  }
}
