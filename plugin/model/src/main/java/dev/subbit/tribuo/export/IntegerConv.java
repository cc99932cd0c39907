package dev.subbit.tribuo.export;

import dev.subbit.onnx.IntegerLayer;
import dev.subbit.tribuo.network.IntegerForm;
import dev.subbit.tribuo.network.Layer;
import dev.subbit.tribuo.network.NodeShape;
import dev.subbit.tribuo.network.TrainedNetwork;
import java.util.Map;

/** Derives the integers of a convolution of signs that is not part of a block. */
final class IntegerConv {

  private IntegerConv() {}

  /**
   * Derives the layer.
   *
   * @param part its nodes.
   * @param trained the network.
   * @param shapes the shapes of its nodes.
   * @param form how activations are held.
   */
  static IntegerLayer.Conv of(
      IntegerPart.Conv part,
      TrainedNetwork trained,
      Map<String, NodeShape> shapes,
      IntegerForm form) {
    String node = part.conv().name();
    if (part.pool().isPresent()) {
      requireNoNegative(node, trained.packed().get(node).scale());
    }
    FoldedNorm norm = FoldedNorm.of(trained, part.norm(), ((Layer.Conv) part.conv().layer()).out());
    IntegerSigns signs = IntegerSigns.of(part.conv(), part.threshold(), norm, trained, form);
    return new IntegerLayer.Conv(
        signs.weights(),
        signs.stride(),
        signs.threshold(),
        signs.multiplier(),
        new FixedPoint(node, form).summands("the bias", norm.summand()),
        signs.shift(),
        PoolWindow.of(part.pool(), shapes.get(node)),
        form.width());
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
