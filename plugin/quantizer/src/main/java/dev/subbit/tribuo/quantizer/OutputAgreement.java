package dev.subbit.tribuo.quantizer;

import dev.subbit.tribuo.quantizer.graph.FloatArray;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Measures how far one output of the quantized model agrees with the untouched model's on the same
 * inputs. Not safe for use by many threads.
 *
 * <p>Signal is what varies from sample to sample: a model that always gave the mean output would
 * have a ratio of 0 dB.
 */
public final class OutputAgreement {

  /** Values of one sample for which a mean each is kept. */
  private static final int MOST_MEANS = 1 << 22;

  /** Channels that vary this many times as much as others are a group of their own. */
  private static final double ALIKE = 8;

  private static final double MOST_ALIKE = 4096;

  /** With more channels than these, what each sample adds to each of them is not kept. */
  private static final int MOST_KEPT_CHANNELS = 1024;

  /** With more groups than these, they say nothing about what the channels are. */
  private static final int MOST_GROUPS = 8;

  /** Axes of an output whose rows are decisions: samples and classes, and maybe steps. */
  private static final int MOST_ROW_AXES = 3;

  private final String output;
  private final boolean discrete;
  private final boolean embeds;
  private String obstacle = "";
  private long samples;
  private long values;
  private long same;
  private long rows;
  private long sameLargest;

  /** Shape of one sample; null while none was seen. */
  private long[] sampleShape;

  /** Whether samples can be told apart, each of the same shape. */
  private boolean aligned = true;

  private int channelAxis;

  /** Values of a sample from one index on the channel axis to the next. */
  private int behind;

  private double[] sums;
  private double[] squares;
  private double[] noise;

  /** Sums over everything, for samples that cannot be told apart. */
  private double wholeSum;

  private double wholeSquares;
  private double wholeNoise;

  /** For each sample the signals of all channels, then their noises; of too many, the sums. */
  private final List<double[]> spread = new ArrayList<>();

  private final List<float[]> wantedRows = new ArrayList<>();
  private final List<float[]> givenRows = new ArrayList<>();

  /**
   * Starts without any values.
   *
   * @param output name of the output.
   * @param discrete whether its values are counted numbers or truth values.
   * @param metric whether samples are compared with each other.
   */
  OutputAgreement(String output, boolean discrete, Metric metric) {
    this.output = output;
    this.discrete = discrete;
    this.embeds = metric == Metric.COSINE && !discrete;
  }

  /** Records that the output cannot be compared. */
  void cannotCompare(String why) {
    if (obstacle.isEmpty()) {
      obstacle = why;
    }
  }

  /**
   * Adds the values of one batch.
   *
   * @param wanted those of the untouched model.
   * @param given those of the quantized one.
   * @param batch number of samples in the batch.
   */
  void add(FloatArray wanted, FloatArray given, long batch) {
    if (!Arrays.equals(wanted.shape(), given.shape())) {
      cannotCompare("its size depends on the data");
      return;
    }
    float[] w = wanted.values();
    float[] g = given.values();
    for (int i = 0; i < w.length; i++) {
      double difference = (double) w[i] - g[i];
      wholeSum += w[i];
      wholeSquares += (double) w[i] * w[i];
      wholeNoise += difference * difference;
      same += w[i] == g[i] ? 1 : 0;
    }
    values += w.length;
    addRows(wanted, g);
    addSamples(wanted, g, batch);
  }

  private void addRows(FloatArray wanted, float[] g) {
    int rank = wanted.shape().length;
    int width = rank < 2 || rank > MOST_ROW_AXES ? 1 : (int) wanted.shape()[rank - 1];
    float[] w = wanted.values();
    for (int first = 0; width > 1 && first + width <= w.length; first += width) {
      rows++;
      sameLargest += largest(w, first, width) == largest(g, first, width) ? 1 : 0;
    }
  }

  private static int largest(float[] values, int first, int width) {
    int best = 0;
    for (int i = 1; i < width; i++) {
      if (values[first + i] > values[first + best]) {
        best = i;
      }
    }
    return best;
  }

