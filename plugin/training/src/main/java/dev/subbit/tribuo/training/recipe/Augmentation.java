package dev.subbit.tribuo.training.recipe;

import com.oracle.labs.mlrg.olcut.config.Config;
import com.oracle.labs.mlrg.olcut.config.Configurable;
import com.oracle.labs.mlrg.olcut.config.PropertyException;
import com.oracle.labs.mlrg.olcut.provenance.ConfiguredObjectProvenance;
import com.oracle.labs.mlrg.olcut.provenance.Provenancable;
import com.oracle.labs.mlrg.olcut.provenance.impl.ConfiguredObjectProvenanceImpl;
import dev.subbit.tribuo.config.FieldCheck;
import dev.subbit.tribuo.data.Region;
import dev.subbit.tribuo.network.ImageShape;
import java.util.Arrays;
import java.util.SplittableRandom;

/**
 * Random changes of training images, so that a network sees each image in many versions. All are
 * off unless set. They come in this order: resized crop, flip, shift, brightness, contrast,
 * saturation, lighting, erasing. Values stay within 0 to 255.
 *
 * <p>Configured by OLCUT, or in code from {@link #none()} by the methods {@code with...}.
 * Immutable, and safe for use by many threads.
 */
public final class Augmentation implements Configurable, Provenancable<ConfiguredObjectProvenance> {

  /** Luma of ITU-R BT.601: how much red, green and blue count for the brightness of a pixel. */
  private static final float[] LUMA = {0.299f, 0.587f, 0.114f};

  /** Largest ratio of the longer to the shorter side of an erased rectangle. */
  private static final double ERASE_ASPECT = 10.0 / 3;

  /** Number of rectangles that are drawn until one fits into the image. */
  private static final int TRIES = 10;

  private static final int MAX_VALUE = 255;

  /**
   * Standard deviations of the colours of ImageNet along the principal components, values 0 to 1.
   */
  private static final double[] COLOUR_DEVIATIONS = {0.2175, 0.0188, 0.0045};

  /** The components: what red, green and blue have of each. */
  private static final double[][] COLOUR_COMPONENTS = {
    {-0.5675, 0.7192, 0.4009}, {-0.5808, -0.0045, -0.8140}, {-0.5836, -0.6948, 0.4203}
  };

  private static final FieldCheck CHECK = new FieldCheck("Augmentation");

  @Config(description = "Mirror half of the images left to right.")
  private boolean flip = false;

  @Config(
      description =
          "Largest number of pixels by which images are moved in each direction, with zeros moving"
              + " in. The same as a random crop of the image padded with that many zeros.")
  private int maxShift = 0;

  @Config(
      description =
          "Scale a random part of the picture to the image: at least this share of the picture's"
              + " area, above 0 to 1. 1 takes the image as it is; usual for ImageNet is 0.08.")
  private double cropArea = 1;

  @Config(
      description = "Largest factor by which such a part is wider, or higher, than it should be.")
  private double cropAspect = 4.0 / 3;

  @Config(description = "Multiply values by 1 - brightness to 1 + brightness, from 0 to 1.")
  private double brightness = 0;

  @Config(description = "Scale distances from the mean value likewise, from 0 to 1.")
  private double contrast = 0;

  @Config(description = "Scale distances from the grey of a pixel likewise, from 0 to 1.")
  private double saturation = 0;

  @Config(
      description =
          "Standard deviation of AlexNet's lighting noise, from 0: shifts the colours of an image"
              + " along the principal components of those of ImageNet; usual is 0.1.")
  private double lighting = 0;

  @Config(description = "Share of the images of which a rectangle is replaced by noise, 0 to 1.")
  private double eraseProbability = 0;

  @Config(description = "Smallest share of the image that is erased, above 0.")
  private double eraseMinArea = 0.02;

  @Config(description = "Largest share of the image that is erased, below 1.")
  private double eraseMaxArea = 0.33;

  private Augmentation() {}

