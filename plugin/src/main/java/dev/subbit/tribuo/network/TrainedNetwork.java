package dev.subbit.tribuo.network;

import dev.subbit.onnx.PackedConvWeights;
import java.util.Map;
import java.util.TreeMap;

/**
 * A network with everything needed to run it. Immutable by contract: callers leave the arrays as
 * they are.
 *
 * @param network the network.
 * @param floats float parameters by full name ({@code <node>/<parameter>}, see {@link Layer});
 *     holds no entry for the weights of a SUB_BIT convolution.
 * @param packed weights of the SUB_BIT convolutions by node name.
 * @param ranges quantized activations by node name: where a node has an entry, its output is an
 *     8-bit integer tensor. Empty for a network that runs on float activations.
 */
public record TrainedNetwork(
    Network network,
    Map<String, float[]> floats,
    Map<String, PackedConvWeights> packed,
    Map<String, QuantizedRange> ranges) {

  /**
   * How a tensor is held in unsigned 8 bits: {@code real = scale * (stored - zeroPoint)}.
   *
   * @param scale positive and finite.
   * @param zeroPoint 0 to 255.
   */
  public record QuantizedRange(float scale, int zeroPoint) {
    // Checks the values.
    public QuantizedRange {
      if (!(scale > 0) || Float.isInfinite(scale) || zeroPoint < 0 || zeroPoint > 255) {
        throw new IllegalArgumentException(
            "Not a quantized range: scale " + scale + ", zero point " + zeroPoint);
      }
    }
  }

  // Copies the maps, sorted by name so that everything made from them is reproducible.
  public TrainedNetwork {
    floats = java.util.Collections.unmodifiableMap(new TreeMap<>(floats));
    packed = java.util.Collections.unmodifiableMap(new TreeMap<>(packed));
    ranges = java.util.Collections.unmodifiableMap(new TreeMap<>(ranges));
  }
}
