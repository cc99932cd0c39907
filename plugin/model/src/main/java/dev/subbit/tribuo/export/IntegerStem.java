package dev.subbit.tribuo.export;

import dev.subbit.onnx.IntegerLayer;
import dev.subbit.onnx.IntegerLayer.Window;
import dev.subbit.tribuo.network.IntegerForm;
import dev.subbit.tribuo.network.Layer;
import dev.subbit.tribuo.network.NodeShape;
import dev.subbit.tribuo.network.TrainedNetwork;
import java.util.Arrays;
import java.util.Map;

/**
 * Derives the integers of a network's first layers. Sums are moved down by the fewest bits at which
 * none saturates.
 */
final class IntegerStem {

  /** 255 times the magnitudes of a channel's weights must be below 2^23. */
  private static final long MOST_SUM = ((1 << 23) - 1) / PixelUnits.MOST;

  private static final int LEAST_SHIFT = 1;

  private IntegerStem() {}

  /**
   * Derives the layer.
   *
   * @param part its nodes.
   * @param trained the network.
   * @param shapes the shapes of its nodes.
   * @param form how activations are held.
   */
  static IntegerLayer.Stem of(
      IntegerPart.Stem part,
      TrainedNetwork trained,
      Map<String, NodeShape> shapes,
      IntegerForm form) {
    String node = part.named().name();
    Layer.Conv conv = (Layer.Conv) part.named().layer();
    FixedPoint fixed = new FixedPoint(node, form);
    PixelUnits pixels = PixelUnits.of(part.normalize());
    FoldedNorm norm = FoldedNorm.of(trained, part.chain().norm(), conv.out());
    double[] weights = norm.fold(trained.floats().get(node + "/weight"));
    EightBitRows rows = EightBitRows.of(weights, conv.out(), MOST_SUM, 0);
    int farthest = Math.max(pixels.zero(), PixelUnits.MOST - pixels.zero());
    int shift = Math.max(LEAST_SHIFT, FixedPoint.shiftToFit(farthest * rows.largestSum()));
    double[] scale = new double[conv.out()];
    double[] bias = new double[conv.out()];
    int length = weights.length / conv.out();
    for (int o = 0; o < conv.out(); o++) {
      scale[o] = rows.scale()[o] * pixels.scale() * fixed.one();
      double sum = Arrays.stream(weights, o * length, (o + 1) * length).sum();
      bias[o] = norm.summand()[o] + pixels.rest() * sum;
    }
    byte[] zeroPixel = new byte[conv.in()];
    Arrays.fill(zeroPixel, (byte) pixels.zero());
    return new IntegerLayer.Stem(
        Window.square(conv.kernel(), conv.stride(), conv.kernel() / 2),
        rows.weight(),
        zeroPixel,
        fixed.factors("the multiplier", scale, -shift),
        fixed.summands("the bias", bias),
        shift,
        PoolWindow.of(part.pool(), shapes.get(part.chain().normalized().name())),
        form.width());
  }
}
