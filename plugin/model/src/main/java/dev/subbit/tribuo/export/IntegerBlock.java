package dev.subbit.tribuo.export;

import dev.subbit.onnx.IntegerLayer;
import dev.subbit.tribuo.network.IntegerForm;
import dev.subbit.tribuo.network.Layer;
import dev.subbit.tribuo.network.TrainedNetwork;

/**
 * Derives the integers of a ReActNet block. Its bias is that of the batch normalisation and the
 * shift in front of the PReLU; products with slopes are moved up by the fewest bits at which all
 * slopes fit.
 */
final class IntegerBlock {

  private static final int MOST_SLOPE_SHIFT = 3;

  private IntegerBlock() {}

  /**
   * Derives the layer.
   *
   * @param part its nodes.
   * @param trained the network.
   * @param form how activations are held.
   */
  static IntegerLayer.Block of(IntegerPart.Block part, TrainedNetwork trained, IntegerForm form) {
    BinaryLayers.Block block = part.block();
    FixedPoint fixed = new FixedPoint(part.named().name(), form);
    FoldedNorm norm =
        FoldedNorm.of(trained, block.chain().norm(), ((Layer.Conv) part.named().layer()).out());
    float[] shiftIn = trained.floats().get(block.shiftIn().name() + "/shift");
    double[] bias = norm.summand().clone();
    for (int o = 0; o < bias.length; o++) {
      bias[o] += shiftIn[o];
    }
    double[] slope = doubles(trained.floats().get(block.prelu().name() + "/slope"));
    int slopeShift = 0;
    while (slopeShift < MOST_SLOPE_SHIFT && !FixedPoint.areFactors(slope, slopeShift)) {
      slopeShift++;
    }
    IntegerSigns signs = IntegerSigns.of(part.named(), part.threshold(), norm, trained, form);
    return new IntegerLayer.Block(
        signs.weights(),
        signs.stride(),
        signs.threshold(),
        signs.multiplier(),
        fixed.summands("the bias", bias),
        signs.shift(),
        fixed.factors("the slope", slope, slopeShift),
        slopeShift,
        fixed.summands(
            "the shift behind the PReLU",
            doubles(trained.floats().get(block.shiftOut().name() + "/shift"))),
        form.width());
  }

  private static double[] doubles(float[] values) {
    double[] doubles = new double[values.length];
    for (int i = 0; i < doubles.length; i++) {
      doubles[i] = values[i];
    }
    return doubles;
  }
}
