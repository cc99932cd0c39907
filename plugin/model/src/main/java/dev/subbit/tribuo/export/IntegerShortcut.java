package dev.subbit.tribuo.export;

import dev.subbit.onnx.IntegerLayer;
import dev.subbit.tribuo.network.IntegerForm;
import dev.subbit.tribuo.network.Layer;
import dev.subbit.tribuo.network.TrainedNetwork;

/**
 * Derives the integers of a shortcut's 1x1 convolution.
 *
 * <p>Sums are moved down by as few bits as keep them from saturating, but not by more than a factor
 * below 1 can bring back. Where that is less, and a channel's weights are far smaller than the
 * layer's largest, their scale is made coarser, so that its sums do not saturate long before its
 * activations would.
 */
final class IntegerShortcut {

  private static final int LEAST_SHIFT = 1;
  private static final int MOST_SHIFT = 23;

  /** 255 times the magnitudes of a channel's weights, and half a unit, must be below 2^24. */
  private static final long MOST_SUM = ((1 << 24) - 1 - (1 << (MOST_SHIFT - 1))) / 255;

  /** The part of what an activation can hold that every channel's sums must be able to reach. */
  private static final double UNSATURATED = 0.25;

  private IntegerShortcut() {}

  /**
   * Derives the layer.
   *
   * @param part its nodes.
   * @param trained the network.
   * @param form how activations are held.
   */
  static IntegerLayer.Shortcut of(
      IntegerPart.Shortcut part, TrainedNetwork trained, IntegerForm form) {
    String node = part.named().name();
    Layer.Conv conv = (Layer.Conv) part.named().layer();
    FixedPoint fixed = new FixedPoint(node, form);
    FoldedNorm norm = FoldedNorm.of(trained, part.chain().norm(), conv.out());
    double[] weights = norm.fold(trained.floats().get(node + "/weight"));
    EightBitRows rows = EightBitRows.of(weights, conv.out(), MOST_SUM, 0);
    int enough = FixedPoint.shiftToFit((form.largest() + 1) * rows.largestSum());
    int shift = LEAST_SHIFT;
    while (shift < Math.min(enough, MOST_SHIFT)
        && FixedPoint.areFactors(rows.scale(), -shift - 1)) {
      shift++;
    }
    if (shift < enough) {
      double least = UNSATURATED * form.largest() / Short.MAX_VALUE;
      rows = EightBitRows.of(weights, conv.out(), MOST_SUM, Math.scalb(least, -shift));
    }
    return new IntegerLayer.Shortcut(
        part.pool().isPresent() ? 2 : 1,
        rows.weight(),
        fixed.factors("the multiplier", rows.scale(), -shift),
        fixed.summands("the bias", norm.summand()),
        shift,
        form.width());
  }
}