  /**
   * Makes an augmentation that mirrors and moves images.
   *
   * @param flip whether half of the images are mirrored left to right.
   * @param maxShift largest number of pixels by which images are moved in each direction, with
   *     zeros moving in.
   * @throws PropertyException if a value is not allowed.
   */
  public Augmentation(boolean flip, int maxShift) {
    this.flip = flip;
    this.maxShift = maxShift;
    postConfig();
  }

  private Augmentation(Augmentation other) {
    this.flip = other.flip;
    this.maxShift = other.maxShift;
    this.cropArea = other.cropArea;
    this.cropAspect = other.cropAspect;
    this.brightness = other.brightness;
    this.contrast = other.contrast;
    this.saturation = other.saturation;
    this.lighting = other.lighting;
    this.eraseProbability = other.eraseProbability;
    this.eraseMinArea = other.eraseMinArea;
    this.eraseMaxArea = other.eraseMaxArea;
  }

  /**
   * Makes an augmentation that changes nothing.
   *
   * @return the augmentation with every field at its default.
   */
  public static Augmentation none() {
    return new Augmentation();
  }

  /**
   * Adds the resized crop.
   *
   * @param area smallest share of the picture, above 0 to 1.
   * @param aspect largest factor by which the part is wider, or higher, than it should be; at least
   *     1.
   * @return a new augmentation.
   * @throws PropertyException if a value is not allowed.
   */
  public Augmentation withResizedCrop(double area, double aspect) {
    Augmentation changed = new Augmentation(this);
    changed.cropArea = area;
    changed.cropAspect = aspect;
    changed.postConfig();
    return changed;
  }

  /**
   * Adds changes of colour.
   *
   * @param brightness 0 to 1.
   * @param contrast 0 to 1.
   * @param saturation 0 to 1.
   * @return a new augmentation.
   * @throws PropertyException if a value is not allowed.
   */
  public Augmentation withColors(double brightness, double contrast, double saturation) {
    Augmentation changed = new Augmentation(this);
    changed.brightness = brightness;
    changed.contrast = contrast;
    changed.saturation = saturation;
    changed.postConfig();
    return changed;
  }

  /**
   * Adds lighting noise, by the method of Krizhevsky et al., "ImageNet Classification with Deep
   * Convolutional Neural Networks", NeurIPS 2012.
   *
   * @param deviation standard deviation of the noise, 0 to 1; 0.1 is usual.
   * @return a new augmentation.
   * @throws PropertyException if a value is not allowed.
   */
  public Augmentation withLighting(double deviation) {
    Augmentation changed = new Augmentation(this);
    changed.lighting = deviation;
    changed.postConfig();
    return changed;
  }

  /**
   * Adds erasing, by the method of Zhong et al., "Random Erasing Data Augmentation", AAAI 2020.
   *
   * @param probability share of the images that is changed, 0 to 1.
   * @param minArea smallest share of an image that is erased, above 0.
   * @param maxArea largest share of an image that is erased, below 1.
   * @return a new augmentation.
   * @throws PropertyException if a value is not allowed.
   */
  public Augmentation withErasing(double probability, double minArea, double maxArea) {
    Augmentation changed = new Augmentation(this);
    changed.eraseProbability = probability;
    changed.eraseMinArea = minArea;
    changed.eraseMaxArea = maxArea;
    changed.postConfig();
    return changed;
  }

  /**
   * Used by the OLCUT configuration system, and should not be called by external code.
   *
   * @throws PropertyException if a field's value is not allowed, naming both.
   */
  @Override
  public void postConfig() {
    CHECK.require(maxShift >= 0, "maxShift", maxShift, "0 and more");
    CHECK.require(cropArea > 0 && cropArea <= 1, "cropArea", cropArea, "above 0 to 1");
    CHECK.require(cropAspect >= 1 && cropAspect <= 100, "cropAspect", cropAspect, "1 to 100");
    requireShare("brightness", brightness);
    requireShare("contrast", contrast);
    requireShare("saturation", saturation);
    requireShare("lighting", lighting);
    requireShare("eraseProbability", eraseProbability);
    CHECK.require(
        eraseMaxArea > 0 && eraseMaxArea < 1, "eraseMaxArea", eraseMaxArea, "above 0, below 1");
    CHECK.require(
        eraseMinArea > 0 && eraseMinArea <= eraseMaxArea,
        "eraseMinArea",
        eraseMinArea,
        "above 0 to eraseMaxArea, " + eraseMaxArea);
  }

