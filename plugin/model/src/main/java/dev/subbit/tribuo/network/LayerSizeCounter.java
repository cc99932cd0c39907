package dev.subbit.tribuo.network;

import dev.subbit.onnx.Codebook;
import dev.subbit.tribuo.network.NetworkSize.LayerSize;
import java.util.Optional;
import java.util.function.IntSupplier;

/**
 * Counts the bits and operations of one node's layer; the result is empty for a layer without
 * parameters.
 */
final class LayerSizeCounter implements Layer.Visitor<Optional<LayerSize>> {

  /**
   * What the parameters of a network cost.
   *
   * @param weight bits of a weight that is not a sub-bit one.
   * @param parameter bits of any other parameter.
   * @param factors factors per output channel behind a convolution that is not a sub-bit one.
   * @param norm parameters per channel of a batch normalisation.
   * @param perClass bits per class of the classifier, beside its weights.
   */
  record Bits(int weight, int parameter, int factors, int norm, int perClass) {

    /** Every parameter is a float. */
    static final Bits OF_FLOATS = new Bits(32, 32, 0, 4, 32);

    /** 8-bit weights, 16-bit numbers; the classifier has a float scale and bias per class. */
    static final Bits OF_INTEGERS = new Bits(8, 16, 1, 1, 64);
  }

  private final String node;
  private final NodeShape shape;
  private final IntSupplier tau;
  private final Bits bits;

  /**
   * Prepares the count of one node.
   *
   * @param node name of the node.
   * @param shape what it gives for one image.
   * @param tau bits of an index; asked only of a sub-bit layer.
   * @param bits what parameters cost.
   */
  LayerSizeCounter(String node, NodeShape shape, IntSupplier tau, Bits bits) {
    this.node = node;
    this.shape = shape;
    this.tau = tau;
    this.bits = bits;
  }

  @Override
  public Optional<LayerSize> input(Layer.Input input) {
    return Optional.empty();
  }

  @Override
  public Optional<LayerSize> normalize(Layer.Normalize normalize) {
    return Optional.empty();
  }

  @Override
  public Optional<LayerSize> conv(Layer.Conv conv) {
    long pixels = (long) shape.height() * shape.width();
    if (conv.weights() == Layer.Weights.SUB_BIT) {
      return subBit(conv, tau.getAsInt(), pixels);
    }
    return multiplied(
        (long) conv.in() * conv.out() * conv.kernel() * conv.kernel(),
        (long) bits.factors() * bits.parameter() * conv.out(),
        pixels);
  }

  @Override
  public Optional<LayerSize> batchNorm(Layer.BatchNorm norm) {
    return parameters((long) bits.norm() * norm.channels());
  }

  @Override
  public Optional<LayerSize> relu(Layer.Relu relu) {
    return Optional.empty();
  }

  @Override
  public Optional<LayerSize> shift(Layer.Shift shift) {
    return parameters(shift.channels());
  }

  @Override
  public Optional<LayerSize> prelu(Layer.PRelu prelu) {
    return parameters(prelu.channels());
  }

  @Override
  public Optional<LayerSize> add(Layer.Add add) {
    return Optional.empty();
  }

  @Override
  public Optional<LayerSize> averagePool(Layer.AveragePool pool) {
    return Optional.empty();
  }

  @Override
  public Optional<LayerSize> maxPool(Layer.MaxPool pool) {
    return Optional.empty();
  }

  @Override
  public Optional<LayerSize> globalAveragePool(Layer.GlobalAveragePool pool) {
    return Optional.empty();
  }

  @Override
  public Optional<LayerSize> flatten(Layer.Flatten flatten) {
    return Optional.empty();
  }

  @Override
  public Optional<LayerSize> dense(Layer.Dense dense) {
    return multiplied((long) dense.in() * dense.out(), (long) bits.perClass() * dense.out(), 1);
  }

  private Optional<LayerSize> subBit(Layer.Conv conv, int tau, long pixels) {
    long kernels = (long) conv.in() * conv.out();
    return Optional.of(
        new LayerSize(
            node,
            tau,
            Codebook.TAPS * kernels,
            tau * kernels,
            tau == Codebook.MAX_TAU ? 0 : (long) Codebook.TAPS << tau,
            (long) bits.parameter() * conv.out(),
            pixels * kernels * Codebook.TAPS,
            pixels * conv.in() * bitOpsOfPixel(conv.out(), tau),
            pixels * conv.in() * bitOpsOfPixel(conv.out(), Codebook.MAX_TAU)));
  }

  /** Bit operations for one pixel of one input channel. */
  private static long bitOpsOfPixel(int outChannels, int tau) {
    if (tau == Codebook.MAX_TAU) {
      return (long) Codebook.TAPS * outChannels;
    }
    int codewords = 1 << tau;
    return (long) Codebook.TAPS * Math.min(outChannels, codewords)
        + (outChannels > codewords ? outChannels / 2 : 0);
  }

  /** Weights each of which is multiplied once per output pixel. */
  private Optional<LayerSize> multiplied(long weights, long otherBits, long pixels) {
    return Optional.of(
        new LayerSize(
            node, 0, weights, bits.weight() * weights, 0, otherBits, pixels * weights, 0, 0));
  }

  /** Parameters that are not counted as multiplications. */
  private Optional<LayerSize> parameters(long count) {
    return Optional.of(new LayerSize(node, 0, count, 0, 0, bits.parameter() * count, 0, 0, 0));
  }
}
