package dev.subbit.tribuo.training.internal.batches;

import dev.subbit.tribuo.data.PixelMap;
import dev.subbit.tribuo.data.Region;
import dev.subbit.tribuo.training.internal.random.RandomPlace;
import dev.subbit.tribuo.training.recipe.Augmentation;
import dev.subbit.tribuo.training.recipe.Mixing;
import java.util.Arrays;
import java.util.SplittableRandom;
import org.tribuo.Dataset;
import org.tribuo.Example;
import org.tribuo.ImmutableOutputInfo;
import org.tribuo.classification.Label;

/**
 * A dataset as batches of images, for training or for evaluation. Immutable, and safe for use by
 * many threads as long as nobody changes the dataset.
 *
 * <p>What is in a batch follows from the numbers of its epoch and its image alone: it does not
 * depend on where reading began, nor on how many threads load the images.
 */
public final class ImageBatches {

  /**
   * Largest number of values of a batch: the longest array that every JVM can make, or a little
   * less.
   */
  private static final int MAX_VALUES = Integer.MAX_VALUE - 16;

  private final Dataset<Label> dataset;
  private final PixelMap pixelMap;
  private final ImmutableOutputInfo<Label> labels;
  private final int batchSize;
  private final int count;
  private final int loaders;
  private final Augmentation augmentation;
  private final boolean bytes;
  // Null where images keep their order and are not changed.
  private final RandomPlace random;
  // Null where all images count alike.
  private final ImageWeights weights;
  // Null where images are not mixed.
  private final Mixing mixing;

  private ImageBatches(
      Dataset<Label> dataset,
      PixelMap pixelMap,
      ImmutableOutputInfo<Label> labels,
      int batchSize,
      int count,
      int loaders,
      Augmentation augmentation,
      RandomPlace random,
      ImageWeights weights,
      Mixing mixing) {
    this.dataset = dataset;
    this.pixelMap = pixelMap;
    this.labels = labels;
    this.batchSize = batchSize;
    this.count = count;
    this.loaders = loaders;
    this.augmentation = augmentation;
    this.random = random;
    this.weights = weights;
    this.mixing = mixing;
    if ((long) Math.min(batchSize, dataset.size()) * pixelMap.shape().size() > MAX_VALUES) {
      throw new IllegalArgumentException(
          "A batch of "
              + batchSize
              + " images of "
              + pixelMap.shape().size()
              + " values is too large for an array; set batchSize to at most "
              + MAX_VALUES / pixelMap.shape().size());
    }
    boolean allBytes = mixing == null && (augmentation == null || augmentation.keepsWholeNumbers());
    boolean resamples = augmentation != null && augmentation.crops();
    for (int image = 0; image < dataset.size(); image++) {
      try {
        pixelMap.requireSize(dataset.getExample(image));
        allBytes &= pixelMap.holdsBytes(dataset.getExample(image), resamples);
      } catch (IllegalArgumentException e) {
        throw new IllegalArgumentException("Image " + image + ": " + e.getMessage(), e);
      }
    }
    this.bytes = allBytes;
  }

  /**
   * Batches for training: in a new random order each epoch, every image changed at random. Each
   * batch is full, because batch normalisation takes its statistics from it: the images left over
   * at the end of an epoch, fewer than a batch, are skipped. Every epoch skips different ones.
   *
   * @param dataset the dataset, at least one batch.
   * @param pixelMap where its features lie in the image.
   * @param labels the ids of its labels.
   * @param batchSize images per batch.
   * @param augmentation how images are changed.
   * @param random the place that orders and changes are drawn from.
   * @param loaders threads that load images, at least 1.
   * @return the batches.
   * @throws IllegalArgumentException if the dataset is smaller than a batch, or an image has
   *     another size, naming its number in the dataset.
   */
  public static ImageBatches training(
      Dataset<Label> dataset,
      PixelMap pixelMap,
      ImmutableOutputInfo<Label> labels,
      int batchSize,
      Augmentation augmentation,
      RandomPlace random,
      int loaders) {
    if (dataset.size() < batchSize) {
      throw new IllegalArgumentException(
          "A batch of " + batchSize + " images cannot be taken from " + dataset.size());
    }
    int count = dataset.size() / batchSize;
    return new ImageBatches(
        dataset, pixelMap, labels, batchSize, count, loaders, augmentation, random, null, null);
  }

  /**
   * Batches for evaluation: every image once per epoch, in the order of the dataset and unchanged.
   * The last batch may be smaller than the others.
   *
   * @param dataset the dataset.
   * @param pixelMap where its features lie in the image.
   * @param labels the ids of its labels.
   * @param batchSize most images of a batch.
   * @param loaders threads that load images, at least 1.
   * @return the batches.
   * @throws IllegalArgumentException if an image has another size, naming its number.
   */
  public static ImageBatches evaluation(
      Dataset<Label> dataset,
      PixelMap pixelMap,
      ImmutableOutputInfo<Label> labels,
      int batchSize,
      int loaders) {
    int count = (dataset.size() + batchSize - 1) / batchSize;
    return new ImageBatches(
        dataset, pixelMap, labels, batchSize, count, loaders, null, null, null, null);
  }