  private static void requireShare(String field, double value) {
    CHECK.require(value >= 0 && value <= 1, field, value, "0 to 1");
  }

  /**
   * Checks that images of a shape can be changed in these ways.
   *
   * @param shape the shape.
   * @throws PropertyException if not, naming the field.
   */
  public void requireFits(ImageShape shape) {
    int side = Math.min(shape.height(), shape.width());
    CHECK.require(
        maxShift < side, "maxShift", maxShift, "less than the image's shorter side, " + side);
    CHECK.require(
        saturation == 0 || shape.channels() == LUMA.length,
        "saturation",
        saturation,
        "0 for images of " + shape.channels() + " channels; more for those of red, green, blue");
    CHECK.require(
        lighting == 0 || shape.channels() == LUMA.length,
        "lighting",
        lighting,
        "0 for images of " + shape.channels() + " channels; more for those of red, green, blue");
  }

  /**
   * Whether images are made of other parts of their pictures.
   *
   * @return true with a resized crop.
   */
  public boolean crops() {
    return cropArea < 1;
  }

  /**
   * Whether changed images are of whole numbers if they were before: without changes of colours. A
   * resized crop of an image in a file is, too; one of an image in memory is not.
   *
   * @return true if so.
   */
  public boolean keepsWholeNumbers() {
    return brightness == 0 && contrast == 0 && saturation == 0 && lighting == 0;
  }

  /**
   * Draws the part of a picture that an image is made of.
   *
   * @param shape the shape of the image.
   * @param rng the generator that the choice is drawn from when it is made.
   * @return the choice.
   */
  public Region.Choice crop(ImageShape shape, SplittableRandom rng) {
    return (width, height) -> {
      double aspect = (double) shape.width() / shape.height();
      for (int i = 0; i < TRIES; i++) {
        Region region = rectangle(width, height, cropArea, 1, aspect, cropAspect, rng);
        if (region != null) {
          return region;
        }
      }
      return centre(width, height, aspect);
    };
  }

  /** A rectangle of random area, aspect and place; null if it does not fit. */
  private static Region rectangle(
      int width,
      int height,
      double minArea,
      double maxArea,
      double aspect,
      double spread,
      SplittableRandom rng) {
    double area = width * (double) height * between(rng, minArea, maxArea);
    double bound = StrictMath.log(spread);
    double ratio = aspect * StrictMath.exp(between(rng, -bound, bound));
    double w = Math.sqrt(area * ratio);
    double h = Math.sqrt(area / ratio);
    double left = rng.nextDouble();
    double top = rng.nextDouble();
    return w > width || h > height
        ? null
        : new Region(left * (width - w), top * (height - h), w, h);
  }

  private static Region centre(int width, int height, double aspect) {
    double w = Math.min(width, height * aspect);
    double h = Math.min(height, width / aspect);
    return new Region((width - w) / 2, (height - h) / 2, w, h);
  }

  private static double between(SplittableRandom rng, double from, double to) {
    return from + (to - from) * rng.nextDouble();
  }

  /**
   * Changes one image of bytes in place, in every way but the resized crop: as {@link
   * #apply(ImageShape, float[], int, SplittableRandom)} does, with the same numbers.
   *
   * @param shape the shape of the image.
   * @param pixels holds the image from {@code offset} on, values from 0 to 255.
   * @param offset where the image starts.
   * @param rng the generator that the choices are drawn from.
   * @throws IllegalStateException if this augmentation does not {@linkplain #keepsWholeNumbers keep
   *     whole numbers}.
   */
  public void apply(ImageShape shape, byte[] pixels, int offset, SplittableRandom rng) {
    if (!keepsWholeNumbers()) {
      throw new IllegalStateException("Colours do not stay whole numbers under " + this);
    }
    if (flip && rng.nextBoolean()) {
      mirror(shape, pixels, offset);
    }
    if (maxShift > 0) {
      int down = rng.nextInt(-maxShift, maxShift + 1);
      int right = rng.nextInt(-maxShift, maxShift + 1);
      byte[] source = Arrays.copyOfRange(pixels, offset, offset + shape.size());
      Arrays.fill(pixels, offset, offset + shape.size(), (byte) 0);
      shift(shape, source, pixels, offset, down, right);
    }
    if (eraseProbability > 0 && rng.nextDouble() < eraseProbability) {
      erase(shape, rng, (position, value) -> pixels[offset + position] = (byte) value);
    }
  }

