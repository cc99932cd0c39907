package dev.subbit.tribuo.data;

import java.util.Arrays;

/**
 * Scales a region of a picture to a size, by linear interpolation; where it shrinks, every pixel of
 * the region counts (a triangle filter as wide as the step, what other libraries call bilinear with
 * antialiasing). Instances are immutable.
 */
final class Resampling {

  private final Taps across;
  private final Taps down;

  /** Access to the rows of a picture. */
  @FunctionalInterface
  interface Rows {
    /**
     * Reads one row of a channel.
     *
     * @param channel the channel.
     * @param row the row of the picture.
     * @param values takes the row's values.
     */
    void read(int channel, int row, float[] values);
  }

  /** Receives the values of the result. */
  @FunctionalInterface
  interface Target {
    /**
     * Receives one value.
     *
     * @param position its position in the image: (channel * height + y) * width + x.
     * @param value the value, between the smallest and the largest of the region's surroundings.
     */
    void set(int position, float value);
  }

  /**
   * Prepares the scaling of a region.
   *
   * @param sourceWidth columns of the picture.
   * @param sourceHeight rows of the picture.
   * @param region the region.
   * @param width columns of the result.
   * @param height rows of the result.
   */
  Resampling(int sourceWidth, int sourceHeight, Region region, int width, int height) {
    this.across = new Taps(sourceWidth, region.left(), region.width(), width);
    this.down = new Taps(sourceHeight, region.top(), region.height(), height);
  }

  /**
   * Scales the region to the size of the result.
   *
   * @param channels number of channels.
   * @param rows the picture.
   * @param target receives every value of the result once.
   */
  void apply(int channels, Rows rows, Target target) {
    int width = across.first.length;
    int height = down.first.length;
    float[] source = new float[across.size];
    int top = down.first[0];
    int bottom = down.end(height - 1);
    float[] scaledRows = new float[(bottom - top) * width];
    float[] sums = new float[width];
    for (int channel = 0; channel < channels; channel++) {
      for (int row = top; row < bottom; row++) {
        rows.read(channel, row, source);
        for (int x = 0; x < width; x++) {
          float sum = 0;
          float[] weights = across.weights[x];
          for (int tap = 0; tap < weights.length; tap++) {
            sum += weights[tap] * source[across.first[x] + tap];
          }
          scaledRows[(row - top) * width + x] = sum;
        }
      }
      for (int y = 0; y < height; y++) {
        float[] weights = down.weights[y];
        // Row by row, which a compiler can do for several columns at once. Each sum is added up in
        // the order of its taps.
        Arrays.fill(sums, 0);
        for (int tap = 0; tap < weights.length; tap++) {
          float weight = weights[tap];
          int start = (down.first[y] - top + tap) * width;
          for (int x = 0; x < width; x++) {
            sums[x] += weight * scaledRows[start + x];
          }
        }
        for (int x = 0; x < width; x++) {
          target.set((channel * height + y) * width + x, sums[x]);
        }
      }
    }
  }

  /** Which source values make each value of the result along one axis, and how much each counts. */
  private static final class Taps {

    private final int size;
    private final int[] first;
    private final float[][] weights;

    Taps(int size, double start, double length, int count) {
      this.size = size;
      this.first = new int[count];
      this.weights = new float[count][];
      double step = length / count;
      double reach = Math.max(1, step);
      for (int i = 0; i < count; i++) {
        double centre = start + (i + 0.5) * step;
        int from = (int) Math.max(0, Math.min(size - 1, Math.round(centre - reach)));
        int to = (int) Math.max(from + 1, Math.min(size, Math.round(centre + reach)));
        double[] exact = new double[to - from];
        double sum = 0;
        for (int tap = 0; tap < exact.length; tap++) {
          exact[tap] = Math.max(0, 1 - Math.abs(from + tap + 0.5 - centre) / reach);
          sum += exact[tap];
        }
        first[i] = from;
        weights[i] = new float[exact.length];
        for (int tap = 0; tap < exact.length; tap++) {
          weights[i][tap] = (float) (sum > 0 ? exact[tap] / sum : 1.0 / exact.length);
        }
      }
    }

    int end(int i) {
      int end = 0;
      for (int j = 0; j <= i; j++) {
        end = Math.max(end, first[j] + weights[j].length);
      }
      return end;
    }
  }
}
