package dev.subbit.tribuo.training.internal.graph.tensorflow;

/**
 * How each place of a resized axis depends on those before, as ONNX's Resize defines it.
 *
 * @param from places before.
 * @param to places after.
 * @param factors [to, from], row-major.
 */
record ResizeMatrix(int from, int to, float[] factors) {

  /** Places that a cubic interpolation looks at. */
  private static final int CUBIC_TAPS = 4;

  static ResizeMatrix of(
      OnnxNode node,
      String mode,
      String coordinates,
      String rounding,
      double cubic,
      boolean excludesOutside,
      int from,
      int to,
      double scale) {
    float[] factors = new float[from * to];
    for (int i = 0; i < to; i++) {
      double x = original(node, coordinates, i, from, to, scale);
      int row = i * from;
      switch (mode) {
        case "nearest" -> factors[row + clamp(nearest(node, rounding, x), from)] = 1;
        case "linear" -> {
          // Beyond the ends the last value goes on.
          double inside = Math.max(0, Math.min(from - 1, x));
          int low = (int) Math.floor(inside);
          double share = inside - low;
          factors[row + low] += (float) (1 - share);
          factors[row + clamp(low + 1, from)] += (float) share;
        }
        case "cubic" -> addCubic(factors, row, from, x, cubic, excludesOutside);
        default -> throw node.refusal("mode", mode, "nearest, linear and cubic");
      }
    }
    return new ResizeMatrix(from, to, factors);
  }

  private static double original(
      OnnxNode node, String coordinates, int i, int from, int to, double scale) {
    return switch (coordinates) {
      case "asymmetric" -> i / scale;
      case "half_pixel" -> (i + 0.5) / scale - 0.5;
      case "half_pixel_symmetric" -> {
        double adjustment = to / (scale * from);
        double offset = from / 2.0 * (1 - adjustment);
        yield offset + (i + 0.5) / scale - 0.5;
      }
      case "pytorch_half_pixel" -> to > 1 ? (i + 0.5) / scale - 0.5 : 0;
      case "align_corners" -> to > 1 ? (double) i * (from - 1) / (to - 1) : 0;
      default ->
          throw node.refusal(
              "coordinate_transformation_mode",
              coordinates,
              "asymmetric, half_pixel, half_pixel_symmetric, pytorch_half_pixel and"
                  + " align_corners");
    };
  }

  private static int nearest(OnnxNode node, String rounding, double x) {
    return switch (rounding) {
      case "floor" -> (int) Math.floor(x);
      case "ceil" -> (int) Math.ceil(x);
      case "round_prefer_floor" -> (int) Math.ceil(x - 0.5);
      case "round_prefer_ceil" -> (int) Math.floor(x + 0.5);
      default ->
          throw node.refusal(
              "nearest_mode", rounding, "floor, ceil, round_prefer_floor and round_prefer_ceil");
    };
  }

  private static int clamp(int place, int size) {
    return Math.max(0, Math.min(size - 1, place));
  }

  private static void addCubic(
      float[] factors, int row, int from, double x, double a, boolean excludesOutside) {
    int first = (int) Math.floor(x) - 1;
    double[] weights = new double[CUBIC_TAPS];
    double sum = 0;
    for (int tap = 0; tap < CUBIC_TAPS; tap++) {
      double distance = Math.abs(x - (first + tap));
      double weight =
          distance <= 1
              ? ((a + 2) * distance - (a + 3)) * distance * distance + 1
              : ((a * distance - 5 * a) * distance + 8 * a) * distance - 4 * a;
      boolean outside = first + tap < 0 || first + tap >= from;
      weights[tap] = excludesOutside && outside ? 0 : weight;
      sum += weights[tap];
    }
    for (int tap = 0; tap < CUBIC_TAPS; tap++) {
      double weight = excludesOutside ? weights[tap] / sum : weights[tap];
      factors[row + clamp(first + tap, from)] += (float) weight;
    }
  }
}
