package dev.subbit.tribuo.training.metrics;

import java.util.List;

/**
 * What a range test found: the loss of a network whose learning rate grows from step to step.
 *
 * @param points the steps, with growing rates.
 * @param steepest the rate at which the smoothed loss falls most steeply over the logarithm of the
 *     rate.
 * @param lowest the rate at which the smoothed loss is lowest; from there on, training diverges.
 */
public record LearningRateRange(List<Point> points, double steepest, double lowest) {

  /** The points to either side between which a slope is taken. */
  private static final int REACH = 2;

  /**
   * One in so many of the points, at the beginning, has no slope: their averages are of few losses.
   */
  private static final int UNSETTLED = 8;

  /**
   * One step.
   *
   * @param learningRate its rate.
   * @param loss the loss of its batch, before its update.
   * @param smoothed the moving average of the losses up to it.
   */
  public record Point(double learningRate, double loss, double smoothed) {}

  // Copies the list, so that the result stays as it was made.
  public LearningRateRange {
    points = List.copyOf(points);
  }

  /**
   * Finds the two rates.
   *
   * @param points the steps, at least one.
   * @return the points with them.
   */
  public static LearningRateRange of(List<Point> points) {
    int lowest = 0;
    for (int i = 1; i < points.size(); i++) {
      if (points.get(i).smoothed() < points.get(lowest).smoothed()) {
        lowest = i;
      }
    }
    int steepest = lowest;
    double steepestSlope = 0;
    for (int i = Math.max(REACH, points.size() / UNSETTLED); i + REACH <= lowest; i++) {
      Point before = points.get(i - REACH);
      Point behind = points.get(i + REACH);
      double slope =
          (behind.smoothed() - before.smoothed())
              / StrictMath.log(behind.learningRate() / before.learningRate());
      if (slope < steepestSlope) {
        steepestSlope = slope;
        steepest = i;
      }
    }
    return new LearningRateRange(
        points, points.get(steepest).learningRate(), points.get(lowest).learningRate());
  }
}