  /**
   * The same batches with images that count differently, or that are mixed.
   *
   * @param imageWeights how much each image counts.
   * @param imageMixing how the images of a batch are mixed; null for not at all.
   * @return new batches for training.
   */
  public ImageBatches with(ImageWeights imageWeights, Mixing imageMixing) {
    return new ImageBatches(
        dataset,
        pixelMap,
        labels,
        batchSize,
        count,
        loaders,
        augmentation,
        random,
        imageWeights,
        imageMixing);
  }

  /**
   * The targets of a batch for training. Where images are mixed, this mixes them, in place.
   *
   * @param epoch the batch's epoch, 0 for the first.
   * @param batch its number in the epoch.
   * @param images the batch, as its reader gave it.
   * @return the targets.
   */
  public Targets targets(int epoch, int batch, ImageBatch images) {
    int[] classes = images.classes();
    if (mixing == null) {
      float[] own = new float[classes.length];
      Arrays.fill(own, 1);
      return new Targets(classes, classes, own, images.weights());
    }
    Mixing.Mixed mixed =
        mixing.apply(
            pixelMap.shape(),
            images.pixels().floats(),
            random.at("mixing").at(epoch).at(batch).numbers());
    int[] others = new int[classes.length];
    float[] own = new float[classes.length];
    float[] mixedWeights = new float[classes.length];
    for (int i = 0; i < classes.length; i++) {
      int partner = mixed.partners()[i];
      float mine = mixed.own() * images.weights()[i];
      float whole = mine + (1 - mixed.own()) * images.weights()[partner];
      others[i] = classes[partner];
      // Each class counts by its share times the weight of its image.
      own[i] = whole == 0 ? 1 : mine / whole;
      mixedWeights[i] = whole;
    }
    return new Targets(classes, others, own, mixedWeights);
  }

  /**
   * Number of batches per epoch.
   *
   * @return at least 1 for training.
   */
  public int count() {
    return count;
  }

  /**
   * Number of images of a full batch.
   *
   * @return at least 1.
   */
  public int batchSize() {
    return batchSize;
  }

  /**
   * Number of images of the dataset.
   *
   * @return its size.
   */
  public int images() {
    return dataset.size();
  }

  /**
   * Starts to read at any batch. The reader goes on into the next epoch at the end of one, until it
   * is closed.
   *
   * @param epoch the epoch, 0 for the first.
   * @param batch the batch of this epoch, 0 to count - 1.
   * @return the reader, to be closed by the caller.
   */
  public BatchReader open(int epoch, int batch) {
    return open(epoch, batch, BatchSlice.WHOLE);
  }

  /**
   * Starts to read a slice of every batch; the images of the others are not loaded.
   *
   * @param epoch the epoch, 0 for the first.
   * @param batch the batch of this epoch, 0 to count - 1.
   * @param slice the slice, which has no images of a batch that is smaller than the number of
   *     slices.
   * @return the reader, to be closed by the caller.
   */
  public BatchReader open(int epoch, int batch, BatchSlice slice) {
    if (epoch < 0 || batch < 0 || batch >= count) {
      throw new IllegalArgumentException(
          "There is no batch " + batch + " of epoch " + epoch + "; an epoch has " + count);
    }
    return new BatchReader(this, epoch, batch, slice, loaders);
  }

  /** Number of images of a batch. */
  int size(int batch) {
    return Math.min(batchSize, dataset.size() - batch * batchSize);
  }

  /**
   * Whether batches are of bytes: every value of every image is a whole number, whatever the
   * augmentation draws, and images are not mixed.
   */
  boolean areBytes() {
    return bytes;
  }

  /** Number of values of an image. */
  int imageSize() {
    return pixelMap.shape().size();
  }

  /** The numbers of the images in the order of an epoch, by the method of Fisher and Yates. */
  int[] order(int epoch) {
    int[] order = new int[dataset.size()];
    for (int i = 0; i < order.length; i++) {
      order[i] = i;
    }
    if (random != null) {
      SplittableRandom numbers = random.at("order").at(epoch).numbers();
      for (int i = order.length - 1; i > 0; i--) {
        int j = numbers.nextInt(i + 1);
        int drawn = order[j];
        order[j] = order[i];
        order[i] = drawn;
      }
    }
    return order;
  }

  /** Loads one image into a place of a batch. */
  void load(int epoch, int image, ImageBatch target, int place) {
    Example<Label> example = dataset.getExample(image);
    int offset = place * imageSize();
    if (random == null) {
      fill(example, target.pixels(), offset, null);
    } else {
      SplittableRandom numbers = random.at("image").at(epoch).at(image).numbers();
      fill(
          example,
          target.pixels(),
          offset,
          augmentation.crops() ? augmentation.crop(pixelMap.shape(), numbers) : null);
      if (bytes) {
        augmentation.apply(pixelMap.shape(), target.pixels().bytes(), offset, numbers);
      } else {
        augmentation.apply(pixelMap.shape(), target.pixels().floats(), offset, numbers);
      }
    }
    int id = labels.getID(example.getOutput());
    if (id < 0) {
      throw new IllegalArgumentException(
          "Image "
              + image
              + " has the label '"
              + example.getOutput().getLabel()
              + "', which is none of the labels trained on");
    }
    target.classes()[place] = id;
    target.weights()[place] = weights == null ? 1 : weights.of(example, id);
  }

  private void fill(Example<Label> example, Pixels target, int offset, Region.Choice crop) {
    if (bytes) {
      pixelMap.fill(example, target.bytes(), offset, crop);
    } else {
      pixelMap.fill(example, target.floats(), offset, crop);
    }
  }
}
