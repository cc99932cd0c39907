package dev.subbit.tribuo.data;

import java.util.SplittableRandom;
import org.tribuo.Dataset;
import org.tribuo.Example;
import org.tribuo.ImmutableOutputInfo;
import org.tribuo.classification.Label;

/**
 * The batches of a dataset, in a new random order each epoch. The images that do not fill a last
 * batch are left out of the epoch.
 */
public final class ImageBatches {

  private final Dataset<Label> dataset;
  private final PixelMap pixelMap;
  private final ImmutableOutputInfo<Label> labels;
  private final Augmentation augmentation;
  private final SplittableRandom rng;
  private final int[] order;
  private final float[] pixels;
  private final int[] classes;

  /**
   * Makes the batches of a dataset.
   *
   * @param dataset the dataset.
   * @param pixelMap where its features lie in the image.
   * @param labels the ids of its labels.
   * @param batchSize images a batch, at most as many as the dataset has.
   * @param augmentation how images are changed.
   * @param rng where the order and the changes come from; kept.
   */
  public ImageBatches(
      Dataset<Label> dataset,
      PixelMap pixelMap,
      ImmutableOutputInfo<Label> labels,
      int batchSize,
      Augmentation augmentation,
      SplittableRandom rng) {
    this.dataset = dataset;
    this.pixelMap = pixelMap;
    this.labels = labels;
    this.augmentation = augmentation;
    this.rng = rng;
    this.order = new int[dataset.size()];
    for (int i = 0; i < order.length; i++) {
      order[i] = i;
    }
    this.pixels = new float[Math.multiplyExact(batchSize, pixelMap.shape().size())];
    this.classes = new int[batchSize];
  }

  /**
   * Number of batches an epoch.
   *
   * @return at least 1.
   */
  public int count() {
    return order.length / classes.length;
  }

  /** Draws a new order, by the method of Fisher and Yates. */
  public void shuffle() {
    for (int i = order.length - 1; i > 0; i--) {
      int j = rng.nextInt(i + 1);
      int drawn = order[j];
      order[j] = order[i];
      order[i] = drawn;
    }
  }

  /**
   * Loads a batch into {@link #pixels()} and {@link #classes()}.
   *
   * @param batch the batch, 0 to count - 1.
   */
  public void load(int batch) {
    int size = pixelMap.shape().size();
    for (int i = 0; i < classes.length; i++) {
      Example<Label> example = dataset.getExample(order[batch * classes.length + i]);
      pixelMap.fill(example, pixels, i * size);
      augmentation.apply(pixelMap.shape(), pixels, i * size, rng);
      classes[i] = labels.getID(example.getOutput());
    }
  }

  /**
   * The images of the loaded batch.
   *
   * @return one array, used again for the next batch.
   */
  public float[] pixels() {
    return pixels;
  }

  /**
   * The label ids of the loaded batch.
   *
   * @return one array, used again for the next batch.
   */
  public int[] classes() {
    return classes;
  }
}