  private void addSamples(FloatArray wanted, float[] g, long batch) {
    boolean counted = wanted.shape().length > 0 && wanted.shape()[0] == batch;
    long[] shape =
        counted ? Arrays.copyOfRange(wanted.shape(), 1, wanted.shape().length) : wanted.shape();
    if (sampleShape == null) {
      start(shape);
    }
    aligned &= (counted || batch == 1) && Arrays.equals(shape, sampleShape) && sums != null;
    if (!aligned || wanted.values().length == 0) {
      return;
    }
    float[] w = wanted.values();
    int each = sums.length;
    for (int first = 0; first < w.length; first += each) {
      addSample(w, g, first);
      if (embeds) {
        wantedRows.add(Arrays.copyOfRange(w, first, first + each));
        givenRows.add(Arrays.copyOfRange(g, first, first + each));
      }
    }
  }

  private void addSample(float[] w, float[] g, int first) {
    int kept = keptChannels();
    double[] own = new double[2 * kept];
    double perSample = samples == 0 ? 0 : 1.0 / samples;
    for (int i = 0; i < sums.length; i++) {
      double value = w[first + i];
      double difference = value - g[first + i];
      // What a sample adds to the sum of squares around the mean of all so far: the sum of these
      // is that around the final mean, and none is larger than the others by its place.
      double varies = (value - sums[i] * perSample) / Math.sqrt(1 + perSample);
      int channel = channelOf(i);
      own[channel % kept] += samples == 0 ? 0 : varies * varies;
      own[kept + channel % kept] += difference * difference;
      sums[i] += value;
      squares[channel] += value * value;
      noise[channel] += difference * difference;
    }
    spread.add(own);
    samples++;
  }

  private int keptChannels() {
    return noise.length <= MOST_KEPT_CHANNELS ? noise.length : 1;
  }

  private void start(long[] shape) {
    sampleShape = shape;
    long each = Arrays.stream(shape).reduce(1, (a, b) -> a * b);
    if (each < 1 || each > MOST_MEANS) {
      return;
    }
    // Of [channels, places] and [places, channels], channels are the fewer.
    int last = shape.length - 1;
    channelAxis = shape.length == 2 && shape[last] < shape[0] ? last : 0;
    int channels = shape.length == 0 ? 1 : (int) shape[channelAxis];
    behind = 1;
    for (int i = channelAxis + 1; i < shape.length; i++) {
      behind *= (int) shape[i];
    }
    sums = new double[(int) each];
    squares = new double[channels];
    noise = new double[channels];
  }

  private int channelOf(int place) {
    if (sampleShape.length == 0) {
      return 0;
    }
    return place / behind % (int) sampleShape[channelAxis];
  }

  /** Sum of squares of each channel without the mean of each place, per degree of freedom. */
  private double[] signal() {
    double[] signal = squares.clone();
    int each = sums.length / signal.length;
    double[] ofChannel = new double[signal.length];
    for (int i = 0; i < sums.length; i++) {
      // One sample says nothing of how places vary: there, that within the channel counts.
      if (samples > 1) {
        signal[channelOf(i)] -= sums[i] * sums[i] / samples;
      } else {
        ofChannel[channelOf(i)] += sums[i];
      }
    }
    for (int c = 0; c < signal.length; c++) {
      double whole = samples > 1 ? 0 : ofChannel[c] * ofChannel[c] / each;
      double free = samples > 1 ? (double) samples / (samples - 1) : 1;
      // What rounding leaves of values that do not vary is no signal.
      signal[c] = signal[c] - whole > 1e-12 * squares[c] ? (signal[c] - whole) * free : 0;
    }
    return signal;
  }

  private boolean isAligned() {
    return aligned && sums != null && samples > 0;
  }

  private double wholeSignal() {
    if (isAligned()) {
      return Arrays.stream(signal()).sum();
    }
    double signal = wholeSquares - wholeSum * wholeSum / Math.max(1, values);
    return signal > 1e-12 * wholeSquares ? signal : 0;
  }

