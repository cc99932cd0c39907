package dev.subbit.tribuo.quantizer.fit;

import dev.subbit.onnx.Codebook;
import dev.subbit.onnx.CodedWeights;
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
 * <p>The weights of an output are cut into vectors, of 3x3 convolutions the kernels. The start is
 * clustering of the vectors, stage by stage on the remainder that the stages before leave. Then
 * indices, scales and codebooks are fitted to each other in rounds, each against the squared error
 * of the outputs: indices one vector after the other with the error so far handed on (as GPTQ does
 * with single weights, arXiv 2210.17323), then by coordinate descent; scales by least squares;
 * codebooks of signs tap by tap, those of numbers codeword by codeword by least squares. The result
 * is determined by the arguments.
 */
public final class ConvFit {

  private static final int LARGEST = 127;

  /** A round that reduces the error by less than this share is the last one. */
  private static final double LEAST_GAIN = 0.002;

  private final FitSettings settings;
  private final long[] shape;
  private final int stages;
  private final int width;
  private final float[][] taps;
  private List<Group> groups = new ArrayList<>();

  private ConvFit(
      float[] weights, long[] shape, List<List<PatchMoments>> moments, FitSettings settings) {
    this.settings = settings;
    this.shape = shape;
    this.stages = settings.stages();
    this.width = moments.get(0).get(0).width();
    this.taps = new float[stages][];
    int rowSize = Math.toIntExact(weights.length / shape[0]);
    int firstRow = 0;
    for (List<PatchMoments> group : moments) {
      int outputs = group.get(0).outputs();
      int columns = group.stream().mapToInt(PatchMoments::columns).sum();
      // The last vector of a row may reach beyond it.
      float[] rows = new float[outputs * columns];
      for (int o = 0; o < outputs; o++) {
        System.arraycopy(weights, (firstRow + o) * rowSize, rows, o * columns, rowSize);
      }
      groups.add(new Group(new ErrorForm(group, rows), stages));
      firstRow += outputs;
    }
  }

