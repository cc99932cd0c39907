package dev.subbit.tribuo.quantizer.input;

import ai.onnxruntime.OnnxJavaType;
import dev.subbit.tribuo.quantizer.graph.Feed;
import dev.subbit.tribuo.quantizer.graph.ModelInput;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.stream.LongStream;

/** Lays calibration samples out as a model's inputs, batch by batch. */
public final class CalibrationFeeds {

  /** Values of all inputs of one batch; more samples than these hold come in further batches. */
  private static final long BATCH_VALUES = 1 << 20;

  private static final int MOST_IN_A_BATCH = 64;

  /** One sample in so many is held out. */
  private static final int HELD_OUT = 5;

  /**
   * As many are held out where at least as many others are left. Ratios of outputs that differ in
   * size from sample to sample are known to about 1 dB then.
   */
  private static final int ENOUGH_HELD_OUT = 50;

  /** More held-out samples than these tell nothing more. */
  private static final int MOST_HELD_OUT = 2000;

  /** What one buffer of floats holds. */
  private static final int MOST_RANDOM_VALUES = Integer.MAX_VALUE / Float.BYTES;

  private CalibrationFeeds() {}

  /**
   * Cuts samples into batches, all of them to fit to.
   *
   * @param inputs the model's inputs.
   * @param samples for each of them, by name.
   * @return the batches: views of the samples, or of one converted copy of them.
   * @throws IllegalArgumentException if an input has no samples, or they do not fit it or each
   *     other; the message names the input and says what it takes.
   */
  public static List<Feed> of(List<ModelInput> inputs, Map<String, Samples> samples) {
    SampleAxes axes = SampleAxes.of(inputs, samples);
    return feeds(axes, LongStream.range(0, axes.count()).toArray());
  }

  /**
   * Cuts samples into batches, and holds a share of the samples out, spread evenly, where there are
   * at least two: one in {@value #HELD_OUT}, or {@value #ENOUGH_HELD_OUT} where that is more and
   * leaves as many, but no more than about {@value #MOST_HELD_OUT}.
   *
   * @param inputs the model's inputs.
   * @param samples for each of them, by name.
   * @return the batches.
   * @throws IllegalArgumentException as {@link #of}.
   */
  public static Calibration split(List<ModelInput> inputs, Map<String, Samples> samples) {
    return split(SampleAxes.of(inputs, samples), false);
  }

  /**
   * Cuts samples into batches, and holds out twice a share as {@link #split} does: once to measure
   * the result on, and once to choose it by, where there are at least three samples.
   *
   * @param inputs the model's inputs.
   * @param samples for each of them, by name.
   * @return the batches.
   * @throws IllegalArgumentException as {@link #of}.
   */
  public static Calibration splitToChoose(List<ModelInput> inputs, Map<String, Samples> samples) {
    return split(SampleAxes.of(inputs, samples), true);
  }

  /**
   * How many samples are needed to hold some out.
   *
   * @param heldOut number of samples to be held out, at most {@value #MOST_HELD_OUT}.
   * @return a number of samples of which as many are held out.
   */
  public static int samplesToHoldOut(int heldOut) {
    return HELD_OUT * heldOut;
  }

  private static Calibration split(SampleAxes axes, boolean chooses) {
    // A model of fixed batch size is fed with whole batches of either kind.
    long unit = Math.max(1, axes.fixedBatch());
    long units = axes.count() / unit;
    long most = Math.max(1, MOST_HELD_OUT / unit);
    int times = chooses ? 2 : 1;
    long enough = Math.min(ENOUGH_HELD_OUT / unit, (units - ENOUGH_HELD_OUT / unit) / times);
    long share = Math.max(units / HELD_OUT, enough);
    long held = units < 2 ? 0 : Math.max(1, Math.min(most, share));
    long chosen = chooses && units > 2 ? held : 0;
    LongStream.Builder fit = LongStream.builder();
    LongStream.Builder choice = LongStream.builder();
    LongStream.Builder out = LongStream.builder();
    long choices = 0;
    long outs = 0;
    for (long i = 0; i < units; i++) {
      // Of each of as many equal stretches, the first one and the middle one.
      LongStream.Builder part = fit;
      if (choices < chosen && i == choices * units / chosen) {
        part = choice;
        choices++;
      } else if (outs < held && i == (2 * outs + 1) * units / (2 * held)) {
        part = out;
        outs++;
      }
      LongStream.range(i * unit, (i + 1) * unit).forEach(part);
    }
    long[] fits = fit.build().toArray();
    return new Calibration(
        feeds(axes, fits),
        feeds(axes, choice.build().toArray()),
        feeds(axes, out.build().toArray()),
        fits.length,
        (int) (choices * unit),
        (int) (outs * unit));
  }

  private static List<Feed> feeds(SampleAxes axes, long[] samples) {
    int batch =
        axes.fixedBatch() > 0
            ? (int) axes.fixedBatch()
            : (int)
                Math.max(
                    1, Math.min(MOST_IN_A_BATCH, BATCH_VALUES / Math.max(1, axes.valuesEach())));
    // Large samples go as they lie, since a copy of all around those held out would double the
    // memory.
    boolean large = axes.fixedBatch() <= 0 && batch < MOST_IN_A_BATCH;
    List<Feed> feeds = new ArrayList<>();
    int last;
    for (int first = 0; first < samples.length; first = last) {
      last = Math.min(samples.length, first + batch);
      for (int i = first + 1; i < last && large; i++) {
        last = samples[i] == samples[i - 1] + 1 ? last : i;
      }
      if (axes.fixedBatch() <= 0 || last - first == batch) {
        feeds.add(axes.feed(Arrays.copyOfRange(samples, first, last)));
      }
    }
    return feeds;
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
   * Draws samples of independent numbers, for a model without real samples: standard normal ones,
   * and bytes evenly from 0 to 255.
   *
   * @param input an input of floats or bytes.
   * @param count number of samples.
   * @param shape its dimensions behind the first where the model leaves them open; empty if it does
   *     not.
   * @param seed seed of the numbers.
   * @return the samples.
   * @throws IllegalArgumentException if the input takes neither, a dimension stays open, or the
   *     samples come to 2 GB or more.
   */
  public static Samples random(ModelInput input, int count, long[] shape, long seed) {
    boolean floats = input.type() == OnnxJavaType.FLOAT || input.type() == OnnxJavaType.FLOAT16;
    if (!floats && input.type() != OnnxJavaType.UINT8) {
      throw new IllegalArgumentException(
          "Input '"
              + input.name()
              + "' takes "
              + input.type()
              + "; only floats and bytes can be drawn at random. Give values with --inputs.");
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
    if (!floats) {
      byte[] bytes = new byte[(int) values];
      rng.nextBytes(bytes);
      ByteBuffer data = ByteBuffer.allocateDirect(bytes.length).order(ByteOrder.nativeOrder());
      return new Samples(OnnxJavaType.UINT8, whole, data.put(bytes).rewind(), "random numbers");
    }
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
