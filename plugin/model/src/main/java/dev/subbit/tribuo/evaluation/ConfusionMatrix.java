package dev.subbit.tribuo.evaluation;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.stream.IntStream;

/**
 * The numbers of images by true and by predicted class. Immutable by contract: callers leave the
 * array as it is.
 *
 * @param classes names of the classes.
 * @param counts number of images, [true class][predicted class].
 */
public record ConfusionMatrix(List<String> classes, long[][] counts) {

  /**
   * A kind of mistake: images of one class that were taken for another.
   *
   * @param truth the true class.
   * @param predicted the class that was predicted.
   * @param count number of images.
   */
  public record Confusion(int truth, int predicted, long count) {}

  // Checks that the counts are as many rows and columns as there are classes.
  public ConfusionMatrix {
    classes = List.copyOf(classes);
    if (counts.length != classes.size()) {
      throw new IllegalArgumentException(
          classes.size() + " classes need as many rows, found " + counts.length);
    }
    for (long[] row : counts) {
      if (row.length != classes.size()) {
        throw new IllegalArgumentException(
            classes.size() + " classes need as many columns, found " + row.length);
      }
    }
  }

  /**
   * Number of images of a class.
   *
   * @param truth the class.
   * @return number of images.
   */
  public long images(int truth) {
    long images = 0;
    for (long count : counts[truth]) {
      images += count;
    }
    return images;
  }

  /**
   * Number of images that were taken for a class.
   *
   * @param predicted the class.
   * @return number of images.
   */
  public long taken(int predicted) {
    long images = 0;
    for (long[] row : counts) {
      images += row[predicted];
    }
    return images;
  }

  /**
   * Number of all images.
   *
   * @return number of images.
   */
  public long images() {
    long images = 0;
    for (int truth = 0; truth < counts.length; truth++) {
      images += images(truth);
    }
    return images;
  }

  /**
   * The accuracy: how often the classifier was right.
   *
   * @return share of the images that were classified correctly, 0 to 1; not a number without
   *     images.
   */
  public double accuracy() {
    long right = 0;
    for (int i = 0; i < counts.length; i++) {
      right += counts[i][i];
    }
    return (double) right / images();
  }

  /**
   * Precision of a class.
   *
   * @param i the class.
   * @return share of the images taken for it that belong to it; not a number if there are none.
   */
  public double precision(int i) {
    return (double) counts[i][i] / taken(i);
  }

  /**
   * Recall of a class.
   *
   * @param i the class.
   * @return share of its images that were taken for it; not a number if there are none.
   */
  public double recall(int i) {
    return (double) counts[i][i] / images(i);
  }

  /**
   * Harmonic mean of precision and recall of a class.
   *
   * @param i the class.
   * @return the mean; not a number for a class that never occurs.
   */
  public double f1(int i) {
    return 2.0 * counts[i][i] / (images(i) + taken(i));
  }

  /**
   * Mean of the F1 of the classes that occur, among the test images or the predictions.
   *
   * @return the mean; not a number without images.
   */
  public double macroF1() {
    return IntStream.range(0, classes.size())
        .mapToDouble(this::f1)
        .filter(f1 -> !Double.isNaN(f1))
        .average()
        .orElse(Double.NaN);
  }

  /**
   * The most frequent mistakes.
   *
   * @param most the largest number of mistakes to return.
   * @return those that were made at least once, the most frequent first.
   */
  public List<Confusion> largest(int most) {
    List<Confusion> confusions = new ArrayList<>();
    for (int truth = 0; truth < counts.length; truth++) {
      for (int predicted = 0; predicted < counts.length; predicted++) {
        if (truth != predicted && counts[truth][predicted] > 0) {
          confusions.add(new Confusion(truth, predicted, counts[truth][predicted]));
        }
      }
    }
    confusions.sort(Comparator.comparing(confusion -> -confusion.count()));
    return confusions.subList(0, Math.min(most, confusions.size()));
  }
}