  /**
   * Changes one image in place, in every way but the resized crop.
   *
   * @param shape the shape of the image.
   * @param pixels holds the image from {@code offset} on.
   * @param offset where the image starts.
   * @param rng the generator that the choices are drawn from.
   */
  public void apply(ImageShape shape, float[] pixels, int offset, SplittableRandom rng) {
    if (flip && rng.nextBoolean()) {
      mirror(shape, pixels, offset);
    }
    if (maxShift > 0) {
      int down = rng.nextInt(-maxShift, maxShift + 1);
      int right = rng.nextInt(-maxShift, maxShift + 1);
      float[] source = Arrays.copyOfRange(pixels, offset, offset + shape.size());
      Arrays.fill(pixels, offset, offset + shape.size(), 0);
      shift(shape, source, pixels, offset, down, right);
    }
    if (brightness > 0) {
      float factor = (float) between(rng, 1 - brightness, 1 + brightness);
      blend(pixels, offset, shape.size(), factor, 0);
    }
    if (contrast > 0) {
      float factor = (float) between(rng, 1 - contrast, 1 + contrast);
      blend(pixels, offset, shape.size(), factor, meanGrey(shape, pixels, offset));
    }
    if (saturation > 0) {
      saturate(shape, pixels, offset, (float) between(rng, 1 - saturation, 1 + saturation));
    }
    if (lighting > 0) {
      light(shape, pixels, offset, rng);
    }
    if (eraseProbability > 0 && rng.nextDouble() < eraseProbability) {
      erase(shape, rng, (position, value) -> pixels[offset + position] = value);
    }
  }

  private static void mirror(ImageShape shape, byte[] pixels, int offset) {
    int rows = shape.channels() * shape.height();
    for (int row = 0; row < rows; row++) {
      int left = offset + row * shape.width();
      int right = left + shape.width() - 1;
      while (left < right) {
        byte pixel = pixels[left];
        pixels[left++] = pixels[right];
        pixels[right--] = pixel;
      }
    }
  }

  private static void mirror(ImageShape shape, float[] pixels, int offset) {
    int rows = shape.channels() * shape.height();
    for (int row = 0; row < rows; row++) {
      int left = offset + row * shape.width();
      int right = left + shape.width() - 1;
      while (left < right) {
        float pixel = pixels[left];
        pixels[left++] = pixels[right];
        pixels[right--] = pixel;
      }
    }
  }

  /**
   * Copies what stays inside of a moved image, row by row.
   *
   * @param source the image, an array of the target's type.
   * @param target takes the image from {@code offset} on; holds zeros there.
   */
  private static void shift(
      ImageShape shape, Object source, Object target, int offset, int down, int right) {
    int width = shape.width();
    int kept = width - Math.abs(right);
    for (int channel = 0; channel < shape.channels(); channel++) {
      for (int y = Math.max(0, down); y < shape.height() + Math.min(0, down); y++) {
        int from = (channel * shape.height() + y - down) * width + Math.max(0, -right);
        int to = offset + (channel * shape.height() + y) * width + Math.max(0, right);
        System.arraycopy(source, from, target, to, kept);
      }
    }
  }

  private static void blend(float[] pixels, int offset, int size, float factor, float other) {
    for (int i = offset; i < offset + size; i++) {
      pixels[i] = clamp(other + factor * (pixels[i] - other));
    }
  }

  private static float clamp(float value) {
    return Math.max(0, Math.min(MAX_VALUE, value));
  }