  /** A ratio in dB; not a number without a signal, infinite without noise. */
  static double decibels(double signal, double noise) {
    if (!(signal > 0)) {
      return Double.NaN;
    }
    return noise > 0 ? 10 * Math.log10(signal / noise) : Double.POSITIVE_INFINITY;
  }

  /**
   * Name of the output.
   *
   * @return its name.
   */
  public String getOutput() {
    return output;
  }

  /**
   * The reason why there are no figures.
   *
   * @return words; empty if there are figures.
   */
  public String getObstacle() {
    if (!obstacle.isEmpty()) {
      return obstacle;
    }
    if (values == 0) {
      return "no input gave it any values";
    }
    return discrete || wholeSignal() > 0 ? "" : "it never varies on these inputs";
  }

  /**
   * The signal-to-noise ratio: variance of the untouched model's values over the mean squared
   * difference, in dB.
   *
   * @return the ratio; infinite where there is no difference, not a number where nothing could be
   *     compared, or the values are counted.
   */
  public double getSignalToNoise() {
    return discrete || !getObstacle().isEmpty() ? Double.NaN : decibels(wholeSignal(), wholeNoise);
  }

  /**
   * How far the ratio may be off because so few samples were measured: two standard errors, from
   * the spread of signal and noise over the samples.
   *
   * @return in dB; not a number where there are fewer than three samples, or no ratio.
   */
  public double getUncertainty() {
    return isAligned() && Double.isFinite(getSignalToNoise())
        ? uncertainty(0, keptChannels() - 1)
        : Double.NaN;
  }

  private double uncertainty(int first, int last) {
    // The first sample has nothing to vary from.
    List<double[]> counted = spread.subList(1, spread.size());
    double signal = counted.stream().mapToDouble(own -> sum(own, first, last)).average().orElse(0);
    int kept = keptChannels();
    double error =
        counted.stream()
            .mapToDouble(own -> sum(own, kept + first, kept + last))
            .average()
            .orElse(0);
    double squared =
        counted.stream()
            .mapToDouble(
                own -> sum(own, first, last) / signal - sum(own, kept + first, kept + last) / error)
            .map(difference -> difference * difference)
            .sum();
    long count = counted.size();
    return 2 * 10 / Math.log(10) * Math.sqrt(squared / (count - 1) / count);
  }

  private static double sum(double[] values, int first, int last) {
    double sum = 0;
    for (int i = first; i <= last; i++) {
      sum += values[i];
    }
    return sum;
  }

  /**
   * The ratio of each group of channels.
   *
   * @return the groups in order; empty if all channels vary about equally.
   */
  public List<ChannelGroup> getGroups() {
    if (discrete || !isAligned() || !getObstacle().isEmpty()) {
      return List.of();
    }
    double[] signal = signal();
    // Some kinds of channels vary more among themselves than others: take the closest bound that
    // tells a few groups apart.
    for (double bound = ALIKE; bound <= MOST_ALIKE; bound *= ALIKE) {
      List<ChannelGroup> groups = groups(signal, bound);
      if (groups.size() <= MOST_GROUPS) {
        return groups.size() > 1 ? groups : List.of();
      }
    }
    return List.of();
  }

  /** Neighbouring channels whose standard deviations are within a factor of each other. */
  private List<ChannelGroup> groups(double[] signal, double bound) {
    List<ChannelGroup> groups = new ArrayList<>();
    int first = 0;
    double least = Double.POSITIVE_INFINITY;
    double most = 0;
    for (int c = 0; c < signal.length; c++) {
      double size = Math.sqrt(signal[c]);
      if (size == 0) {
        // A channel that never varies says nothing of its kind.
        continue;
      }
      if (Math.max(most, size) > bound * Math.min(least, size)) {
        groups.add(group(first, c - 1, signal));
        first = c;
        least = size;
        most = size;
      } else {
        least = Math.min(least, size);
        most = Math.max(most, size);
      }
    }
    groups.add(group(first, signal.length - 1, signal));
    return groups;
  }

