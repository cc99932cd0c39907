package dev.subbit.tribuo.data;

import dev.subbit.tribuo.network.ImageShape;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.IntStream;
import org.tribuo.Example;
import org.tribuo.Feature;
import org.tribuo.ImmutableFeatureMap;
import org.tribuo.VariableIDInfo;

/**
 * Where the features of a domain lie in an image.
 *
 * <p>A feature is named by the position of its pixel (see {@link ImageShape}), zero-padded, as
 * Tribuo's own {@code IDXDataSource} names it. Tribuo is sparse: a pixel that is zero in every
 * training image has no feature, and then its value at prediction is ignored, as Tribuo ignores
 * every feature that was unknown at training. Instances are immutable and safe for use by many
 * threads.
 */
public final class PixelMap {

  private static final Map<Integer, String[]> NAMES = new ConcurrentHashMap<>();

  private final ImageShape shape;
  private final int[] positions;
  private final Map<String, Integer> positionOf;

  /**
   * Maps the features of a domain.
   *
   * @param features the feature domain; every feature must be a pixel of the image.
   * @param shape the shape of the images.
   * @throws IllegalArgumentException if a feature is not a pixel of such an image, naming the
   *     feature.
   */
  public PixelMap(ImmutableFeatureMap features, ImageShape shape) {
    if (features.size() > shape.size()) {
      throw new IllegalArgumentException(
          features.size()
              + " features are more than a "
              + describe(shape)
              + " image has pixels; set imageShape to the shape of the images");
    }
    this.shape = shape;
    this.positions = new int[features.size()];
    this.positionOf = new HashMap<>(features.size() * 2);
    for (int id = 0; id < positions.length; id++) {
      VariableIDInfo feature = features.get(id);
      int position = position(feature.getName(), shape.size());
      if (position < 0) {
        throw new IllegalArgumentException(
            "Feature '"
                + feature.getName()
                + "' is not a pixel of a "
                + describe(shape)
                + " image, whose features are named '"
                + "0".repeat(digits(shape.size()))
                + "' to '"
                + String.format("%0" + digits(shape.size()) + "d", shape.size() - 1)
                + "'; set imageShape to the shape of the images");
      }
      positions[id] = position;
      positionOf.put(feature.getName(), position);
    }
  }

  /**
   * The name of a pixel's feature.
   *
   * @param position the position of the pixel, 0 to size - 1.
   * @param size number of pixel values in an image.
   * @return the position in decimal, padded with zeros to the number of digits of {@code size}.
   */
  public static String featureName(int position, int size) {
    return names(size)[position];
  }

  /** All feature names of images of one size, in order. One shared array; not to be changed. */
  static String[] names(int size) {
    return NAMES.computeIfAbsent(
        size,
        s -> {
          int digits = digits(s);
          String[] names = new String[s];
          // Not by String.format: a file of a few bytes can ask for a million names.
          Arrays.setAll(names, i -> "0".repeat(digits - digits(i)) + i);
          return names;
        });
  }

  private static int position(String name, int size) {
    // Read from the name, not looked up among names(size): the size may come from a file.
    if (name.length() != digits(size) || !name.chars().allMatch(c -> c >= '0' && c <= '9')) {
      return -1;
    }
    long position = Long.parseLong(name);
    return position < size ? (int) position : -1;
  }

  private static int digits(int size) {
    return Integer.toString(size).length();
  }

  private static String describe(ImageShape shape) {
    return shape.channels() + "x" + shape.height() + "x" + shape.width();
  }

  /**
   * The shape of the images.
   *
   * @return the shape.
   */
  public ImageShape shape() {
    return shape;
  }

  /**
   * The position of each feature.
   *
   * @return a copy: the pixel position of each feature, by feature id.
   */
  public int[] positions() {
    return positions.clone();
  }

  /**
   * Writes the pixels of an example.
   *
   * @param example the example; features outside the domain are ignored, features it lacks are 0.
   * @param pixels the target, {@code shape().size()} values from {@code offset} on are written in
   *     the order of positions (channel, row, column).
   * @param offset where to start.
   * @throws IllegalArgumentException if the example is an {@link ImageExample} of another size.
   */
  public void fill(Example<?> example, float[] pixels, int offset) {
    fill(example, pixels, offset, null);
  }

  /**
   * Writes the pixels of an example, or of a region of it: of the picture in the file where the
   * image is in a file, else of the image itself.
   *
   * @param example the example.
   * @param pixels the target, see {@link #fill(Example, float[], int)}.
   * @param offset where to start.
   * @param choice chooses the region, which is resampled to the shape of the images; null for the
   *     image as it is.
   * @throws IllegalArgumentException if the example is an {@link ImageExample} of another size.
   */
  public void fill(Example<?> example, float[] pixels, int offset, Region.Choice choice) {
    if (example instanceof ImageExample image && image.isWholeImage()) {
      requireSize(image);
      byte[] bytes = image.bytes(choice);
      if (bytes != null) {
        fillWholeImage(bytes, pixels, offset);
        if (choice != null && !image.isInFile()) {
          resample(pixels, offset, choice);
        }
        return;
      }
    }
    fillFeatures(example, pixels, offset);
    if (choice != null) {
      resample(pixels, offset, choice);
    }
  }