  /** The grey of a pixel: its luma where there are red, green and blue, else its only value. */
  private static float grey(ImageShape shape, float[] pixels, int offset, int pixel) {
    if (shape.channels() != LUMA.length) {
      return pixels[offset + pixel];
    }
    int area = shape.height() * shape.width();
    float grey = 0;
    for (int channel = 0; channel < LUMA.length; channel++) {
      grey += LUMA[channel] * pixels[offset + channel * area + pixel];
    }
    return grey;
  }

  private static float meanGrey(ImageShape shape, float[] pixels, int offset) {
    int area = shape.height() * shape.width();
    double sum = 0;
    for (int pixel = 0; pixel < area; pixel++) {
      sum += grey(shape, pixels, offset, pixel);
    }
    return (float) (sum / area);
  }

  private static void saturate(ImageShape shape, float[] pixels, int offset, float factor) {
    int area = shape.height() * shape.width();
    for (int pixel = 0; pixel < area; pixel++) {
      float grey = grey(shape, pixels, offset, pixel);
      for (int channel = 0; channel < shape.channels(); channel++) {
        int i = offset + channel * area + pixel;
        pixels[i] = clamp(grey + factor * (pixels[i] - grey));
      }
    }
  }

  private void light(ImageShape shape, float[] pixels, int offset, SplittableRandom rng) {
    double[] along = new double[COLOUR_DEVIATIONS.length];
    for (int component = 0; component < along.length; component++) {
      along[component] = gaussian(rng) * lighting * COLOUR_DEVIATIONS[component] * MAX_VALUE;
    }
    int area = shape.height() * shape.width();
    for (int channel = 0; channel < LUMA.length; channel++) {
      double sum = 0;
      for (int component = 0; component < along.length; component++) {
        sum += COLOUR_COMPONENTS[channel][component] * along[component];
      }
      int first = offset + channel * area;
      for (int i = first; i < first + area; i++) {
        pixels[i] = clamp(pixels[i] + (float) sum);
      }
    }
  }

  /** By Box and Muller: the JDK may change how it draws, and with it the bits of a training. */
  private static double gaussian(SplittableRandom rng) {
    double radius = Math.sqrt(-2 * StrictMath.log(1 - rng.nextDouble()));
    return radius * StrictMath.cos(2 * StrictMath.PI * rng.nextDouble());
  }

  /** Receives new values of an image. */
  @FunctionalInterface
  private interface Target {
    void set(int position, int value);
  }

  private void erase(ImageShape shape, SplittableRandom rng, Target pixels) {
    Region region = null;
    for (int i = 0; i < TRIES && region == null; i++) {
      region =
          rectangle(
              shape.width(), shape.height(), eraseMinArea, eraseMaxArea, 1, ERASE_ASPECT, rng);
    }
    if (region == null) {
      return;
    }
    int left = (int) region.left();
    int top = (int) region.top();
    int right =
        (int)
            Math.min(shape.width(), Math.max(left + 1, Math.round(region.left() + region.width())));
    int bottom =
        (int)
            Math.min(shape.height(), Math.max(top + 1, Math.round(region.top() + region.height())));
    for (int channel = 0; channel < shape.channels(); channel++) {
      for (int y = top; y < bottom; y++) {
        int row = (channel * shape.height() + y) * shape.width();
        for (int x = left; x < right; x++) {
          pixels.set(row + x, rng.nextInt(MAX_VALUE + 1));
        }
      }
    }
  }

  @Override
  public ConfiguredObjectProvenance getProvenance() {
    return new ConfiguredObjectProvenanceImpl(this, "Augmentation");
  }

  @Override
  public String toString() {
    return "Augmentation(flip="
        + flip
        + ",maxShift="
        + maxShift
        + ",cropArea="
        + cropArea
        + ",cropAspect="
        + cropAspect
        + ",brightness="
        + brightness
        + ",contrast="
        + contrast
        + ",saturation="
        + saturation
        + ",lighting="
        + lighting
        + ",eraseProbability="
        + eraseProbability
        + ",eraseMinArea="
        + eraseMinArea
        + ",eraseMaxArea="
        + eraseMaxArea
        + ")";
  }
}
