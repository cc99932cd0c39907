package dev.subbit.tribuo.quantizer.input;

import ai.onnxruntime.OnnxJavaType;
import ai.onnxruntime.platform.Fp16Conversions;
import dev.subbit.tribuo.quantizer.graph.Feed;
import dev.subbit.tribuo.quantizer.graph.ModelInput;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Where the samples lie in the values of each input. Usually the first axis counts them; but an
 * input may have no such axis, so that the values have one more than it; it may have it elsewhere,
 * as states of recurrent networks do; or the value may be the same for all samples, such as a
 * scalar.
 *
 * @param count number of samples.
 * @param fixedBatch the number of samples that the model takes at once; 0 where it is open.
 * @param valuesEach values of all inputs in one sample.
 * @param parts the inputs with their values.
 */
record SampleAxes(long count, long fixedBatch, long valuesEach, List<Part> parts) {

  /** The axis of values that are the same for all samples. */
  private static final int NONE = -1;

  /**
   * One input.
   *
   * @param name its name.
   * @param values the values, of its type.
   * @param axis the axis of them that counts the samples; -1 if they are one value for all.
   * @param added whether the input itself lacks this axis.
   */
  record Part(String name, Samples values, int axis, boolean added) {}

  /** A way to read the values of an input, with the number of samples that this gives. */
  private record Reading(int axis, boolean added, long count) {}

  /**
   * Finds the axes.
   *
   * @param inputs the model's inputs.
   * @param samples values for each of them, by name.
   * @return the axes.
   * @throws IllegalArgumentException if an input has no values, or they do not fit it or each
   *     other; the message names the input and says what it takes.
   */
  static SampleAxes of(List<ModelInput> inputs, Map<String, Samples> samples) {
    for (String name : samples.keySet()) {
      if (inputs.stream().noneMatch(input -> input.name().equals(name))) {
        throw new IllegalArgumentException(
            "The model has no input '" + name + "'; it has " + CalibrationFeeds.describe(inputs));
      }
    }
    Map<ModelInput, Samples> fitting = new LinkedHashMap<>();
    for (ModelInput input : inputs) {
      Samples given = samples.get(input.name());
      if (given == null) {
        throw new IllegalArgumentException(
            "There are no calibration values for input '"
                + input.name()
                + "'; the model has "
                + CalibrationFeeds.describe(inputs)
                + ". Give them with --inputs NAME=FILE, once for each.");
      }
      given = converted(input, given);
      if (given.type() != input.type() || readings(input, given).isEmpty()) {
        throw doesNotFit(input, given);
      }
      fitting.put(input, given);
    }
    return of(fitting, count(fitting));
  }

  private static SampleAxes of(Map<ModelInput, Samples> fitting, long count) {
    if (count < 1) {
      throw new IllegalArgumentException("Calibration needs at least one sample, there is none");
    }
    long fixed = 0;
    long values = 0;
    List<Part> parts = new ArrayList<>();
    for (Map.Entry<ModelInput, Samples> entry : fitting.entrySet()) {
      ModelInput input = entry.getKey();
      Samples given = entry.getValue();
      List<Reading> readings = readings(input, given);
      Reading reading =
          readings.stream()
              .filter(each -> each.axis() == NONE || each.count() == count)
              .findFirst()
              .orElseThrow(
                  () ->
                      new IllegalArgumentException(
                          given.source()
                              + " has "
                              + readings.get(0).count()
                              + " samples, another input's file "
                              + count));
      parts.add(new Part(input.name(), given, reading.axis(), reading.added()));
      if (reading.axis() == NONE) {
        continue;
      }
      values += given.data().capacity() / given.type().size / count;
      long own = reading.added() ? 1 : sizeOf(input, reading.axis());
      if (own > 0 && fixed > 0 && own != fixed) {
        throw new IllegalArgumentException(
            "Input '"
                + input.name()
                + "' takes "
                + own
                + " samples at once, another input "
                + fixed);
      }
      fixed = Math.max(fixed, own);
    }
    if (fixed > count) {
      throw new IllegalArgumentException(
          "The model takes batches of " + fixed + ", there are only " + count + " samples");
    }
    return new SampleAxes(count, fixed, values, parts);
  }

  private static long sizeOf(ModelInput input, int axis) {
    return input.shape() == null ? 0 : Math.max(0, input.shape()[axis]);
  }

  /** The number of samples: what the inputs say that leave no choice, and else the first one. */
  private static long count(Map<ModelInput, Samples> fitting) {
    Optional<Long> certain =
        fitting.entrySet().stream()
            .map(entry -> readings(entry.getKey(), entry.getValue()))
            .filter(readings -> readings.size() == 1 && readings.get(0).axis() != NONE)
            .map(readings -> readings.get(0).count())
            .findFirst();
    return certain.orElseGet(
        () ->
            fitting.entrySet().stream()
                .flatMap(entry -> readings(entry.getKey(), entry.getValue()).stream())
                .filter(reading -> reading.axis() != NONE)
                .map(Reading::count)
                .findFirst()
                .orElse(1L));
  }

