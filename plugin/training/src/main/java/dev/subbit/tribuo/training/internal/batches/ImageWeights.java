package dev.subbit.tribuo.training.internal.batches;

import dev.subbit.tribuo.training.recipe.ClassWeights;
import java.util.Arrays;
import org.tribuo.Dataset;
import org.tribuo.Example;
import org.tribuo.ImmutableOutputInfo;
import org.tribuo.classification.Label;

/**
 * How much each image of a dataset counts in the loss: the weight of its example times that of its
 * class, all scaled to have a mean of 1. Immutable.
 */
public final class ImageWeights {

  private final double[] ofClass;
  private final boolean even;

  private ImageWeights(double[] ofClass, boolean even) {
    this.ofClass = ofClass;
    this.even = even;
  }

  /**
   * Finds the weights of the images of a dataset.
   *
   * @param images the images that are trained on.
   * @param labels the ids of their labels.
   * @param classes the weights of the classes; null for none.
   * @return the weights.
   * @throws IllegalArgumentException if the weight of an example is negative or not finite, naming
   *     its number; if all weights are 0; or if a class weight is for an unknown class.
   */
  public static ImageWeights of(
      Dataset<Label> images, ImmutableOutputInfo<Label> labels, ClassWeights classes) {
    double[] ofClass = new double[labels.size()];
    Arrays.fill(ofClass, 1);
    if (classes != null) {
      ofClass = classes.of(labels);
      if (classes.isBalanced()) {
        balance(ofClass, images, labels);
      }
    }
    double sum = 0;
    boolean even = true;
    double first = Double.NaN;
    for (int i = 0; i < images.size(); i++) {
      Example<Label> image = images.getExample(i);
      float given = image.getWeight();
      if (!(given >= 0 && Float.isFinite(given))) {
        throw new IllegalArgumentException(
            "Example " + i + " has the weight " + given + "; weights are 0 and positive numbers");
      }
      double weight = given * ofClass[labels.getID(image.getOutput())];
      first = i == 0 ? weight : first;
      even &= weight == first;
      sum += weight;
    }
    if (sum == 0) {
      throw new IllegalArgumentException("All examples have the weight 0: nothing to learn from");
    }
    for (int c = 0; c < ofClass.length; c++) {
      ofClass[c] *= images.size() / sum;
    }
    return new ImageWeights(ofClass, even);
  }

  private static void balance(
      double[] ofClass, Dataset<Label> images, ImmutableOutputInfo<Label> labels) {
    long[] counts = new long[ofClass.length];
    for (int i = 0; i < images.size(); i++) {
      counts[labels.getID(images.getExample(i).getOutput())]++;
    }
    for (int c = 0; c < ofClass.length; c++) {
      // A class without images weighs nothing, whatever its weight.
      ofClass[c] /= Math.max(1, counts[c]);
    }
  }

  /**
   * Whether all images count alike, so that no loss need be weighted.
   *
   * @return true if all weights are equal.
   */
  public boolean areEven() {
    return even;
  }

  /** The weight of an image. */
  float of(Example<Label> image, int label) {
    return even ? 1 : (float) (image.getWeight() * ofClass[label]);
  }
}