  /**
   * Whether an example's pixels are bytes, which {@link #fill(Example, byte[], int, Region.Choice)}
   * writes as they are. Reads no file.
   *
   * @param example the example.
   * @param regions whether regions of the images are asked for. Those of an image in memory are not
   *     whole numbers.
   * @return true for an unedited {@link ImageExample} of bytes, or in a file.
   */
  public boolean holdsBytes(Example<?> example, boolean regions) {
    return example instanceof ImageExample image
        && image.isWholeImage()
        && (image.isInFile() || (image.isInBytes() && !regions));
  }

  /**
   * Writes the pixels of an example that {@linkplain #holdsBytes holds bytes}, without a way
   * through floats.
   *
   * @param example the example.
   * @param pixels the target, {@code shape().size()} values from {@code offset} on are written in
   *     the order of positions (channel, row, column).
   * @param offset where to start.
   * @param choice chooses the region of the picture in the file; null for the image as it is.
   * @throws IllegalArgumentException if the example does not hold bytes, or has another size.
   */
  public void fill(Example<?> example, byte[] pixels, int offset, Region.Choice choice) {
    requireSize(example);
    if (!holdsBytes(example, choice != null)) {
      throw new IllegalArgumentException("The pixels of this example are not bytes");
    }
    byte[] image = ((ImageExample) example).bytes(choice);
    if (positions.length == shape.size()) {
      System.arraycopy(image, 0, pixels, offset, image.length);
      return;
    }
    Arrays.fill(pixels, offset, offset + shape.size(), (byte) 0);
    for (int position : positions) {
      pixels[offset + position] = image[position];
    }
  }

  /**
   * Checks that an example has as many pixels as the images of this map.
   *
   * @param example the example.
   * @throws IllegalArgumentException if it is a whole {@link ImageExample} of another size.
   */
  public void requireSize(Example<?> example) {
    if (example instanceof ImageExample image
        && image.isWholeImage()
        && image.size() != shape.size()) {
      throw new IllegalArgumentException(
          "An image of "
              + image.size()
              + " values was given where "
              + describe(shape)
              + " = "
              + shape.size()
              + " are expected");
    }
  }

  /**
   * The number of an example's features that the domain knows. For an image this is found without
   * reading its pixels.
   *
   * @param example the example.
   * @return the number.
   */
  public int countKnown(Example<?> example) {
    if (example instanceof ImageExample image
        && image.isWholeImage()
        && image.size() == shape.size()) {
      return positions.length;
    }
    int known = 0;
    for (Feature feature : example) {
      known += positionOf.containsKey(feature.getName()) ? 1 : 0;
    }
    return known;
  }

  /**
   * The input of an exported model for a batch.
   *
   * @param batch the examples.
   * @return one row of features in id order for each example, [example][feature].
   * @throws IllegalArgumentException if an example is an {@link ImageExample} of another size.
   */
  public float[] featureRows(List<? extends Example<?>> batch) {
    float[] rows = new float[Math.multiplyExact(batch.size(), positions.length)];
    batch.forEach(this::requireSize);
    // In parallel, since an image may have to be decoded first.
    IntStream.range(0, batch.size())
        .parallel()
        .forEach(
            i -> {
              float[] image = new float[shape.size()];
              fill(batch.get(i), image, 0);
              for (int id = 0; id < positions.length; id++) {
                rows[i * positions.length + id] = image[positions[id]];
              }
            });
    return rows;
  }

  private void resample(float[] pixels, int offset, Region.Choice choice) {
    int width = shape.width();
    int height = shape.height();
    float[] image = Arrays.copyOfRange(pixels, offset, offset + shape.size());
    Resampling scaling = new Resampling(width, height, choice.of(width, height), width, height);
    int left = scaling.source().x;
    scaling.apply(
        shape.channels(),
        (channel, row, values) ->
            System.arraycopy(
                image, (channel * height + row) * width + left, values, 0, values.length),
        (position, values) -> System.arraycopy(values, 0, pixels, offset + position, width));
  }

  private void fillFeatures(Example<?> example, float[] pixels, int offset) {
    Arrays.fill(pixels, offset, offset + shape.size(), 0f);
    for (Feature feature : example) {
      Integer position = positionOf.get(feature.getName());
      if (position != null) {
        pixels[offset + position] = (float) feature.getValue();
      }
    }
  }

  private void fillWholeImage(byte[] image, float[] pixels, int offset) {
    if (positions.length == shape.size()) {
      for (int i = 0; i < image.length; i++) {
        pixels[offset + i] = image[i] & 0xFF;
      }
      return;
    }
    Arrays.fill(pixels, offset, offset + shape.size(), 0f);
    for (int position : positions) {
      pixels[offset + position] = image[position] & 0xFF;
    }
  }
}
