package dev.subbit.tribuo.quantizer.fit;

import ai.onnxruntime.OnnxTensor;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.stream.IntStream;

/**
 * The squared error of the outputs of one group of a convolution as a function of its weights v,
 * one row per output channel: {@code v H v^T - 2 v b^T}, up to what no weights change. H is the
 * covariance of the patches; b that of patches and wanted outputs. Both are pulled a little towards
 * the float weights, where calibration gives little information.
 *
 * <p>What is called a channel here is a vector of the weights: of a 3x3 convolution, the kernel of
 * one channel.
 *
 * <p>Columns are ordered by channel: those whose input varies least come first, so that those
 * decided first, which are the last, matter most. Very wide layers are split into blocks of
 * channels whose correlations with each other are left out; their b is made from the float weights.
 */
final class ErrorForm implements AutoCloseable {

  /** Least share of the mean variance of a patch value that is added to all variances. */
  private static final double LEAST_DAMPING = 0.01;

  /**
   * The share more for each unknown weight per patch: few patches say little about many. Of 0, 0.1
   * and 1, a face detector fitted to ten pictures did the better on others the larger it was;
   * fitted to forty, none was better than the others.
   */
  private static final double DAMPING_BY_UNKNOWNS = 0.3;

  /** Widest block that is factored; errors are not handed on in wider ones. */
  private static final int MAX_FACTORED_CHANNELS = 512;

  /** Output channels that go through a block together. */
  private static final int TILE = 8;

  /**
   * Consecutive ordered channels with the part of H that is theirs, and its Cholesky factor; null
   * in a very wide block.
   */
  record Block(
      int firstChannel, int channels, int width, float[] h, double[] factor, double damping) {
    int columns() {
      return channels * width;
    }

    int firstColumn() {
      return firstChannel * width;
    }
  }

  private final int outputs;
  private final int width;
  private final int channels;
  private final int[] order;
  private final List<Block> blocks = new ArrayList<>();

  /** H of each block once more, where ONNX Runtime can read it. */
  private final List<OnnxTensor> tensors = new ArrayList<>();

  private final float[] weights;
  private final float[] target;
  private final double[] whitened;
  private final double[] variance;

  /**
   * Makes the form of one group.
   *
   * @param moments of consecutive blocks of the group's input channels, at least one.
   * @param floatWeights the group's weights, [outputs, channels, width].
   */
  ErrorForm(List<PatchMoments> moments, float[] floatWeights) {
    this.outputs = moments.get(0).outputs();
    this.width = moments.get(0).width();
    int columns = moments.stream().mapToInt(PatchMoments::columns).sum();
    this.channels = columns / width;
    this.order = new int[channels];
    this.variance =
        IntStream.range(0, outputs).mapToDouble(moments.get(0)::outputVariance).toArray();
    int first = 0;
    List<float[]> covariances = new ArrayList<>();
    for (PatchMoments block : moments) {
      float[] covariance = block.covariance();
      covariances.add(covariance);
      orderChannels(covariance, first, block.columns() / width);
      first += block.columns() / width;
    }
    this.weights = ordered(floatWeights, outputs);
    first = 0;
    for (int i = 0; i < moments.size(); i++) {
      Block block =
          block(covariances.set(i, null), first, moments.get(i).columns(), moments.get(i).count());
      blocks.add(block);
      tensors.add(MatrixProducts.matrix(block.h(), block.columns(), block.columns()));
      first += moments.get(i).columns() / width;
    }
    this.target = moments.size() == 1 ? fromOutputs(moments.get(0)) : fromWeights();
    this.whitened = whiten();
  }

  private void orderChannels(float[] covariance, int first, int count) {
    int columns = count * width;
    double[] energy = new double[count];
    for (int i = 0; i < columns; i++) {
      energy[i / width] += covariance[i * columns + i];
    }
    int[] ordered =
        IntStream.range(0, count)
            .boxed()
            .sorted(Comparator.comparingDouble(channel -> energy[channel]))
            .mapToInt(Integer::intValue)
            .toArray();
    for (int i = 0; i < count; i++) {
      order[first + i] = first + ordered[i];
    }
  }

  private Block block(float[] covariance, int first, int columns, long patches) {
    double trace = 0;
    for (int i = 0; i < columns; i++) {
      trace += covariance[i * columns + i];
    }
    // Where no input ever varies, every direction counts the same.
    double share = LEAST_DAMPING + DAMPING_BY_UNKNOWNS * columns / patches;
    double damping = trace > 0 ? share * trace / columns : 1;
    float[] h = new float[covariance.length];
    for (int i = 0; i < columns; i++) {
      int row = source(first, i) * columns;
      for (int j = 0; j < columns; j++) {
        h[i * columns + j] = covariance[row + source(first, j)];
      }
      h[i * columns + i] += (float) damping;
    }
    int count = columns / width;
    double[] factor = count > MAX_FACTORED_CHANNELS ? null : Cholesky.factor(h, columns);
    return new Block(first, count, width, h, factor, damping);
  }

