package dev.subbit.tribuo.export;

import dev.subbit.tribuo.network.IntegerForm;
import dev.subbit.tribuo.network.Layer;
import dev.subbit.tribuo.network.TrainedNetwork;

/**
 * IntegerSubBitBlock.
 *
 * @param signs the convolution.
 * @param bias [O]: that of the batch normalisation and the shift in front of the PReLU.
 * @param slope [O].
 * @param slopeShift bits by which products with the slope are moved up: the fewest at which all
 *     slopes fit.
 * @param shiftOut [O].
 */
record IntegerBlock(
    IntegerSigns signs, short[] bias, short[] slope, int slopeShift, short[] shiftOut)
    implements IntegerLayer {

  private static final int MOST_SLOPE_SHIFT = 3;

  /** Derives the integers of a ReActNet block. */
  static IntegerBlock of(IntegerPart.Block part, TrainedNetwork trained, IntegerForm form) {
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
    return new IntegerBlock(
        IntegerSigns.of(part.named(), part.threshold(), norm, trained, form),
        fixed.summands("the bias", bias),
        fixed.factors("the slope", slope, slopeShift),
        slopeShift,
        fixed.summands(
            "the shift behind the PReLU",
            doubles(trained.floats().get(block.shiftOut().name() + "/shift"))));
  }

  private static double[] doubles(float[] values) {
    double[] doubles = new double[values.length];
    for (int i = 0; i < doubles.length; i++) {
      doubles[i] = values[i];
    }
    return doubles;
  }
}