  private ChannelGroup group(int first, int last, double[] signal) {
    double ofSignal = 0;
    double ofNoise = 0;
    for (int c = first; c <= last; c++) {
      ofSignal += signal[c];
      ofNoise += noise[c];
    }
    double uncertainty =
        keptChannels() == signal.length && ofSignal > 0 && ofNoise > 0
            ? uncertainty(first, last)
            : Double.NaN;
    return new ChannelGroup(first, last, decibels(ofSignal, ofNoise), uncertainty);
  }

  /**
   * Share of the rows along the last axis whose largest value is at the same place: for a
   * classifier, the share of inputs put into the same class.
   *
   * @return 0 to 1; not a number where rows are no decisions: they have one value, belong to maps
   *     or have channels of different kinds.
   */
  public double getSameLargest() {
    boolean decides = rows > 0 && !discrete && getObstacle().isEmpty() && getGroups().isEmpty();
    return decides ? (double) sameLargest / rows : Double.NaN;
  }

  /**
   * Share of equal values, of an output of counted numbers.
   *
   * @return 0 to 1; not a number for floats, or where nothing could be compared.
   */
  public double getSameValues() {
    return discrete && getObstacle().isEmpty() ? (double) same / values : Double.NaN;
  }

  /**
   * Mean cosine of the angle between the outputs for one sample.
   *
   * @return -1 to 1; not a number unless it was asked for.
   */
  public double getCosine() {
    if (wantedRows.isEmpty() || !getObstacle().isEmpty()) {
      return Double.NaN;
    }
    double sum = 0;
    for (int i = 0; i < wantedRows.size(); i++) {
      sum += cosine(wantedRows.get(i), givenRows.get(i));
    }
    return sum / wantedRows.size();
  }

  /**
   * Share of the samples that are found by their own output: of all samples' outputs of the
   * untouched model, that of the same sample is nearest by the cosine.
   *
   * @return 0 to 1; not a number unless it was asked for, or with less than two samples.
   */
  public double getRetrieval() {
    if (wantedRows.size() < 2 || !getObstacle().isEmpty()) {
      return Double.NaN;
    }
    int found = 0;
    for (int i = 0; i < givenRows.size(); i++) {
      double own = cosine(wantedRows.get(i), givenRows.get(i));
      boolean nearest = true;
      for (int k = 0; k < wantedRows.size() && nearest; k++) {
        nearest = k == i || cosine(wantedRows.get(k), givenRows.get(i)) <= own;
      }
      found += nearest ? 1 : 0;
    }
    return (double) found / givenRows.size();
  }

  private static double cosine(float[] a, float[] b) {
    double product = 0;
    double ofA = 0;
    double ofB = 0;
    for (int i = 0; i < a.length; i++) {
      product += (double) a[i] * b[i];
      ofA += (double) a[i] * a[i];
      ofB += (double) b[i] * b[i];
    }
    return ofA > 0 && ofB > 0 ? product / Math.sqrt(ofA * ofB) : 0;
  }

  /**
   * Share of the decisions that are another one, by the metric that was asked for.
   *
   * @return 0 to 1; not a number where the output gives no decisions.
   */
  public double getDrop() {
    return 1 - (embeds ? getRetrieval() : discrete ? getSameValues() : getSameLargest());
  }

  /** The largest share of other decisions of an output; not a number where none gives decisions. */
  static double largestDrop(List<OutputAgreement> outputs) {
    return outputs.stream()
        .mapToDouble(OutputAgreement::getDrop)
        .filter(Double::isFinite)
        .max()
        .orElse(Double.NaN);
  }

  /** The smallest ratio of an output in dB; not a number where none has one. */
  static double leastSignal(List<OutputAgreement> outputs) {
    return outputs.stream()
        .mapToDouble(OutputAgreement::getSignalToNoise)
        .filter(ratio -> !Double.isNaN(ratio))
        .min()
        .orElse(Double.NaN);
  }
}
