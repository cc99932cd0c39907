package dev.subbit.tribuo.quantizer.graph;

import dev.subbit.tribuo.network.TrainedNetwork.QuantizedRange;

/**
 * A value of a graph in 8 bits.
 *
 * @param tensor name of the 8-bit tensor.
 * @param range its quantized range, as if it were unsigned.
 * @param signed whether the tensor is int8: stored numbers and zero point are then 128 less.
 */
record IntegerValue(String tensor, QuantizedRange range, boolean signed) {

  private static final int SIGNED_OFFSET = 128;

  int zeroPoint() {
    return signed ? range.zeroPoint() - SIGNED_OFFSET : range.zeroPoint();
  }
}