  /** The ways to read values, the likeliest first; none if they do not fit the input. */
  private static List<Reading> readings(ModelInput input, Samples given) {
    long[] wanted = input.shape();
    long[] found = given.shape();
    List<Reading> readings = new ArrayList<>();
    if (wanted == null) {
      readings.add(
          found.length == 0 ? new Reading(NONE, false, 1) : new Reading(0, false, found[0]));
      return readings;
    }
    if (found.length == wanted.length + 1 && fits(wanted, found, 1, NONE)) {
      readings.add(new Reading(0, true, found[0]));
    }
    if (found.length != wanted.length) {
      return readings;
    }
    boolean whole = fits(wanted, found, 0, NONE);
    for (int axis = 0; axis < wanted.length; axis++) {
      boolean first = axis == 0 && fits(wanted, found, 0, axis);
      if (first && wanted.length > 0 || whole && wanted[axis] < 1) {
        readings.add(new Reading(axis, false, found[axis]));
      }
    }
    boolean fixed = Arrays.stream(wanted).allMatch(size -> size > 0);
    if (whole && fixed) {
      readings.add(new Reading(NONE, false, 1));
    }
    return readings;
  }

  /** Whether values have the fixed sizes of an input, apart from one of its axes. */
  private static boolean fits(long[] wanted, long[] found, int shift, int except) {
    for (int i = 0; i < wanted.length; i++) {
      if (i != except && wanted[i] > 0 && wanted[i] != found[i + shift]) {
        return false;
      }
    }
    return true;
  }

  /** NumPy makes doubles by default; the model may take floats or halves. */
  private static Samples converted(ModelInput input, Samples given) {
    OnnxJavaType from = given.type();
    OnnxJavaType to = input.type();
    boolean floats =
        from == OnnxJavaType.FLOAT || from == OnnxJavaType.DOUBLE || from == OnnxJavaType.FLOAT16;
    if (from == to || !floats || to != OnnxJavaType.FLOAT && to != OnnxJavaType.FLOAT16) {
      return given;
    }
    int count = given.data().capacity() / from.size;
    ByteBuffer data = ByteBuffer.allocateDirect(count * to.size).order(ByteOrder.nativeOrder());
    for (int i = 0; i < count; i++) {
      float value =
          switch (from) {
            case FLOAT -> given.data().getFloat(i * from.size);
            case DOUBLE -> (float) given.data().getDouble(i * from.size);
            default -> Fp16Conversions.fp16ToFloat(given.data().getShort(i * from.size));
          };
      if (to == OnnxJavaType.FLOAT) {
        data.putFloat(value);
      } else {
        data.putShort(Fp16Conversions.floatToFp16(value));
      }
    }
    return new Samples(to, given.shape(), data.rewind(), given.source());
  }

  private static IllegalArgumentException doesNotFit(ModelInput input, Samples given) {
    return new IllegalArgumentException(
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

  /** One batch. */
  Feed feed(long[] samples) {
    Map<String, Feed.Tensor> tensors = new LinkedHashMap<>();
    for (Part part : parts) {
      tensors.put(part.name(), tensor(part, samples));
    }
    return new Feed(tensors, samples.length);
  }

  private static Feed.Tensor tensor(Part part, long[] samples) {
    Samples values = part.values();
    if (part.axis() == NONE) {
      return new Feed.Tensor(values.type(), values.shape(), values.data());
    }
    long[] shape = values.shape().clone();
    shape[part.axis()] = samples.length;
    boolean consecutive =
        part.axis() == 0 && samples[samples.length - 1] - samples[0] == samples.length - 1;
    ByteBuffer data =
        consecutive
            ? values.slice(samples[0], samples.length)
            : gathered(values, part.axis(), samples);
    long[] fed = part.added() ? Arrays.copyOfRange(shape, 1, shape.length) : shape;
    return new Feed.Tensor(values.type(), fed, data);
  }

  /** Copies samples that do not lie side by side. */
  private static ByteBuffer gathered(Samples values, int axis, long[] samples) {
    long before = 1;
    long behind = values.type().size;
    for (int i = 0; i < values.shape().length; i++) {
      before *= i < axis ? values.shape()[i] : 1;
      behind *= i > axis ? values.shape()[i] : 1;
    }
    int each = Math.toIntExact(behind);
    ByteBuffer data =
        ByteBuffer.allocateDirect(Math.toIntExact(before * samples.length * each))
            .order(ByteOrder.nativeOrder());
    for (long row = 0; row < before; row++) {
      for (long sample : samples) {
        int at = Math.toIntExact((row * values.shape()[axis] + sample) * each);
        data.put(values.data().duplicate().position(at).limit(at + each));
      }
    }
    return data.rewind();
  }
}
