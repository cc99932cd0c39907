package dev.subbit.tribuo.network;

import dev.subbit.onnx.Codebook;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.ToIntFunction;
import java.util.function.ToLongFunction;

/**
 * Counts the bits that a network's weights take and the operations that one image costs, layer by
 * layer.
 *
 * <p>For a sub-bit 3x3 convolution with n inputs, m outputs and an H x W output, by Wang et al.
 * (ICCV 2021): the weights are {@code tau * n * m} bits, the codebook {@code 9 * 2^tau}, and the
 * bit operations {@code H * W * n * (9 * min(m, 2^tau) + (m > 2^tau ? m / 2 : 0))}: the responses
 * of all codewords are computed once for each pixel and input channel, and then looked up and
 * added. At tau = 9 the layer is a plain binary one and has no codebook. With real activations the
 * bit operations become additions of floats, of the same number. Float layers cost 32 bits per
 * parameter; their multiplications are counted separately, in {@link LayerSize#macs}.
 *
 * <p>In a network that computes in integers, the weights of these layers are 8 bits each. Their
 * other parameters, and those of all other layers, are 16 bits: a multiplier per channel of a
 * convolution, a bias per channel in place of batch normalisation, thresholds, shifts and slopes.
 * The classifier keeps a float scale and bias per class.
 */
public final class NetworkSize {

  private final List<LayerSize> layers;

  /**
   * The bits that one layer takes and the operations that it costs.
   *
   * @param node name of the node.
   * @param tau bits of an index, or 0 for a layer without sub-bit weights.
   * @param weights number of weights: of a convolution or fully connected layer all of its kernel,
   *     of other layers all parameters.
   * @param weightBits bits that the weights take, without codebook and scales.
   * @param codebookBits bits of the codebook; 0 for float layers and at tau = 9.
   * @param otherBits bits of scales, biases and the parameters of other layers.
   * @param macs multiplications and additions of the layer as a dense one, for one image; 0 for
   *     layers other than convolutions and fully connected ones.
   * @param bitOps bit operations for one image; 0 for float layers.
   * @param denseBitOps bit operations of the same layer in plain binary form; 0 for float layers.
   */
  public record LayerSize(
      String node,
      int tau,
      long weights,
      long weightBits,
      long codebookBits,
      long otherBits,
      long macs,
      long bitOps,
      long denseBitOps) {

    /**
     * All bits of the layer's parameters.
     *
     * @return weights, codebook and the rest.
     */
    public long bits() {
      return weightBits + codebookBits + otherBits;
    }
  }

  private NetworkSize(List<LayerSize> layers) {
    this.layers = List.copyOf(layers);
  }

  /**
   * Counts the bits and operations of a trained network.
   *
   * @param trained the network.
   * @return the counts.
   */
  public static NetworkSize of(TrainedNetwork trained) {
    return count(
        trained.network(),
        node -> trained.packed().get(node).codebook().tau(),
        trained.integers().isPresent()
            ? LayerSizeCounter.Bits.OF_INTEGERS
            : LayerSizeCounter.Bits.OF_FLOATS);
  }

  /**
   * Counts the bits and operations of a network all of whose sub-bit layers have indices of the
   * same size.
   *
   * @param network the network.
   * @param tau bits of an index, 1 to 9; 9 for a plain binary network.
   * @return the counts.
   * @throws IllegalArgumentException if tau is out of range.
   */
  public static NetworkSize of(Network network, int tau) {
    if (tau < 1 || tau > Codebook.MAX_TAU) {
      throw new IllegalArgumentException("tau is " + tau + "; it must be 1 to 9");
    }
    return count(network, node -> tau, LayerSizeCounter.Bits.OF_FLOATS);
  }

  private static NetworkSize count(
      Network network, ToIntFunction<String> tauOfNode, LayerSizeCounter.Bits bits) {
    Map<String, NodeShape> shapes = NetworkShapes.of(network);
    List<LayerSize> layers = new ArrayList<>();
    for (Network.Node node : network.nodes()) {
      String name = node.name();
      LayerSizeCounter counter =
          new LayerSizeCounter(name, shapes.get(name), () -> tauOfNode.applyAsInt(name), bits);
      node.layer().accept(counter).ifPresent(layers::add);
    }
    return new NetworkSize(layers);
  }

  /**
   * The layers that have parameters, in the order of the network.
   *
   * @return one entry per node.
   */
  public List<LayerSize> layers() {
    return layers;
  }

  /**
   * Bits of the sub-bit convolutions' weights, as the paper counts parameters: without codebooks
   * and scales.
   *
   * @return the sum of tau * in * out.
   */
  public long subBitWeightBits() {
    return sum(layer -> layer.tau() == 0 ? 0 : layer.weightBits());
  }

  /**
   * Bits of the sub-bit convolutions' codebooks.
   *
   * @return the sum of 9 * 2^tau over layers with tau below 9.
   */
  public long codebookBits() {
    return sum(LayerSize::codebookBits);
  }

  /**
   * Number of weights of the sub-bit convolutions.
   *
   * @return the sum of 9 * in * out.
   */
  public long subBitWeights() {
    return sum(layer -> layer.tau() == 0 ? 0 : layer.weights());
  }

  /**
   * The bits that one weight of the sub-bit convolutions costs, not counting its share of the
   * codebook.
   *
   * @return bits per weight, tau/9 where all layers have the same tau; 0 without sub-bit layers.
   */
  public double bitsPerWeight() {
    return subBitWeights() == 0 ? 0 : (double) subBitWeightBits() / subBitWeights();
  }

  /**
   * Bits of all parameters of the network.
   *
   * @return the sum over all layers of weights, codebooks, scales and the rest.
   */
  public long bits() {
    return sum(LayerSize::bits);
  }

  /**
   * Bit operations of the sub-bit convolutions for one image.
   *
   * @return the sum over the layers.
   */
  public long bitOps() {
    return sum(LayerSize::bitOps);
  }

  /**
   * Bit operations of the same convolutions in plain binary form.
   *
   * @return the sum over the layers.
   */
  public long denseBitOps() {
    return sum(LayerSize::denseBitOps);
  }

  /**
   * Multiplications and additions of the float layers for one image.
   *
   * @return the sum over convolutions and fully connected layers with float weights.
   */
  public long floatMacs() {
    return sum(layer -> layer.tau() == 0 ? layer.macs() : 0);
  }

  private long sum(ToLongFunction<LayerSize> part) {
    return layers.stream().mapToLong(part).sum();
  }
}
