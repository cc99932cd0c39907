package dev.subbit.tribuo.quantizer.input;

import dev.subbit.tribuo.quantizer.graph.Feed;
import java.util.ArrayList;
import java.util.List;

/**
 * The inputs that a quantization works with.
 *
 * @param fit batches that the weights are fitted to.
 * @param choice batches of other samples, that stages or files are chosen by; empty where nothing
 *     is to be chosen, or where there are too few samples.
 * @param heldOut batches of still other samples, that the result is measured on; empty where there
 *     are too few samples to hold any out.
 * @param fitSamples number of samples in {@code fit}.
 * @param choiceSamples number of samples in {@code choice}.
 * @param heldOutSamples number of samples in {@code heldOut}.
 */
public record Calibration(
    List<Feed> fit,
    List<Feed> choice,
    List<Feed> heldOut,
    int fitSamples,
    int choiceSamples,
    int heldOutSamples) {

  // Copies the lists, so that the calibration stays as it was made.
  public Calibration {
    fit = List.copyOf(fit);
    choice = List.copyOf(choice);
    heldOut = List.copyOf(heldOut);
  }

  /**
   * Inputs for a quantization that has nothing to choose.
   *
   * @param fit batches that the weights are fitted to.
   * @param heldOut batches that the result is measured on.
   * @param fitSamples number of samples in {@code fit}.
   * @param heldOutSamples number of samples in {@code heldOut}.
   */
  public Calibration(List<Feed> fit, List<Feed> heldOut, int fitSamples, int heldOutSamples) {
    this(fit, List.of(), heldOut, fitSamples, 0, heldOutSamples);
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
   * A part of the samples to fit to, for work that needs fewer.
   *
   * @param samples about how many, 1 or more; batches are not cut.
   * @return batches spread evenly over all; the same samples are held out and chosen by.
   */
  public Calibration part(int samples) {
    if (fitSamples <= samples) {
      return this;
    }
    List<Feed> some = new ArrayList<>();
    int taken = 0;
    int count = Math.max(1, (int) ((long) fit.size() * samples / fitSamples));
    for (int i = 0; i < count; i++) {
      Feed feed = fit.get((int) ((long) i * fit.size() / count));
      some.add(feed);
      taken += (int) feed.samples();
    }
    return new Calibration(some, choice, heldOut, taken, choiceSamples, heldOutSamples);
  }

  /**
   * The same inputs for a model that is not fitted to any of them, so that it can be measured on
   * those too.
   *
   * @param most about how many of the samples to fit to are measured on besides, 1 or more.
   * @return all that is held out here, and samples to fit to; not those that choices are made by.
   */
  public Calibration unfitted(int most) {
    Calibration some = part(most);
    List<Feed> all = new ArrayList<>(heldOut);
    all.addAll(some.fit);
    return new Calibration(
        fit, choice, all, fitSamples, choiceSamples, heldOutSamples + some.fitSamples);
  }

  /**
   * The batches to choose by.
   *
   * @return those for it; if there are none, those that the result is measured on.
   */
  public List<Feed> toChooseBy() {
    return choice.isEmpty() ? measured() : choice;
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
