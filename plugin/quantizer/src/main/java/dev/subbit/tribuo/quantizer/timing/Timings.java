package dev.subbit.tribuo.quantizer.timing;

import java.util.Arrays;

/**
 * The results of several rounds, in their order: seconds, or ratios of seconds.
 *
 * @param ofRounds one value per round, at least one.
 */
public record Timings(double[] ofRounds) {

  /**
   * The ratios of another side's times to these, round by round, so that a disturbance in a round
   * affects both.
   *
   * @param other the other side, of the same rounds.
   * @return one ratio per round.
   */
  public Timings timesLonger(Timings other) {
    double[] ratios = new double[ofRounds.length];
    Arrays.setAll(ratios, round -> other.ofRounds[round] / ofRounds[round]);
    return new Timings(ratios);
  }

  /**
   * Converts to another unit.
   *
   * @param factor the factor.
   * @return the products.
   */
  public Timings times(double factor) {
    return new Timings(Arrays.stream(ofRounds).map(value -> value * factor).toArray());
  }

  /**
   * The same without a part that every round has.
   *
   * @param value the part, in the unit of these values.
   * @return the differences.
   */
  public Timings minus(double value) {
    return new Timings(Arrays.stream(ofRounds).map(ofRound -> ofRound - value).toArray());
  }

  /**
   * The median.
   *
   * @return half of the rounds lie below, half above.
   */
  public double median() {
    return quantile(0.5);
  }

  /**
   * The lower quartile.
   *
   * @return a quarter of the rounds lies below.
   */
  public double lowerQuartile() {
    return quantile(0.25);
  }

  /**
   * The upper quartile.
   *
   * @return a quarter of the rounds lies above.
   */
  public double upperQuartile() {
    return quantile(0.75);
  }

  /** The value below which a share of the rounds lies, between two rounds by a straight line. */
  private double quantile(double share) {
    double[] sorted = ofRounds.clone();
    Arrays.sort(sorted);
    double place = share * (sorted.length - 1);
    int below = (int) place;
    int above = Math.min(below + 1, sorted.length - 1);
    return sorted[below] + (place - below) * (sorted[above] - sorted[below]);
  }
}
