package dev.subbit.tribuo.quantizer.fit;

import java.util.Arrays;
import java.util.stream.IntStream;

/** Chooses the codewords of a group's kernels at the present scales, in passes over all kernels. */
final class KernelPasses {

  /** Output channels that go through the columns together, so that a row of H serves them all. */
  private static final int TILE = 16;

  private final Group group;
  private final ErrorForm form;
  private final float[][] taps;
  private final int width;
  private final int stages;

  /**
   * Prepares passes over one group.
   *
   * @param group the group; its indices are changed.
   * @param taps the codebooks.
   */
  KernelPasses(Group group, float[][] taps) {
    this.group = group;
    this.form = group.form();
    this.taps = taps;
    this.width = form.width();
    this.stages = group.stages();
  }

  /** A piece of work on some output channels of a block. */
  private interface Pass {
    void over(ErrorForm.Block block, int firstOutput, int lastOutput);
  }

  private void run(Pass pass) {
    int tiles = (form.outputs() + TILE - 1) / TILE;
    IntStream.range(0, tiles)
        .parallel()
        .forEach(
            tile -> {
              for (ErrorForm.Block block : form.blocks()) {
                pass.over(block, tile * TILE, Math.min(form.outputs(), (tile + 1) * TILE));
              }
            });
  }

  /**
   * Chooses all codewords again, kernel by kernel from the last one, so that each kernel makes up
   * for the errors of those chosen before it. Blocks that are not factored stay as they are.
   */
  void assign() {
    run(
        (block, first, last) -> {
          if (block.factor() != null) {
            assign(block, first, last);
          }
        });
  }

  /**
   * Goes through all kernels once and gives each the best codewords in view of all others. Needs
   * the group's gradient, and keeps it up to date.
   */
  void descend() {
    run(this::descend);
  }

  private void assign(ErrorForm.Block block, int firstOutput, int lastOutput) {
    int n = block.columns();
    double[] factor = block.factor();
    double[][] known = new double[lastOutput - firstOutput][n];
    KernelChoice choice = new KernelChoice(taps, width);
    float[] m = new float[width * width];
    float[] p = new float[width];
    double[] v = new double[width];
    for (int c = block.channels() - 1; c >= 0; c--) {
      int column = c * width;
      squareOfFactor(factor, n, column, m);
      choice.prepare(m);
      for (int o = firstOutput; o < lastOutput; o++) {
        double[] sums = known[o - firstOutput];
        int at = o * form.columns() + block.firstColumn() + column;
        for (int i = 0; i < width; i++) {
          double sum = 0;
          for (int j = 0; j <= i; j++) {
            sum +=
                factor[(column + i) * n + column + j]
                    * (form.whitened()[at + j] - sums[column + j]);
          }
          p[i] = (float) sum;
        }
        chooseKernel(choice, p, o, block.firstChannel() + c);
        valueOf(o, block.firstChannel() + c, v);
        addRows(factor, n, column, v, sums, column);
      }
    }
  }

  /** L L^T of a kernel's block on the diagonal. */
  private void squareOfFactor(double[] factor, int n, int column, float[] m) {
    for (int i = 0; i < width; i++) {
      for (int j = 0; j <= i; j++) {
        double sum = 0;
        for (int k = 0; k <= j; k++) {
          sum += factor[(column + i) * n + column + k] * factor[(column + j) * n + column + k];
        }
        m[i * width + j] = (float) sum;
        m[j * width + i] = (float) sum;
      }
    }
  }

  private void chooseKernel(KernelChoice choice, float[] p, int output, int channel) {
    int kernel = output * form.channels() + channel;
    int[] chosen = new int[stages];
    float[] scales = new float[stages];
    for (int s = 0; s < stages; s++) {
      chosen[s] = group.index(s)[kernel];
      scales[s] = group.scale(s)[output];
    }
    choice.choose(p, scales, chosen);
    for (int s = 0; s < stages; s++) {
      group.index(s)[kernel] = chosen[s];
    }
  }

  private void valueOf(int output, int channel, double[] v) {
    int kernel = output * form.channels() + channel;
    Arrays.fill(v, 0);
    for (int s = 0; s < stages; s++) {
      for (int t = 0; t < width; t++) {
        v[t] += group.scale(s)[output] * taps[s][group.index(s)[kernel] * width + t];
      }
    }
  }

  /** Adds the first {@code length} values of a kernel's rows, each times its factor. */
  private void addRows(
      double[] matrix, int n, int firstRow, double[] factors, double[] sums, int length) {
    int row = 0;
    for (; row + 3 <= width; row += 3) {
      int r0 = (firstRow + row) * n;
      int r1 = r0 + n;
      int r2 = r1 + n;
      double f0 = factors[row];
      double f1 = factors[row + 1];
      double f2 = factors[row + 2];
      for (int i = 0; i < length; i++) {
        sums[i] += f0 * matrix[r0 + i] + f1 * matrix[r1 + i] + f2 * matrix[r2 + i];
      }
    }
    for (; row < width; row++) {
      int r = (firstRow + row) * n;
      for (int i = 0; i < length; i++) {
        sums[i] += factors[row] * matrix[r + i];
      }
    }
  }

  private void descend(ErrorForm.Block block, int firstOutput, int lastOutput) {
    int n = block.columns();
    KernelChoice choice = new KernelChoice(taps, width);
    float[] m = new float[width * width];
    float[] p = new float[width];
    double[] before = new double[width];
    double[] after = new double[width];
    for (int c = 0; c < block.channels(); c++) {
      for (int i = 0; i < width; i++) {
        System.arraycopy(block.h(), (c * width + i) * n + c * width, m, i * width, width);
      }
      choice.prepare(m);
      for (int o = firstOutput; o < lastOutput; o++) {
        int at = o * form.columns() + block.firstColumn();
        valueOf(o, block.firstChannel() + c, before);
        for (int i = 0; i < width; i++) {
          double sum = -group.gradient()[at + c * width + i];
          for (int j = 0; j < width; j++) {
            sum += m[i * width + j] * before[j];
          }
          p[i] = (float) sum;
        }
        chooseKernel(choice, p, o, block.firstChannel() + c);
        valueOf(o, block.firstChannel() + c, after);
        if (!Arrays.equals(before, after)) {
          for (int i = 0; i < width; i++) {
            group.addRow(block.h(), (c * width + i) * n, (float) (after[i] - before[i]), at, n);
          }
        }
      }
    }
  }
}
