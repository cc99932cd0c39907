package dev.subbit.tribuo.data;

import java.awt.Rectangle;
import java.util.Arrays;

/**
 * Scales a region of a picture to a size, by linear interpolation; where it shrinks, every pixel of
 * the region counts (a triangle filter as wide as the step, what other libraries call bilinear with
 * antialiasing). Instances are immutable.
 *
 * <p>Each value is a sum of floats along the row, and then one down the column, added up from the
 * left and from the top: trained bits depend on this order.
 */
final class Resampling {

  private final Taps across;
  private final Taps down;

  /** Access to the rows of a picture. */
  @FunctionalInterface
  interface Rows {
    /**
     * Reads a part of one row of a channel.
     *
     * @param channel the channel.
     * @param row the row of the picture.
     * @param values takes the values of the columns of {@link Resampling#source}.
     */
    void read(int channel, int row, float[] values);
  }

  /** Receives the rows of the result. */
  @FunctionalInterface
  interface Target {
    /**
     * Receives one row.
     *
     * @param position the position of its first value in the image: (channel * height + y) * width.
     * @param values its values, each between the smallest and the largest of the region's
     *     surroundings; overwritten after the call.
     */
    void set(int position, float[] values);
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
   * The part of the picture that the result is made of: the region and its surroundings.
   *
   * @return whole pixels inside of the picture, at least one.
   */
  Rectangle source() {
    return new Rectangle(across.start, down.start, across.length, down.length);
  }

  /**
   * Scales the region to the size of the result.
   *
   * @param channels number of channels.
   * @param rows the picture.
   * @param target receives every row of the result once.
   */
  void apply(int channels, Rows rows, Target target) {
    Rectangle source = source();
    int width = across.count();
    int height = down.count();
    float[] values = new float[source.width];
    // An array for each row, not one for all: only then does a compiler know enough to sum up
    // several columns at once.
    float[][] scaledRows = new float[source.height][width];
    float[] sums = new float[width];
    for (int channel = 0; channel < channels; channel++) {
      for (int row = 0; row < source.height; row++) {
        rows.read(channel, source.y + row, values);
        across.sumValues(values, scaledRows[row]);
      }
      for (int y = 0; y < height; y++) {
        down.sumRows(y, scaledRows, sums);
        target.set((channel * height + y) * width, sums);
      }
    }
  }

  /** Which source values make each value of the result along one axis, and how much each counts. */
  private static final class Taps {

    private final int start;
    private final int length;
    // By value of the result: its first source value, counted from the start.
    private final int[] first;
    // By number of the source value, counted from the first, and value of the result. All values
    // have the same number of them, so that loops over the values are plain ones; the weights of
    // those that do not count are 0.
    private final float[][] weights;

    Taps(int size, double begin, double extent, int count) {
      double step = extent / count;
      double reach = Math.max(1, step);
      int[] from = new int[count];
      int[] to = new int[count];
      int taps = 0;
      for (int i = 0; i < count; i++) {
        double centre = begin + (i + 0.5) * step;
        from[i] = (int) Math.max(0, Math.min(size - 1, Math.round(centre - reach)));
        to[i] = (int) Math.max(from[i] + 1, Math.min(size, Math.round(centre + reach)));
        taps = Math.max(taps, to[i] - from[i]);
      }
      this.start = from[0];
      this.length = to[count - 1] - start;
      this.first = new int[count];
      this.weights = new float[taps][count];
      double[] exact = new double[taps];
      for (int i = 0; i < count; i++) {
        double centre = begin + (i + 0.5) * step;
        first[i] = Math.min(from[i] - start, length - taps);
        int counting = to[i] - from[i];
        double sum = 0;
        for (int tap = 0; tap < counting; tap++) {
          exact[tap] = Math.max(0, 1 - Math.abs(from[i] + tap + 0.5 - centre) / reach);
          sum += exact[tap];
        }
        int before = from[i] - start - first[i];
        for (int tap = 0; tap < counting; tap++) {
          weights[before + tap][i] = (float) (sum > 0 ? exact[tap] / sum : 1.0 / counting);
        }
      }
    }

    /** Number of values of the result. */
    int count() {
      return first.length;
    }

    /**
     * Sums up source values that lie side by side.
     *
     * @param values the source values, from the start on.
     * @param sums takes a sum for each value of the result.
     */
    void sumValues(float[] values, float[] sums) {
      Arrays.fill(sums, 0);
      // Two at a time: where a picture grows, no value has more.
      int tap = 0;
      for (; tap + 1 < weights.length; tap += 2) {
        float[] left = weights[tap];
        float[] right = weights[tap + 1];
        for (int i = 0; i < sums.length; i++) {
          int value = first[i] + tap;
          sums[i] = sums[i] + left[i] * values[value] + right[i] * values[value + 1];
        }
      }
      if (tap < weights.length) {
        for (int i = 0; i < sums.length; i++) {
          sums[i] += weights[tap][i] * values[first[i] + tap];
        }
      }
    }

    /**
     * Sums up source rows for one row of the result.
     *
     * @param i number of the row of the result.
     * @param rows the source rows, from the start on, each as long as {@code sums}.
     * @param sums takes the sums.
     */
    void sumRows(int i, float[][] rows, float[] sums) {
      Arrays.fill(sums, 0);
      for (int tap = 0; tap < weights.length; tap++) {
        float weight = weights[tap][i];
        if (weight != 0) {
          float[] row = rows[first[i] + tap];
          for (int x = 0; x < sums.length; x++) {
            sums[x] += weight * row[x];
          }
        }
      }
    }
  }
}
