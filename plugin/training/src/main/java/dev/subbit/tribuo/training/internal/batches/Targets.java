package dev.subbit.tribuo.training.internal.batches;

import java.util.Arrays;

/**
 * What a network shall say of the images of a batch, and how much each of them counts.
 *
 * @param classes the class of each image.
 * @param others the class of the image that it was mixed with.
 * @param own the share that its own class has in the target, 0 to 1; the other class has the rest.
 * @param weights the weight of each image in the loss; their mean over all training images is 1.
 */
public record Targets(int[] classes, int[] others, float[] own, float[] weights) {

  /**
   * Makes the targets of images that were not mixed, and count alike.
   *
   * @param classes the class of each image.
   * @return the targets.
   */
  public static Targets of(int[] classes) {
    float[] ones = new float[classes.length];
    Arrays.fill(ones, 1);
    return new Targets(classes, classes, ones, ones);
  }

  /**
   * Whether some target has more than one class.
   *
   * @return false if every image's own class has all of its target.
   */
  public boolean areMixed() {
    for (float share : own) {
      if (share != 1) {
        return true;
      }
    }
    return false;
  }

  /**
   * The targets as shares of all classes.
   *
   * @param classCount number of classes.
   * @return [images, classes], each row with the sum 1.
   */
  public float[] shares(int classCount) {
    float[] shares = new float[classes.length * classCount];
    for (int i = 0; i < classes.length; i++) {
      shares[i * classCount + classes[i]] += own[i];
      shares[i * classCount + others[i]] += 1 - own[i];
    }
    return shares;
  }

  /**
   * The class that has the larger share of an image's target.
   *
   * @param image the image.
   * @return the class; the image's own where both have a half.
   */
  public int mainClass(int image) {
    return own[image] >= 0.5f ? classes[image] : others[image];
  }
}
