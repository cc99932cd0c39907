package dev.subbit.tribuo.quantizer.input;

import ai.onnxruntime.OnnxJavaType;
import dev.subbit.tribuo.quantizer.graph.Feed;
import dev.subbit.tribuo.quantizer.graph.ModelInput;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;

/** Lays calibration samples out as a model's inputs, batch by batch. */
public final class CalibrationFeeds {

  /** Values of all inputs of one batch; more samples than these hold come in further batches. */
  private static final long BATCH_VALUES = 1 << 20;

  private static final int MOST_IN_A_BATCH = 64;

  /** What one buffer of floats holds. */
  private static final int MOST_RANDOM_VALUES = Integer.MAX_VALUE / Float.BYTES;

  private CalibrationFeeds() {}

  /**
   * Cuts samples into batches.
   *
   * @param inputs the model's inputs.
   * @param samples for each of them, by name.
   * @return the batches: views of the samples, or of one float copy of those that are doubles.
   * @throws IllegalArgumentException if an input has no samples, or they do not fit it or each
   *     other; the message names the input and says what it takes.
   */
  public static List<Feed> of(List<ModelInput> inputs, Map<String, Samples> samples) {
    for (String name : samples.keySet()) {
      if (inputs.stream().noneMatch(input -> input.name().equals(name))) {
        throw new IllegalArgumentException(
            "The model has no input '" + name + "'; it has " + describe(inputs));
      }
    }
    Map<String, Samples> fitting = new LinkedHashMap<>();
    long count = -1;
    long fixed = -1;
    long values = 0;
    for (ModelInput input : inputs) {
      Samples given = samples.get(input.name());
      if (given == null) {
        throw new IllegalArgumentException(
            "There are no calibration values for input '"
                + input.name()
                + "'; the model has "
                + describe(inputs)
                + ". Give them with --inputs NAME=FILE, once for each.");
      }
      given = converted(input, given);
      requireFit(input, given);
      fitting.put(input.name(), given);
      if (count >= 0 && given.count() != count) {
        throw new IllegalArgumentException(
            given.source() + " has " + given.count() + " samples, another input's file " + count);
      }
      count = given.count();
      if (input.shape().length > 0 && input.shape()[0] > 0) {
        fixed = input.shape()[0];
      }
      values += given.data().capacity() / given.type().size / Math.max(1, count);
    }
    if (count < 1) {
      throw new IllegalArgumentException("Calibration needs at least one sample, there is none");
    }
    long batch =
        fixed > 0
            ? fixed
            : Math.max(1, Math.min(MOST_IN_A_BATCH, BATCH_VALUES / Math.max(1, values)));
    if (fixed > count) {
      throw new IllegalArgumentException(
          "The model takes batches of " + fixed + ", there are only " + count + " samples");
    }
    List<Feed> feeds = new ArrayList<>();
    for (long first = 0; first < count; first += batch) {
      long size = Math.min(batch, count - first);
      if (fixed > 0 && size < fixed) {
        break;
      }
      feeds.add(feed(fitting, first, size));
    }
    return feeds;
  }

  private static Feed feed(Map<String, Samples> samples, long first, long size) {
    Map<String, Feed.Tensor> tensors = new LinkedHashMap<>();
    samples.forEach(
        (name, given) -> {
          long[] shape = given.shape().clone();
          if (shape.length > 0) {
            shape[0] = size;
          }
          ByteBuffer data = given.slice(first, size);
          tensors.put(name, new Feed.Tensor(given.type(), shape, data));
        });
    return new Feed(tensors);
  }

  /** NumPy makes doubles by default; the model may take floats. */
  private static Samples converted(ModelInput input, Samples given) {
    if (input.type() != OnnxJavaType.FLOAT || given.type() != OnnxJavaType.DOUBLE) {
      return given;
    }
    ByteBuffer data =
        ByteBuffer.allocateDirect(given.data().capacity() / 2).order(ByteOrder.nativeOrder());
    for (int i = 0; i < given.data().capacity(); i += Double.BYTES) {
      data.putFloat((float) given.data().getDouble(i));
    }
    return new Samples(OnnxJavaType.FLOAT, given.shape(), data.rewind(), given.source());
  }

  private static void requireFit(ModelInput input, Samples given) {
    boolean fits = given.type() == input.type() && given.shape().length == input.shape().length;
    for (int i = 1; fits && i < input.shape().length; i++) {
      fits = input.shape()[i] < 1 || input.shape()[i] == given.shape()[i];
    }
    if (!fits) {
      throw new IllegalArgumentException(
          given.source()
              + " holds "
              + given.type()
              + " "
              + new ModelInput("", given.type(), given.shape())
              + "; input '"
              + input.name()
              + "' takes "
              + input.type()
              + " "
              + input
              + ", where the first axis counts the samples");
    }
  }

  /**
   * Describes the inputs of a model in words.
   *
   * @param inputs the inputs.
   * @return names, types and shapes.
   */
  public static String describe(List<ModelInput> inputs) {
    List<String> words = new ArrayList<>();
    inputs.forEach(input -> words.add("'" + input.name() + "' " + input.type() + " " + input));
    return (inputs.size() == 1 ? "the input " : inputs.size() + " inputs: ")
        + String.join(", ", words);
  }

  /**
   * Draws samples of independent standard normal numbers, for a model without real samples.
   *
   * @param input a float input.
   * @param count number of samples.
   * @param shape its dimensions behind the first where the model leaves them open; empty if it does
   *     not.
   * @param seed seed of the numbers.
   * @return the samples.
   * @throws IllegalArgumentException if the input takes no floats, a dimension stays open, or the
   *     samples come to 2 GB or more.
   */
  public static Samples random(ModelInput input, int count, long[] shape, long seed) {
    if (input.type() != OnnxJavaType.FLOAT) {
      throw new IllegalArgumentException(
          "Input '"
              + input.name()
              + "' takes "
              + input.type()
              + "; only floats can be drawn at random. Give values with --inputs.");
    }
    long[] sample = input.sampleShape(shape);
    long[] whole = new long[sample.length + 1];
    whole[0] = count;
    System.arraycopy(sample, 0, whole, 1, sample.length);
    long values = 1;
    for (long dimension : whole) {
      if (dimension > MOST_RANDOM_VALUES / Math.max(1, values)) {
        throw new IllegalArgumentException(
            "Input '"
                + input.name()
                + "' is "
                + input
                + "; "
                + count
                + " random samples of "
                + Arrays.toString(sample)
                + " come to 2 GB or more. Draw fewer, or smaller ones.");
      }
      values *= dimension;
    }
    SplittableRandom rng = new SplittableRandom(seed);
    ByteBuffer data =
        ByteBuffer.allocateDirect((int) values * Float.BYTES).order(ByteOrder.nativeOrder());
    for (long i = 0; i < values; i++) {
      // Box and Muller's method.
      double radius = StrictMath.sqrt(-2 * StrictMath.log(1 - rng.nextDouble()));
      data.putFloat((float) (radius * StrictMath.cos(2 * Math.PI * rng.nextDouble())));
    }
    return new Samples(OnnxJavaType.FLOAT, whole, data.rewind(), "random numbers");
  }
}
