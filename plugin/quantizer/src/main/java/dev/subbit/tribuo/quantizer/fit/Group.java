package dev.subbit.tribuo.quantizer.fit;

import java.util.Arrays;
import java.util.stream.IntStream;

/**
 * The state of the output channels of one group while they are fitted: the codewords of their
 * kernels, and their scales. All codebooks are the layer's. Kernels are in the order of the {@link
 * ErrorForm}.
 */
final class Group {

  private final ErrorForm form;
  private final int width;
  private final int stages;
  private final int[][] index;
  private final float[][] scale;

  /** H v - b, [outputs, columns]; kept up to date while indices and taps change. */
  private float[] gradient;

  Group(ErrorForm form, int stages) {
    this.form = form;
    this.width = form.width();
    this.stages = stages;
    this.index = new int[stages][form.outputs() * form.channels()];
    this.scale = new float[stages][form.outputs()];
  }

  private Group(Group other) {
    form = other.form;
    width = other.width;
    stages = other.stages;
    index = Arrays.stream(other.index).map(int[]::clone).toArray(int[][]::new);
    scale = Arrays.stream(other.scale).map(float[]::clone).toArray(float[][]::new);
  }

  /** A copy of the best indices and scales so far. */
  Group copy() {
    return new Group(this);
  }

  ErrorForm form() {
    return form;
  }

  /** The indices of a stage, [outputs, channels]. */
  int[] index(int stage) {
    return index[stage];
  }

  /** The scales of a stage. */
  float[] scale(int stage) {
    return scale[stage];
  }

  /** Number of stages. */
  int stages() {
    return stages;
  }

  /** H v - b, [outputs, columns]. */
  float[] gradient() {
    return gradient;
  }

  /** v, [outputs, columns]. */
  float[] values(float[][] taps) {
    float[] values = new float[form.outputs() * form.columns()];
    for (int s = 0; s < stages; s++) {
      for (int i = 0; i < values.length; i++) {
        values[i] +=
            scale[s][i / form.columns()] * taps[s][index[s][i / width] * width + i % width];
      }
    }
    return values;
  }

  /**
   * Fits the scales by least squares to the present indices and codebooks.
   *
   * @return the error, up to a constant.
   */
  double fitScales(float[][] taps) {
    int columns = form.columns();
    int outputs = form.outputs();
    float[] signs = new float[outputs * stages * columns];
    for (int o = 0; o < outputs; o++) {
      for (int s = 0; s < stages; s++) {
        for (int c = 0; c < form.channels(); c++) {
          System.arraycopy(
              taps[s],
              index[s][o * form.channels() + c] * width,
              signs,
              (o * stages + s) * columns + c * width,
              width);
        }
      }
    }
    float[] products = form.times(signs, outputs * stages);
    gradient = new float[outputs * columns];
    return IntStream.range(0, outputs)
        .parallel()
        .mapToDouble(o -> fitScales(o, signs, products))
        .boxed()
        .reduce(0.0, Double::sum);
  }

  private double fitScales(int o, float[] signs, float[] products) {
    int columns = form.columns();
    double[][] normal = new double[stages][stages];
    double[] right = new double[stages];
    for (int s = 0; s < stages; s++) {
      int row = (o * stages + s) * columns;
      for (int r = 0; r < stages; r++) {
        int other = (o * stages + r) * columns;
        for (int i = 0; i < columns; i++) {
          normal[s][r] += signs[row + i] * products[other + i];
        }
      }
      for (int i = 0; i < columns; i++) {
        right[s] += signs[row + i] * form.target()[o * columns + i];
      }
    }
    double[] solution = LeastSquares.solve(normal, right);
    double error = 0;
    for (int s = 0; s < stages; s++) {
      scale[s][o] = (float) solution[s];
      error -= 2 * solution[s] * right[s];
      for (int r = 0; r < stages; r++) {
        error += solution[s] * solution[r] * normal[s][r];
      }
      for (int i = 0; i < columns; i++) {
        gradient[o * columns + i] +=
            (float) (solution[s] * products[(o * stages + s) * columns + i]);
      }
    }
    for (int i = 0; i < columns; i++) {
      gradient[o * columns + i] -= form.target()[o * columns + i];
    }
    return error;
  }

