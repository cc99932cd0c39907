package dev.subbit.tribuo.network;

import dev.subbit.onnx.Codebook;
import dev.subbit.onnx.PackedConvWeights;
import dev.subbit.onnx.StoredSize;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * A network with everything needed to run it. Immutable by contract: callers leave the arrays as
 * they are.
 *
 * <p><b>Quantized activations.</b> Where {@code ranges} is not empty, every SUB_BIT convolution
 * runs on 8-bit integers. It reads the node before it, and it gives the values of the last node of
 * its {@link ConvChain}: batch normalisation is folded into it, and a ReLU is the clamp at zero.
 * Where it begins a {@link ResidualBlock} it reads the shortcut too and gives the values of the
 * block's last node, rounded once. These nodes have a range, and no other node has one. A range
 * says how the values are rounded where they enter or leave such a convolution. Values that an
 * 8-bit convolution gives are rounded for every reader; values that a float layer gives are rounded
 * for the 8-bit convolutions only, and other float layers read them as they are. The range of a
 * ReLU that ends a chain or block has zero point 0. BINARY convolutions have no ranges.
 *
 * <p>A convolution may also end at its batch normalisation where it could go on to the end of a
 * block: then the batch normalisation has a range, and the addition is a float layer. Networks that
 * were quantized by earlier versions are like this.
 *
 * <p><b>Integers from pixel to logit.</b> Where {@code integers} is present, the network has binary
 * activations and the exporter writes it as one that computes in integers only. Such a network has
 * no ranges.
 *
 * @param network the network.
 * @param floats float parameters by full name ({@code <node>/<parameter>}, see {@link Layer});
 *     holds no entry for the weights of a SUB_BIT convolution.
 * @param packed weights of the SUB_BIT convolutions by node name.
 * @param ranges quantized activations by node name, as above; empty for a network that runs on
 *     float activations.
 * @param integers how the activations of a binary network are held, if it computes in integers.
 */
public record TrainedNetwork(
    Network network,
    Map<String, float[]> floats,
    Map<String, PackedConvWeights> packed,
    Map<String, QuantizedRange> ranges,
    Optional<IntegerForm> integers) {

  /**
   * How a tensor is held in unsigned 8 bits: {@code real = scale * (stored - zeroPoint)}.
   *
   * @param scale positive and finite.
   * @param zeroPoint 0 to 255.
   */
  public record QuantizedRange(float scale, int zeroPoint) {
    // Checks that the scale is positive and the zero point fits 8 bits.
    public QuantizedRange {
      if (!(scale > 0) || Float.isInfinite(scale) || zeroPoint < 0 || zeroPoint > 255) {
        throw new IllegalArgumentException(
            "Not a quantized range: scale " + scale + ", zero point " + zeroPoint);
      }
    }
  }

  // Copies the maps, sorted by name so that everything made from them is reproducible.
  public TrainedNetwork {
    floats = Collections.unmodifiableMap(new TreeMap<>(floats));
    packed = Collections.unmodifiableMap(new TreeMap<>(packed));
    ranges = Collections.unmodifiableMap(new TreeMap<>(ranges));
  }

  /**
   * A network without an integer form.
   *
   * @param network the network.
   * @param floats float parameters by full name.
   * @param packed weights of the SUB_BIT convolutions by node name.
   * @param ranges quantized activations by node name; empty for float activations.
   */
  public TrainedNetwork(
      Network network,
      Map<String, float[]> floats,
      Map<String, PackedConvWeights> packed,
      Map<String, QuantizedRange> ranges) {
    this(network, floats, packed, ranges, Optional.empty());
  }

  /**
   * The network as one that computes in integers from its pixels to its logits.
   *
   * @param form how its activations are held.
   * @return a network of the same layers and parameters, without ranges.
   */
  public TrainedNetwork withIntegers(IntegerForm form) {
    return new TrainedNetwork(network, floats, packed, Map.of(), Optional.of(form));
  }

  /**
   * The bytes that the sub-bit weights take in a model file.
   *
   * @return the size of all sub-bit layers together; nothing where there are none.
   */
  public StoredSize storedSize() {
    return packed.values().stream().map(StoredSize::of).reduce(StoredSize.NONE, StoredSize::plus);
  }

  /**
   * The network with its sub-bit weights as 32-bit floats and with float activations. It computes
   * the same up to rounding; the size of its file shows what sub-bit weights save.
   *
   * @return a network with no sub-bit layer, no quantized range and no integer form.
   */
  public TrainedNetwork withFloatWeights() {
    Map<String, float[]> all = new HashMap<>(floats);
    packed.forEach((node, weights) -> all.put(node + "/weight", weights.toDense()));
    return new TrainedNetwork(network.withFloatWeights(), all, Map.of(), Map.of());
  }

  /**
   * The network with one bit per sub-bit weight: tau = 9 with the full codebook, a plain binary
   * network. It computes the same.
   *
   * @return a network of the same layers.
   */
  public TrainedNetwork withOneBitWeights() {
    Map<String, PackedConvWeights> all = new HashMap<>();
    packed.forEach((node, weights) -> all.put(node, inOneBit(weights)));
    return new TrainedNetwork(network, floats, all, ranges, integers);
  }

  private static PackedConvWeights inOneBit(PackedConvWeights weights) {
    // In the full codebook the index of a kernel is its codeword.
    int[] codewords = Arrays.stream(weights.indices()).map(weights.codebook()::codeword).toArray();
    return PackedConvWeights.pack(
        weights.inChannels(), Codebook.full(), codewords, weights.scale());
  }
}
