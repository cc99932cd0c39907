package dev.subbit.tribuo.export;

import java.util.Arrays;

/**
 * Weights in rows of 8 bits, each row with a scale of its own: {@code real = scale * weight}.
 *
 * @param weight the integers, row by row, -127 to 127.
 * @param scale one per row; 0 for a row of zeros.
 */
record EightBitRows(byte[] weight, double[] scale) {

  private static final int MOST = Byte.MAX_VALUE;

  /**
   * Rounds weights as finely as 8 bits and the operators allow.
   *
   * @param weights the weights, row by row.
   * @param rows the number of rows.
   * @param mostSum the most that the magnitudes of a row's integers may sum up to.
   * @param leastScale no row gets a finer scale than this.
   */
  static EightBitRows of(double[] weights, int rows, long mostSum, double leastScale) {
    int length = weights.length / rows;
    byte[] rounded = new byte[weights.length];
    double[] scale = new double[rows];
    for (int r = 0; r < rows; r++) {
      double[] row = Arrays.copyOfRange(weights, r * length, (r + 1) * length);
      double largest = Arrays.stream(row).map(Math::abs).max().orElse(0);
      if (largest > 0) {
        scale[r] = Math.max(leastScale, largest / MOST);
        long sum = round(row, scale[r], rounded, r * length);
        while (sum > mostSum) {
          scale[r] *= Math.max((double) sum / mostSum, 1 + 1e-3);
          sum = round(row, scale[r], rounded, r * length);
        }
      }
    }
    return new EightBitRows(rounded, scale);
  }

  /** The magnitudes of a row's integers, summed up; of the row where that is most. */
  long largestSum() {
    int length = weight.length / scale.length;
    long largest = 0;
    for (int r = 0; r < scale.length; r++) {
      long sum = 0;
      for (int i = r * length; i < (r + 1) * length; i++) {
        sum += Math.abs(weight[i]);
      }
      largest = Math.max(largest, sum);
    }
    return largest;
  }

  /** Writes a row of integers and returns the sum of their magnitudes. */
  private static long round(double[] row, double scale, byte[] rounded, int offset) {
    long sum = 0;
    for (int i = 0; i < row.length; i++) {
      rounded[offset + i] = (byte) Math.rint(row[i] / scale);
      sum += Math.abs(rounded[offset + i]);
    }
    return sum;
  }
}
