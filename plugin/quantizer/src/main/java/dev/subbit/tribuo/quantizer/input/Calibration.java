package dev.subbit.tribuo.quantizer.input;

import dev.subbit.tribuo.quantizer.graph.Feed;
import java.util.List;

/**
 * The inputs that a quantization works with.
 *
 * @param fit batches that the weights are fitted to.
 * @param heldOut batches of other samples, that the result is measured on; empty where there are
 *     too few samples to hold any out.
 * @param fitSamples number of samples in {@code fit}.
 * @param heldOutSamples number of samples in {@code heldOut}.
 */
public record Calibration(List<Feed> fit, List<Feed> heldOut, int fitSamples, int heldOutSamples) {

  // Copies the lists, so that the calibration stays as it was made.
  public Calibration {
    fit = List.copyOf(fit);
    heldOut = List.copyOf(heldOut);
  }

  /**
   * Takes batches of which none is held out.
   *
   * @param fit the batches.
   * @return the calibration, which counts each batch for a sample.
   */
  public static Calibration of(List<Feed> fit) {
    return new Calibration(fit, List.of(), fit.size(), 0);
  }

  /**
   * The batches to measure a result on.
   *
   * @return those held out; if there are none, those of the fit.
   */
  public List<Feed> measured() {
    return heldOut.isEmpty() ? fit : heldOut;
  }
}
