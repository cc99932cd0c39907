package dev.subbit.cli.report;

import java.util.DoubleSummaryStatistics;
import java.util.List;

/**
 * The accuracy of one kind of training over several seeds.
 *
 * @param trainer name of the trainer.
 * @param runs one training per seed, at least one.
 */
public record AccuracyRow(String trainer, List<Run> runs) {

  /**
   * One training.
   *
   * @param seed its seed.
   * @param accuracy share of the test images that were classified correctly, 0 to 1.
   * @param trainSeconds how long it took.
   * @param bitsPerWeight bits of a weight of the 3x3 convolutions after the first.
   */
  public record Run(long seed, double accuracy, double trainSeconds, double bitsPerWeight) {}

  // Copies the list, so that the row stays as it was made.
  public AccuracyRow {
    runs = List.copyOf(runs);
    if (runs.isEmpty()) {
      throw new IllegalArgumentException("'" + trainer + "' has no runs");
    }
  }

  /**
   * The bits of a weight, which are the same in all runs.
   *
   * @return bits.
   */
  public double bitsPerWeight() {
    return runs.get(0).bitsPerWeight();
  }

  /**
   * Mean accuracy.
   *
   * @return 0 to 1.
   */
  public double mean() {
    return accuracies().getAverage();
  }

  /**
   * Lowest accuracy.
   *
   * @return 0 to 1.
   */
  public double lowest() {
    return accuracies().getMin();
  }

  /**
   * Highest accuracy.
   *
   * @return 0 to 1.
   */
  public double highest() {
    return accuracies().getMax();
  }

  private DoubleSummaryStatistics accuracies() {
    return runs.stream().mapToDouble(Run::accuracy).summaryStatistics();
  }
}
