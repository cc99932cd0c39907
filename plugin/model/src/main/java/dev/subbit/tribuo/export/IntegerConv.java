package dev.subbit.tribuo.export;

import dev.subbit.tribuo.network.IntegerForm;
import dev.subbit.tribuo.network.Layer;
import dev.subbit.tribuo.network.NodeShape;
import dev.subbit.tribuo.network.TrainedNetwork;
import java.util.Map;

/**
 * IntegerSubBitConv.
 *
 * @param signs the convolution.
 * @param bias [O].
 * @param pool the max pooling of the sums.
 */
record IntegerConv(IntegerSigns signs, short[] bias, PoolWindows pool) implements IntegerLayer {

  /** Derives the integers of a convolution of signs that is not part of a block. */
  static IntegerConv of(
      IntegerPart.Conv part,
      TrainedNetwork trained,
      Map<String, NodeShape> shapes,
      IntegerForm form) {
    String node = part.conv().name();
    if (part.pool().isPresent()) {
      requireNoNegative(node, trained.packed().get(node).scale());
    }
    FoldedNorm norm = FoldedNorm.of(trained, part.norm(), ((Layer.Conv) part.conv().layer()).out());
    return new IntegerConv(
        IntegerSigns.of(part.conv(), part.threshold(), norm, trained, form),
        new FixedPoint(node, form).summands("the bias", norm.summand()),
        PoolWindows.of(part.pool(), shapes.get(node)));
  }

  /** The largest sum is the largest value only if the scale does not turn the order around. */
  private static void requireNoNegative(String node, float[] scale) {
    for (int o = 0; o < scale.length; o++) {
      if (scale[o] < 0) {
        throw new IllegalArgumentException(
            "The network cannot run in integers because of node '"
                + node
                + "': a max pooling follows it, and the scale of channel "
                + o
                + " is "
                + scale[o]
                + ", which is negative");
      }
    }
  }
}
