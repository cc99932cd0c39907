package dev.subbit.tribuo.quantizer.fit;

import dev.subbit.onnx.Codebook;
import java.util.List;
import java.util.SplittableRandom;

/**
 * A convolution of one group with patches of its input, and the outputs wanted there.
 *
 * @param channels input channels.
 * @param outputs output channels.
 * @param weights [outputs, channels, 9].
 * @param patches [rows, channels, 9].
 * @param wanted [rows, outputs].
 */
record SampledLayer(int channels, int outputs, float[] weights, float[] patches, float[] wanted) {

  private static final int ROWS = 400;

  /** Correlated patches, larger in some channels than in others; weights of usual size. */
  static SampledLayer random(int channels, int outputs, long seed) {
    SplittableRandom rng = new SplittableRandom(seed);
    float[] weights = new float[outputs * channels * Codebook.TAPS];
    for (int i = 0; i < weights.length; i++) {
      weights[i] = (float) (rng.nextDouble(-1, 1) + rng.nextDouble(-1, 1));
    }
    return of(channels, outputs, weights, rng);
  }

  /** Correlated patches for given weights. */
  static SampledLayer of(int channels, int outputs, float[] weights, SplittableRandom rng) {
    int columns = channels * Codebook.TAPS;
    float[] patches = new float[ROWS * columns];
    double[] size = rng.doubles(channels, 0.5, 2).toArray();
    for (int row = 0; row < ROWS; row++) {
      double last = rng.nextDouble(-1, 1);
      for (int i = 0; i < columns; i++) {
        last = 0.5 * last + rng.nextDouble(-1, 1.2);
        patches[row * columns + i] = (float) (last * size[i / Codebook.TAPS]);
      }
    }
    return new SampledLayer(
        channels, outputs, weights, patches, outputs(weights, patches, columns, outputs));
  }

  private static float[] outputs(float[] weights, float[] patches, int columns, int outputs) {
    int rows = patches.length / columns;
    float[] wanted = new float[rows * outputs];
    for (int row = 0; row < rows; row++) {
      for (int o = 0; o < outputs; o++) {
        double sum = 0.5 * o;
        for (int i = 0; i < columns; i++) {
          sum += (double) weights[o * columns + i] * patches[row * columns + i];
        }
        wanted[row * outputs + o] = (float) sum;
      }
    }
    return wanted;
  }

  int columns() {
    return channels * Codebook.TAPS;
  }

  PatchMoments moments() {
    return moments(0, channels);
  }

  /** The moments of some of the channels. */
  PatchMoments moments(int firstChannel, int lastChannel) {
    int width = (lastChannel - firstChannel) * Codebook.TAPS;
    int rows = wanted.length / outputs;
    float[] part = new float[rows * width];
    for (int row = 0; row < rows; row++) {
      System.arraycopy(
          patches, row * columns() + firstChannel * Codebook.TAPS, part, row * width, width);
    }
    PatchMoments moments = new PatchMoments(lastChannel - firstChannel, outputs);
    moments.add(part, wanted.clone(), rows);
    return moments;
  }

  ErrorForm form() {
    return new ErrorForm(List.of(moments()), weights);
  }

  /** Mean of what these weights give at an output, without a bias. */
  double mean(float[] v, int output) {
    double sum = 0;
    for (float value : outputsOf(v, output)) {
      sum += value;
    }
    return sum * outputs / wanted.length;
  }

  private float[] outputsOf(float[] v, int output) {
    int rows = wanted.length / outputs;
    float[] found = new float[rows];
    for (int row = 0; row < rows; row++) {
      double sum = 0;
      for (int i = 0; i < columns(); i++) {
        sum += (double) v[output * columns() + i] * patches[row * columns() + i];
      }
      found[row] = (float) sum;
    }
    return found;
  }

  /** The mean squared error of an output with these weights and the best bias. */
  double error(float[] v, int output) {
    float[] found = outputsOf(v, output);
    double sum = 0;
    double squares = 0;
    for (int row = 0; row < found.length; row++) {
      double difference = (double) wanted[row * outputs + output] - found[row];
      sum += difference;
      squares += difference * difference;
    }
    double mean = sum / found.length;
    return squares / found.length - mean * mean;
  }

  /** Weights from the order of a form's columns back to that of the layer. */
  float[] inLayerOrder(ErrorForm form, float[] ordered) {
    float[] weightsInOrder = new float[ordered.length];
    for (int o = 0; o < outputs; o++) {
      for (int c = 0; c < channels; c++) {
        System.arraycopy(
            ordered,
            (o * channels + c) * Codebook.TAPS,
            weightsInOrder,
            (o * channels + form.channelAt(c)) * Codebook.TAPS,
            Codebook.TAPS);
      }
    }
    return weightsInOrder;
  }
}
