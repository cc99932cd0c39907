package dev.subbit.tribuo.quantizer.input;

import ai.onnxruntime.OnnxJavaType;
import dev.subbit.tribuo.network.ImageShape;
import dev.subbit.tribuo.quantizer.graph.ModelInput;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;

/**
 * Turns images into a model's input: {@code (pixel * scale - mean[channel]) / deviation[channel]},
 * channels first or last as the model has them, or one row of features. An input of bytes takes the
 * pixels as they are.
 *
 * @param scale factor of the pixels, 0 to 255; 0 for the usual one: 1/255 where the input has the
 *     axes of an image, 1 where it is a row of features.
 * @param mean one value for all channels, or one per channel.
 * @param deviation one value for all channels, or one per channel; not 0.
 */
public record PixelSamples(float scale, float[] mean, float[] deviation) {

  private static final float BYTE = 255f;
  private static final int IMAGE_AXES = 3;

  /** Source of images. */
  @FunctionalInterface
  public interface Images {
    /**
     * Reads one image.
     *
     * @param number its number.
     * @param shape the shape wanted.
     * @return its values, channel by channel, each row-major.
     * @throws java.io.IOException if it cannot be read.
     */
    byte[] read(int number, ImageShape shape) throws java.io.IOException;
  }

  /**
   * The shape of the images that an input takes.
   *
   * @param input the input.
   * @param given dimensions behind the first where the model leaves them open; empty if it does
   *     not.
   * @return the shape; null where the input is a row of features.
   * @throws IllegalArgumentException if no image fits it.
   */
  public static ImageShape shapeOf(ModelInput input, long[] given) {
    if (input.type() != OnnxJavaType.FLOAT
        && input.type() != OnnxJavaType.FLOAT16
        && input.type() != OnnxJavaType.UINT8) {
      throw new IllegalArgumentException(
          "Input '"
              + input.name()
              + "' takes "
              + input.type()
              + ", not images of floats or bytes; give values with --inputs");
    }
    if (input.shape() != null && input.shape().length == 2) {
      return null;
    }
    long[] sample = isImage(input, given) ? input.sampleShape(given) : new long[0];
    if (sample.length != IMAGE_AXES) {
      throw new IllegalArgumentException(
          "Input '" + input.name() + "' is " + input + ", no image; give values with --inputs");
    }
    boolean first = isFirst(sample);
    if (!first && !isChannels(sample[2])) {
      throw new IllegalArgumentException(
          "Input '"
              + input.name()
              + "' is "
              + input
              + "; images have 1 or 3 channels. Give values with --inputs.");
    }
    int at = first ? 1 : 0;
    return new ImageShape((int) sample[first ? 0 : 2], (int) sample[at], (int) sample[at + 1]);
  }

  /** Whether an input can be an image: of four dimensions, or three without one for samples. */
  private static boolean isImage(ModelInput input, long[] given) {
    return input.shape() == null || input.shape().length == IMAGE_AXES + 1 || input.isOneImage();
  }

  private static boolean isFirst(long[] sample) {
    return isChannels(sample[0]);
  }

  private static boolean isChannels(long count) {
    return count == 1 || count == 3;
  }

  /**
   * Lays out images as samples.
   *
   * @param input the input.
   * @param given dimensions behind the first where the model leaves them open; empty if it does
   *     not.
   * @param count number of images.
   * @param images the source of the images.
   * @param source their name in messages.
   * @param features shape of the images for an input that is a row of features.
   * @return the samples.
   * @throws java.io.IOException if an image cannot be read.
   */
  public Samples of(
      ModelInput input, long[] given, int count, Images images, String source, ImageShape features)
      throws java.io.IOException {
    ImageShape fixed = shapeOf(input, given);
    ImageShape shape = fixed == null ? features : fixed;
    int size = shape.size();
    long[] dimensions = fixed == null ? new long[] {size} : input.sampleShape(given);
    boolean last = fixed != null && !isFirst(dimensions);
    long[] whole = new long[dimensions.length + 1];
    whole[0] = count;
    System.arraycopy(dimensions, 0, whole, 1, dimensions.length);
    boolean bytes = input.type() == OnnxJavaType.UINT8;
    if (bytes && (scale != 0 || mean[0] != 0 || deviation[0] != 1)) {
      throw new IllegalArgumentException(
          "Input '"
              + input.name()
              + "' takes the bytes of pixels as they are: leave --scale, --mean and --std out");
    }
    OnnxJavaType type = bytes ? OnnxJavaType.UINT8 : OnnxJavaType.FLOAT;
    ByteBuffer data =
        ByteBuffer.allocateDirect(Math.multiplyExact(Math.multiplyExact(count, size), type.size))
            .order(ByteOrder.nativeOrder());
    float factor = scale != 0 ? scale : fixed == null ? 1 : 1 / BYTE;
    int area = shape.height() * shape.width();
    for (int i = 0; i < count; i++) {
      byte[] pixels = images.read(i, shape);
      for (int p = 0; p < size; p++) {
        int channel = p / area;
        int at = last ? p % area * shape.channels() + channel : p;
        if (bytes) {
          data.put(i * size + at, pixels[p]);
          continue;
        }
        float value =
            ((pixels[p] & 0xFF) * factor - mean[channel % mean.length])
                / deviation[channel % deviation.length];
        data.putFloat((i * size + at) * Float.BYTES, value);
      }
    }
    return new Samples(type, whole, data, source);
  }

  @Override
  public String toString() {
    return "scale "
        + scale
        + ", mean "
        + Arrays.toString(mean)
        + ", deviation "
        + Arrays.toString(deviation);
  }
}
