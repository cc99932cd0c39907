package dev.subbit.tribuo.training.metrics;

/**
 * Sums over the steps of an epoch so far.
 *
 * @param steps number of steps made.
 * @param images images of these steps.
 * @param loss sum of the steps' losses.
 * @param correct images classified correctly, before their step's update.
 * @param codewordsChanged codewords that refinements changed, each counted at every change.
 * @param seconds time spent, including that of an interrupted run.
 */
public record EpochSums(
    int steps, long images, double loss, long correct, long codewordsChanged, double seconds) {

  /** The sums of an epoch that has not begun. */
  public static final EpochSums NONE = new EpochSums(0, 0, 0, 0, 0, 0);

  /**
   * Adds one step to the sums.
   *
   * @param stepImages its images.
   * @param stepLoss its loss.
   * @param stepCorrect its images classified correctly.
   * @param stepCodewordsChanged codewords that it changed.
   * @param secondsNow time spent on the epoch, this step included.
   * @return the sums with it.
   */
  public EpochSums plus(
      int stepImages,
      double stepLoss,
      int stepCorrect,
      int stepCodewordsChanged,
      double secondsNow) {
    return new EpochSums(
        steps + 1,
        images + stepImages,
        loss + stepLoss,
        correct + stepCorrect,
        codewordsChanged + stepCodewordsChanged,
        secondsNow);
  }

  /**
   * Mean loss of the steps.
   *
   * @return NaN before the first step.
   */
  public double meanLoss() {
    return loss / steps;
  }

  /**
   * Share of the images that were classified correctly.
   *
   * @return 0 to 1, or NaN before the first step.
   */
  public double accuracy() {
    return (double) correct / images;
  }

  /**
   * Training speed.
   *
   * @return images per second.
   */
  public double imagesPerSecond() {
    return images / seconds;
  }
}