  /**
   * Fits the weights of a 3x3 convolution.
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
    long out = moments.stream().mapToLong(group -> group.get(0).outputs()).sum();
    long[] shape = {out, weights.length / out / Codebook.TAPS, 3, 3};
    return fit(weights, shape, moments, settings, new PatchCheck()).weights();
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
   * @param weights the float weights, row-major.
   * @param shape their shape, [out, in of one group, rows, columns].
   * @param moments the statistics of each group from calibration, as above; all of them cut the
   *     weights of an output into vectors of one width.
   * @param settings how to fit; signs only with 3x3 kernels.
   * @param check other patches to choose by; if there are none, the weights are fitted.
   * @return the weights with the smaller error on them.
   * @throws IllegalArgumentException if a number is not finite.
   */
  public static Chosen fit(
      float[] weights,
      long[] shape,
      List<List<PatchMoments>> moments,
      FitSettings settings,
      PatchCheck check) {
    ConvFit fit = new ConvFit(weights, shape, moments, settings);
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

  /**
   * Takes the weights nearest to the float ones, which need neither a fit nor its time.
   *
   * @param weights the float weights, row-major.
   * @param shape their shape.
   * @param moments the statistics of each group, for the bias.
   * @param settings how to choose codewords.
   * @return the weights.
   * @throws IllegalArgumentException if a number is not finite.
   */
  public static Chosen nearest(
      float[] weights, long[] shape, List<List<PatchMoments>> moments, FitSettings settings) {
    ConvFit fit = new ConvFit(weights, shape, moments, settings);
    try {
      fit.start();
      return new Chosen(fit.result(moments), true);
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
      float[] all = concatenated(normalized);
      taps[s] =
          settings.codewords() == Codewords.SIGNS
              ? CodebookTaps.of(KernelClustering.fit(settings.tau(), all, rng))
              : VectorClustering.fit(settings.tau(), width, all, rng);
      for (int g = 0; g < groups.size(); g++) {
        startStage(groups.get(g), s, normalized.get(g), rest.get(g));
      }
    }
    roundCodewords();
  }

  private void startStage(Group group, int stage, float[] normalized, float[] rest) {
    int[] nearest =
        settings.codewords() == Codewords.SIGNS
            ? KernelAssignment.nearest(
                CodebookTaps.codebook(settings.tau(), taps[stage]), normalized)
            : VectorClustering.nearest(taps[stage], width, normalized);
    System.arraycopy(nearest, 0, group.index(stage), 0, nearest.length);
    int columns = group.form().columns();
    for (int o = 0; o < group.form().outputs(); o++) {
      double product = 0;
      double square = 0;
      for (int i = o * columns; i < (o + 1) * columns; i++) {
        float tap = taps[stage][nearest[i / width] * width + i % width];
        product += (double) rest[i] * tap;
        square += (double) tap * tap;
      }
      float scale = square > 0 ? (float) (product / square) : 0;
      group.scale(stage)[o] = scale;
      for (int i = o * columns; i < (o + 1) * columns; i++) {
        rest[i] -= scale * taps[stage][nearest[i / width] * width + i % width];
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
      if (settings.codewords() == Codewords.INT8) {
        fitCodewords();
        roundCodewords();
      } else if (settings.tau() < Codebook.MAX_TAU) {
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
        int word = i / width;
        int tap = i % width;
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

  /** Fits the values of every codeword by least squares, one codeword after the other. */
  private void fitCodewords() {
    for (int s = 0; s < stages; s++) {
      for (int word = 0; word < taps[s].length / width; word++) {
        double[] slope = new double[width];
        double[][] curvature = new double[width][width];
        for (Group group : groups) {
          group.addCodeword(s, word, slope, curvature);
        }
        double[] change = LeastSquares.solve(curvature, slope);
        for (int t = 0; t < width; t++) {
          change[t] = -change[t];
          taps[s][word * width + t] += (float) change[t];
        }
        for (Group group : groups) {
          group.moveCodeword(s, word, change);
        }
      }
    }
  }

  /** Makes codewords whole numbers of 8 bits, the largest of a stage as large as they can be. */
  private void roundCodewords() {
    if (settings.codewords() == Codewords.SIGNS) {
      return;
    }
    for (int s = 0; s < stages; s++) {
      float largest = 0;
      for (float tap : taps[s]) {
        largest = Math.max(largest, Math.abs(tap));
      }
      float step = largest > 0 ? largest / LARGEST : 1;
      for (int i = 0; i < taps[s].length; i++) {
        taps[s][i] = (float) Math.rint(taps[s][i] / step);
      }
      for (Group group : groups) {
        for (int o = 0; o < group.scale(s).length; o++) {
          group.scale(s)[o] *= step;
        }
      }
    }
  }

  private StagedWeights result(List<List<PatchMoments>> moments) {
    int outputs = groups.stream().mapToInt(group -> group.form().outputs()).sum();
    int channels = groups.get(0).form().channels();
    List<byte[]> codebooks = new ArrayList<>();
    List<int[]> indices = new ArrayList<>();
    List<float[]> scales = new ArrayList<>();
    for (int s = 0; s < stages; s++) {
      int[] index = new int[outputs * channels];
      float[] scale = new float[outputs];
      int first = 0;
      for (Group group : groups) {
        for (int o = 0; o < group.form().outputs(); o++) {
          for (int c = 0; c < channels; c++) {
            index[(first + o) * channels + group.form().channelAt(c)] =
                group.index(s)[o * channels + c];
          }
          scale[first + o] = group.scale(s)[o];
        }
        first += group.form().outputs();
      }
      byte[] words = new byte[taps[s].length];
      for (int i = 0; i < words.length; i++) {
        words[i] = (byte) taps[s][i];
      }
      codebooks.add(words);
      indices.add(index);
      scales.add(scale);
    }
    return new OutputStatistics(groups, taps, moments)
        .with(CodedWeights.pack(shape, width, codebooks, indices, scales));
  }
}
