package dev.subbit.tribuo.quantizer.fit;

import ai.onnxruntime.OnnxTensor;
import dev.subbit.onnx.Codebook;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Statistics from calibration about some input channels of a convolution and some of its output
 * channels: mean and covariance of the patches that the kernels see, and their covariance with the
 * wanted outputs. With that the mean squared error of the outputs is known for any weights.
 *
 * <p>A patch holds what one output is computed from, cut into vectors as the weights are: those of
 * a 3x3 convolution have 9 values, one channel each. Not safe for use by many threads.
 */
public final class PatchMoments {

  /** Columns whose products are computed together. */
  private static final int BLOCK = 512;

  private final int width;
  private final int columns;
  private final int outputs;

  /** Sums of products of two columns; below the diagonal not all of them. */
  private final float[] products;

  private final float[] crossProducts;
  private final double[] patchSums;
  private final double[] outputSums;
  private final double[] outputSquares;
  // Values are counted from near their mean: sums of products then keep their precision.
  private float[] patchOrigin;
  private float[] outputOrigin;
  private long count;

  /**
   * Starts without any patches of a 3x3 convolution.
   *
   * @param channels input channels.
   * @param outputs output channels.
   */
  public PatchMoments(int channels, int outputs) {
    this(channels, Codebook.TAPS, outputs);
  }

  /**
   * Starts without any patches.
   *
   * @param vectors vectors of a patch.
   * @param width values of a vector.
   * @param outputs output channels.
   */
  public PatchMoments(int vectors, int width, int outputs) {
    this.width = width;
    this.columns = Math.multiplyExact(vectors, width);
    this.outputs = outputs;
    this.products = new float[Math.multiplyExact(columns, columns)];
    this.crossProducts = new float[Math.multiplyExact(outputs, columns)];
    this.patchSums = new double[columns];
    this.outputSums = new double[outputs];
    this.outputSquares = new double[outputs];
  }

  /**
   * Brings statistics of several convolutions with the same weights together. Each has a bias of
   * its own, so that values are counted from the mean in their own convolution; and the errors of
   * each count in relation to how much its outputs vary.
   *
   * @param parts statistics of equal size, at least one.
   * @return their sum; the mean patch and the mean output are those of all.
   */
  public static PatchMoments pooled(List<PatchMoments> parts) {
    PatchMoments first = parts.get(0);
    PatchMoments pooled = new PatchMoments(first.vectors(), first.width, first.outputs);
    pooled.patchOrigin = new float[first.columns];
    pooled.outputOrigin = new float[first.outputs];
    pooled.count = parts.stream().mapToLong(PatchMoments::count).sum();
    double[] factors = parts.stream().mapToDouble(PatchMoments::onePerVariance).toArray();
    double mean = Arrays.stream(factors).average().orElseThrow();
    for (int k = 0; k < factors.length; k++) {
      PatchMoments part = parts.get(k);
      double weight = part.count * factors[k] / mean;
      float[] covariance = part.covariance();
      for (int i = 0; i < covariance.length; i++) {
        pooled.products[i] += (float) (weight * covariance[i]);
      }
      float[] cross = part.crossCovariance();
      for (int i = 0; i < cross.length; i++) {
        pooled.crossProducts[i] += (float) (weight * cross[i]);
      }
      double share = (double) part.count / pooled.count;
      for (int i = 0; i < first.columns; i++) {
        pooled.patchOrigin[i] += (float) (share * part.patchMean(i));
      }
      for (int o = 0; o < first.outputs; o++) {
        pooled.outputOrigin[o] += (float) (share * part.outputMean(o));
        pooled.outputSquares[o] += weight * part.outputVariance(o);
      }
    }
    return pooled;
  }

  private double onePerVariance() {
    double variance = 0;
    for (int o = 0; o < outputs; o++) {
      variance += outputVariance(o);
    }
    return variance > 0 ? 1 / variance : 1;
  }