  /** The column of a block's covariance that comes to an ordered column of the block. */
  private int source(int first, int column) {
    return (order[first + column / width] - first) * width + column % width;
  }

  private float[] fromOutputs(PatchMoments moments) {
    float[] b = ordered(moments.crossCovariance(), outputs);
    double damping = blocks.get(0).damping();
    for (int i = 0; i < b.length; i++) {
      b[i] += (float) (damping * weights[i]);
    }
    return b;
  }

  private float[] fromWeights() {
    return times(weights, outputs);
  }

  /** L^-1 b, where a block is factored; a row of L serves several outputs at a time. */
  private double[] whiten() {
    double[] z = new double[target.length];
    int tiles = (outputs + TILE - 1) / TILE;
    IntStream.range(0, tiles)
        .parallel()
        .forEach(
            tile -> {
              for (Block block : blocks) {
                if (block.factor() != null) {
                  whiten(block, tile * TILE, Math.min(outputs, (tile + 1) * TILE), z);
                }
              }
            });
    return z;
  }

  private void whiten(Block block, int firstOutput, int lastOutput, double[] z) {
    int n = block.columns();
    for (int i = 0; i < n; i++) {
      for (int o = firstOutput; o < lastOutput; o++) {
        int at = o * columns() + block.firstColumn();
        double sum = target[at + i] - dot(block.factor(), i * n, z, at, i);
        z[at + i] = sum / block.factor()[i * n + i];
      }
    }
  }

  private static double dot(double[] a, int fromA, double[] b, int fromB, int length) {
    double sum0 = 0;
    double sum1 = 0;
    double sum2 = 0;
    double sum3 = 0;
    int i = 0;
    for (; i + 4 <= length; i += 4) {
      sum0 += a[fromA + i] * b[fromB + i];
      sum1 += a[fromA + i + 1] * b[fromB + i + 1];
      sum2 += a[fromA + i + 2] * b[fromB + i + 2];
      sum3 += a[fromA + i + 3] * b[fromB + i + 3];
    }
    for (; i < length; i++) {
      sum0 += a[fromA + i] * b[fromB + i];
    }
    return sum0 + sum1 + sum2 + sum3;
  }

  /** Sorts [rows, channels, width] into the order of the columns. */
  private float[] ordered(float[] values, int rows) {
    float[] ordered = new float[values.length];
    for (int row = 0; row < rows; row++) {
      for (int c = 0; c < channels; c++) {
        System.arraycopy(
            values,
            (row * channels + order[c]) * width,
            ordered,
            (row * channels + c) * width,
            width);
      }
    }
    return ordered;
  }

  /** Rows times H: [rows, columns] to the same. */
  float[] times(float[] rows, int count) {
    if (blocks.size() == 1) {
      return MatrixProducts.times(rows, tensors.get(0), count, columns());
    }
    float[] products = new float[rows.length];
    for (int b = 0; b < blocks.size(); b++) {
      Block block = blocks.get(b);
      int n = block.columns();
      float[] part = new float[count * n];
      for (int row = 0; row < count; row++) {
        System.arraycopy(rows, row * columns() + block.firstColumn(), part, row * n, n);
      }
      float[] product = MatrixProducts.times(part, tensors.get(b), count, n);
      for (int row = 0; row < count; row++) {
        System.arraycopy(product, row * n, products, row * columns() + block.firstColumn(), n);
      }
    }
    return products;
  }

  @Override
  public void close() {
    tensors.forEach(OnnxTensor::close);
  }

  int outputs() {
    return outputs;
  }

  int channels() {
    return channels;
  }

  /** Values of a vector. */
  int width() {
    return width;
  }

  int columns() {
    return channels * width;
  }

  /** The channel of the group that comes at a place. */
  int channelAt(int place) {
    return order[place];
  }

  List<Block> blocks() {
    return blocks;
  }

  /** The float weights, ordered: [outputs, columns]. */
  float[] weights() {
    return weights;
  }

  /** b, ordered: [outputs, columns]. */
  float[] target() {
    return target;
  }

  /** L^-1 b, ordered: [outputs, columns]; |L^T v - z|^2 is the error up to a constant. */
  double[] whitened() {
    return whitened;
  }

  /** Variance of a wanted output. */
  double variance(int output) {
    return variance[output];
  }
}
