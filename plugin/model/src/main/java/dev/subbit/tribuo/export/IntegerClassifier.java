package dev.subbit.tribuo.export;

import dev.subbit.onnx.IntegerLayer;
import dev.subbit.tribuo.network.IntegerForm;
import dev.subbit.tribuo.network.Layer;
import dev.subbit.tribuo.network.NodeShape;
import dev.subbit.tribuo.network.TrainedNetwork;
import java.util.Map;

/**
 * Derives the integers of a network's last layers. The sums of a part's positions are moved down by
 * the fewest bits at which none saturates.
 */
final class IntegerClassifier {

  /** 32768 times the magnitudes of a class's weights must be below 2^31. */
  private static final long MOST_SUM = (1 << 16) - 1;

  private static final int MOST_POSITIONS = 256;

  private IntegerClassifier() {}

  /**
   * Derives the layer.
   *
   * @param part its nodes.
   * @param trained the network.
   * @param shapes the shapes of its nodes.
   * @param form how activations are held.
   */
  static IntegerLayer.Classifier of(
      IntegerPart.Classifier part,
      TrainedNetwork trained,
      Map<String, NodeShape> shapes,
      IntegerForm form) {
    String node = part.dense().name();
    Layer.Dense dense = (Layer.Dense) part.dense().layer();
    NodeShape in = shapes.get(part.reads());
    int positions = in.height() * in.width();
    int parts = part.positions().layer() instanceof Layer.Flatten ? positions : 1;
    int summed = positions / parts;
    if (summed > MOST_POSITIONS) {
      throw new IllegalArgumentException(
          "The network cannot run in integers because of node '"
              + part.positions().name()
              + "': it averages "
              + summed
              + " positions, at most "
              + MOST_POSITIONS
              + " are supported");
    }
    double[] weights = channelsLast(trained.floats().get(node + "/weight"), dense.out(), parts);
    EightBitRows rows = EightBitRows.of(weights, dense.out(), MOST_SUM, 0);
    int shift = FixedPoint.shiftToFit((long) summed * (form.largest() + 1));
    double unit = Math.scalb(1.0, shift) / (summed * new FixedPoint(node, form).one());
    float[] scale = new float[dense.out()];
    for (int k = 0; k < scale.length; k++) {
      scale[k] = (float) (rows.scale()[k] * unit);
    }
    return new IntegerLayer.Classifier(
        parts, rows.weight(), scale, trained.floats().get(node + "/bias"), shift);
  }

  /** From [K, C, positions], the order in which a flattening puts values, to [K, positions, C]. */
  private static double[] channelsLast(float[] weights, int classes, int positions) {
    int channels = weights.length / classes / positions;
    double[] moved = new double[weights.length];
    for (int i = 0; i < weights.length; i++) {
      int position = i % positions;
      int channel = i / positions % channels;
      int row = i / positions / channels;
      moved[(row * positions + position) * channels + channel] = weights[i];
    }
    return moved;
  }
}