  /**
   * Adds patches and their wanted outputs to the statistics.
   *
   * @param patches [rows, vectors * width]; changed by the call.
   * @param wanted the outputs wanted there, [rows, outputs]; changed by the call.
   * @param rows number of patches.
   */
  public void add(float[] patches, float[] wanted, int rows) {
    if (rows == 0) {
      return;
    }
    if (patchOrigin == null) {
      patchOrigin = means(patches, rows, columns);
      outputOrigin = means(wanted, rows, outputs);
    }
    for (int row = 0; row < rows; row++) {
      for (int i = 0; i < columns; i++) {
        patches[row * columns + i] -= patchOrigin[i];
        patchSums[i] += patches[row * columns + i];
      }
      for (int o = 0; o < outputs; o++) {
        float value = wanted[row * outputs + o] -= outputOrigin[o];
        outputSums[o] += value;
        outputSquares[o] += (double) value * value;
      }
    }
    addProducts(patches, wanted, rows);
    count += rows;
  }

  /**
   * Adds the products of all pairs of columns. They are symmetric, so of blocks of columns only
   * those pairs are multiplied whose second block is not before the first.
   */
  private void addProducts(float[] patches, float[] wanted, int rows) {
    List<OnnxTensor> blocks = new ArrayList<>();
    try (OnnxTensor results = MatrixProducts.matrix(wanted, rows, outputs)) {
      for (int first = 0; first < columns; first += BLOCK) {
        int width = Math.min(BLOCK, columns - first);
        blocks.add(MatrixProducts.matrix(block(patches, rows, first, width), rows, width));
      }
      for (int j = 0; j < blocks.size(); j++) {
        for (int i = 0; i <= j; i++) {
          float[] product = MatrixProducts.transposedTimes(blocks.get(i), blocks.get(j));
          addTo(products, product, i * BLOCK, j * BLOCK);
        }
        addTo(crossProducts, MatrixProducts.transposedTimes(results, blocks.get(j)), 0, j * BLOCK);
      }
    } finally {
      blocks.forEach(OnnxTensor::close);
    }
  }

  private float[] block(float[] patches, int rows, int first, int width) {
    float[] block = new float[rows * width];
    for (int row = 0; row < rows; row++) {
      System.arraycopy(patches, row * columns + first, block, row * width, width);
    }
    return block;
  }

  private static float[] means(float[] values, int rows, int width) {
    double[] sums = new double[width];
    for (int i = 0; i < rows * width; i++) {
      sums[i % width] += values[i];
    }
    float[] means = new float[width];
    for (int i = 0; i < width; i++) {
      means[i] = (float) (sums[i] / rows);
    }
    return means;
  }

  /** Adds a block to the sums, whose rows have all columns. */
  private void addTo(float[] sums, float[] block, int firstRow, int firstColumn) {
    int width = Math.min(BLOCK, columns - firstColumn);
    for (int i = 0; i < block.length; i += width) {
      int at = (firstRow + i / width) * columns + firstColumn;
      for (int j = 0; j < width; j++) {
        sums[at + j] += block[i + j];
      }
    }
  }

  /**
   * The number of patches that were added.
   *
   * @return their number.
   */
  public long count() {
    return count;
  }

  int width() {
    return width;
  }

  int vectors() {
    return columns / width;
  }

  int columns() {
    return columns;
  }

  int outputs() {
    return outputs;
  }

  /** Covariance of the patches, [columns, columns]. */
  float[] covariance() {
    float[] covariance = new float[products.length];
    for (int i = 0; i < columns; i++) {
      for (int j = i; j < columns; j++) {
        float value =
            (float) ((products[i * columns + j] - patchSums[i] * patchSums[j] / count) / count);
        covariance[i * columns + j] = value;
        covariance[j * columns + i] = value;
      }
    }
    return covariance;
  }

  /** Covariance of wanted outputs and patches, [outputs, columns]. */
  float[] crossCovariance() {
    float[] covariance = new float[crossProducts.length];
    for (int o = 0; o < outputs; o++) {
      for (int i = 0; i < columns; i++) {
        int at = o * columns + i;
        covariance[at] =
            (float) ((crossProducts[at] - outputSums[o] * patchSums[i] / count) / count);
      }
    }
    return covariance;
  }

  double patchMean(int column) {
    return patchOrigin[column] + patchSums[column] / count;
  }

  double outputMean(int output) {
    return outputOrigin[output] + outputSums[output] / count;
  }

  double outputVariance(int output) {
    double mean = outputSums[output] / count;
    return Math.max(0, outputSquares[output] / count - mean * mean);
  }
}
