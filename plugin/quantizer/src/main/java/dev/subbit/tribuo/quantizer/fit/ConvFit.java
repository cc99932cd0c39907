package dev.subbit.tribuo.quantizer.fit;

import dev.subbit.onnx.Codebook;
import dev.subbit.onnx.PackedConvWeights;
import dev.subbit.tribuo.codebook.CodebookTaps;
import dev.subbit.tribuo.codebook.KernelAssignment;
import dev.subbit.tribuo.codebook.KernelClustering;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;

/**
 * Fits the sub-bit weights of one convolution to what its outputs should be.
 *
 * <p>The start is k-means on the kernels, stage by stage on the remainder that the stages before
 * leave. Then indices, scales and codebooks are fitted to each other in rounds, each against the
 * squared error of the outputs: indices one kernel after the other with the error so far handed on
 * (as GPTQ does with single weights, arXiv 2210.17323), then by coordinate descent; scales by least
 * squares; codebooks tap by tap. The result is determined by the arguments.
 */
public final class ConvFit {

  private static final int TAPS = Codebook.TAPS;

  /** A round that reduces the error by less than this share is the last one. */
  private static final double LEAST_GAIN = 0.002;

  private final FitSettings settings;
  private final int stages;
  private final float[][] taps;
  private List<Group> groups = new ArrayList<>();

  private ConvFit(float[] weights, List<List<PatchMoments>> moments, FitSettings settings) {
    this.settings = settings;
    this.stages = settings.stages();
    this.taps = new float[stages][];
    int first = 0;
    for (List<PatchMoments> group : moments) {
      int outputs = group.get(0).outputs();
      int columns = group.stream().mapToInt(PatchMoments::columns).sum();
      int size = outputs * columns;
      groups.add(
          new Group(
              new ErrorForm(group, Arrays.copyOfRange(weights, first, first + size)), stages));
      first += size;
    }
  }

  /**
   * Fits the weights of one convolution.
   *
   * @param weights the float weights, [out, in of one group, 3, 3].
   * @param moments the statistics of each group from calibration, in order; for each one entry, or
   *     several for consecutive blocks of its input channels.
   * @param settings how to fit.
   * @return the weights.
   * @throws IllegalArgumentException if a number is not finite.
   */
  public static StagedWeights fit(
      float[] weights, List<List<PatchMoments>> moments, FitSettings settings) {
    return fit(weights, moments, settings, new PatchCheck()).weights();
  }

  /**
   * Weights with where they come from.
   *
   * @param weights the weights.
   * @param plain whether indices, codebooks and scales are those nearest to the float weights,
   *     since weights fitted to the calibration did worse on other patches.
   */
  public record Chosen(StagedWeights weights, boolean plain) {}

  /**
   * Fits the weights of one convolution, unless the calibration says too little: then they stay
   * those nearest to the float weights, which need no patches.
   *
   * @param weights the float weights, [out, in of one group, 3, 3].
   * @param moments the statistics of each group from calibration, as above.
   * @param settings how to fit.
   * @param check other patches to choose by; if there are none, the weights are fitted.
   * @return the weights with the smaller error on them.
   * @throws IllegalArgumentException if a number is not finite.
   */
  public static Chosen fit(
      float[] weights, List<List<PatchMoments>> moments, FitSettings settings, PatchCheck check) {
    ConvFit fit = new ConvFit(weights, moments, settings);
    try {
      fit.start();
      StagedWeights plain = check.count() > 0 ? fit.result(moments) : null;
      fit.refine();
      StagedWeights fitted = fit.result(moments);
      boolean isPlain = plain != null && check.error(plain) < check.error(fitted);
      return new Chosen(isPlain ? plain : fitted, isPlain);
    } finally {
      fit.groups.forEach(group -> group.form().close());
    }
  }

  /** Starts codebooks, indices and scales from the kernels alone. */
  private void start() {
    SplittableRandom rng = new SplittableRandom(settings.seed());
    List<float[]> rest = groups.stream().map(group -> group.form().weights().clone()).toList();
    for (int s = 0; s < stages; s++) {
      // Clustered at one size: else the channels with large weights would choose all codewords.
      List<float[]> normalized = new ArrayList<>();
      for (int g = 0; g < groups.size(); g++) {
        normalized.add(normalized(rest.get(g), groups.get(g).form().columns()));
      }
      Codebook codebook = KernelClustering.fit(settings.tau(), concatenated(normalized), rng);
      taps[s] = CodebookTaps.of(codebook);
      for (int g = 0; g < groups.size(); g++) {
        startStage(groups.get(g), s, codebook, normalized.get(g), rest.get(g));
      }
    }
  }