  /** Adds a row of H, times a factor, to the gradient from a place on. */
  void addRow(float[] h, int row, float factor, int at, int n) {
    if (factor != 0) {
      for (int i = 0; i < n; i++) {
        gradient[at + i] += factor * h[row + i];
      }
    }
  }

  /**
   * The change of the error if one tap of one codeword is flipped, up to a factor of 4.
   *
   * @param sign the tap as it is.
   * @return the change; negative is better.
   */
  double changeByFlip(int stage, int word, int tap, float sign) {
    double change = 0;
    int[] places = new int[form.channels()];
    for (int o = 0; o < form.outputs(); o++) {
      double a = scale[stage][o];
      for (ErrorForm.Block block : form.blocks()) {
        int uses = uses(stage, word, o, block, places);
        for (int i = 0; i < uses; i++) {
          int column = places[i] * width + tap;
          change -= a * sign * gradient[o * form.columns() + block.firstColumn() + column];
          double sum = 0;
          for (int j = 0; j < uses; j++) {
            sum += block.h()[column * block.columns() + places[j] * width + tap];
          }
          change += a * a * sum;
        }
      }
    }
    return change;
  }

  /** Updates the gradient for a flipped tap. */
  void flip(int stage, int word, int tap, float sign) {
    int[] places = new int[form.channels()];
    for (int o = 0; o < form.outputs(); o++) {
      for (ErrorForm.Block block : form.blocks()) {
        int uses = uses(stage, word, o, block, places);
        int at = o * form.columns() + block.firstColumn();
        for (int i = 0; i < uses; i++) {
          int row = (places[i] * width + tap) * block.columns();
          addRow(block.h(), row, -2 * scale[stage][o] * sign, at, block.columns());
        }
      }
    }
  }

  /**
   * Adds to the slope of the error along the values of a codeword, and to its curvature.
   *
   * @param slope [width], up to a factor of 2; added to.
   * @param curvature [width, width]; added to.
   */
  void addCodeword(int stage, int word, double[] slope, double[][] curvature) {
    int[] places = new int[form.channels()];
    for (int o = 0; o < form.outputs(); o++) {
      double a = scale[stage][o];
      for (ErrorForm.Block block : form.blocks()) {
        int uses = uses(stage, word, o, block, places);
        for (int i = 0; i < uses; i++) {
          int at = o * form.columns() + block.firstColumn() + places[i] * width;
          for (int t = 0; t < width; t++) {
            slope[t] += a * gradient[at + t];
            int row = (places[i] * width + t) * block.columns();
            for (int j = 0; j < uses; j++) {
              for (int u = 0; u < width; u++) {
                curvature[t][u] += a * a * block.h()[row + places[j] * width + u];
              }
            }
          }
        }
      }
    }
  }

  /** Updates the gradient for a codeword that changes by these values. */
  void moveCodeword(int stage, int word, double[] change) {
    IntStream.range(0, form.outputs())
        .parallel()
        .forEach(
            o -> {
              int[] places = new int[form.channels()];
              for (ErrorForm.Block block : form.blocks()) {
                int uses = uses(stage, word, o, block, places);
                int at = o * form.columns() + block.firstColumn();
                for (int i = 0; i < uses; i++) {
                  for (int t = 0; t < width; t++) {
                    int row = (places[i] * width + t) * block.columns();
                    float factor = (float) (scale[stage][o] * change[t]);
                    addRow(block.h(), row, factor, at, block.columns());
                  }
                }
              }
            });
  }

  /** The places, inside a block, of the kernels of one output channel that have a codeword. */
  private int uses(int stage, int word, int output, ErrorForm.Block block, int[] places) {
    int first = output * form.channels() + block.firstChannel();
    int uses = 0;
    for (int c = 0; c < block.channels(); c++) {
      if (index[stage][first + c] == word) {
        places[uses++] = c;
      }
    }
    return uses;
  }
}