  private void startStage(
      Group group, int stage, Codebook codebook, float[] normalized, float[] rest) {
    int[] nearest = KernelAssignment.nearest(codebook, normalized);
    System.arraycopy(nearest, 0, group.index(stage), 0, nearest.length);
    int columns = group.form().columns();
    for (int o = 0; o < group.form().outputs(); o++) {
      double product = 0;
      for (int i = o * columns; i < (o + 1) * columns; i++) {
        product += (double) rest[i] * taps[stage][nearest[i / TAPS] * TAPS + i % TAPS];
      }
      float scale = (float) (product / columns);
      group.scale(stage)[o] = scale;
      for (int i = o * columns; i < (o + 1) * columns; i++) {
        rest[i] -= scale * taps[stage][nearest[i / TAPS] * TAPS + i % TAPS];
      }
    }
  }

  private static float[] normalized(float[] weights, int columns) {
    float[] normalized = new float[weights.length];
    for (int first = 0; first < weights.length; first += columns) {
      double sum = 0;
      for (int i = first; i < first + columns; i++) {
        sum += Math.abs(weights[i]);
      }
      for (int i = first; i < first + columns && sum > 0; i++) {
        normalized[i] = (float) (weights[i] * columns / sum);
      }
    }
    return normalized;
  }

  private static float[] concatenated(List<float[]> parts) {
    float[] whole = new float[parts.stream().mapToInt(part -> part.length).sum()];
    int at = 0;
    for (float[] part : parts) {
      System.arraycopy(part, 0, whole, at, part.length);
      at += part.length;
    }
    return whole;
  }

  /** Fits in rounds, until one brings no improvement. */
  private void refine() {
    double best = groups.stream().mapToDouble(group -> group.fitScales(taps)).sum();
    for (int round = 0; round < settings.rounds(); round++) {
      List<Group> before = groups.stream().map(Group::copy).toList();
      float[][] tapsBefore = Arrays.stream(taps).map(float[]::clone).toArray(float[][]::new);
      for (Group group : groups) {
        fitIndices(group);
      }
      if (settings.tau() < Codebook.MAX_TAU) {
        fitTaps();
      }
      double error = groups.stream().mapToDouble(group -> group.fitScales(taps)).sum();
      if (!(error < best)) {
        groups = before;
        System.arraycopy(tapsBefore, 0, taps, 0, stages);
        return;
      }
      if (best - error < LEAST_GAIN * (signal() + error)) {
        return;
      }
      best = error;
    }
  }

  /** The variance of the wanted outputs: the error without any weights. */
  private double signal() {
    double sum = 0;
    for (Group group : groups) {
      for (int o = 0; o < group.form().outputs(); o++) {
        sum += group.form().variance(o);
      }
    }
    return sum;
  }

  private void fitIndices(Group group) {
    if (SingleKernels.fits(group)) {
      new SingleKernels(group, taps).choose();
    } else {
      KernelPasses passes = new KernelPasses(group, taps);
      passes.assign();
      group.fitScales(taps);
      passes.descend();
    }
    group.fitScales(taps);
  }

  /** Flips every tap of every codebook whose flip reduces the error. */
  private void fitTaps() {
    for (int s = 0; s < stages; s++) {
      for (int i = 0; i < taps[s].length; i++) {
        int word = i / TAPS;
        int tap = i % TAPS;
        float sign = taps[s][i];
        double change = 0;
        for (Group group : groups) {
          change += group.changeByFlip(s, word, tap, sign);
        }
        if (change < 0) {
          taps[s][i] = -sign;
          for (Group group : groups) {
            group.flip(s, word, tap, sign);
          }
        }
      }
    }
  }

  private StagedWeights result(List<List<PatchMoments>> moments) {
    int outputs = groups.stream().mapToInt(group -> group.form().outputs()).sum();
    int channels = groups.get(0).form().channels();
    List<PackedConvWeights> packed = new ArrayList<>();
    for (int s = 0; s < stages; s++) {
      int[] indices = new int[outputs * channels];
      float[] scales = new float[outputs];
      int first = 0;
      for (Group group : groups) {
        for (int o = 0; o < group.form().outputs(); o++) {
          for (int c = 0; c < channels; c++) {
            indices[(first + o) * channels + group.form().channelAt(c)] =
                group.index(s)[o * channels + c];
          }
          scales[first + o] = group.scale(s)[o];
        }
        first += group.form().outputs();
      }
      packed.add(PackedConvWeights.pack(channels, codebook(taps[s]), indices, scales));
    }
    return new OutputStatistics(groups, taps, moments).with(packed);
  }

  private Codebook codebook(float[] floats) {
    byte[] signs = new byte[floats.length];
    for (int i = 0; i < signs.length; i++) {
      signs[i] = (byte) floats[i];
    }
    return Codebook.ofTaps(settings.tau(), signs);
  }
}
