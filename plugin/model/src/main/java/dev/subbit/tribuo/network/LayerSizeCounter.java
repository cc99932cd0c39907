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

  private static final int FLOAT_BITS = 32;

  private final String node;
  private final NodeShape shape;
  private final IntSupplier tau;

  /**
   * Prepares the count of one node.
   *
   * @param node name of the node.
   * @param shape what it gives for one image.
   * @param tau bits of an index; asked only of a sub-bit layer.
   */
  LayerSizeCounter(String node, NodeShape shape, IntSupplier tau) {
    this.node = node;
    this.shape = shape;
    this.tau = tau;
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
    return multiplied((long) conv.in() * conv.out() * conv.kernel() * conv.kernel(), 0, pixels);
  }

  @Override
  public Optional<LayerSize> batchNorm(Layer.BatchNorm norm) {
    return parameters(4L * norm.channels());
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
    return multiplied((long) dense.in() * dense.out(), dense.out(), 1);
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
            (long) FLOAT_BITS * conv.out(),
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

  /** Float weights each of which is multiplied once per output pixel. */
  private Optional<LayerSize> multiplied(long weights, long biases, long pixels) {
    return Optional.of(
        new LayerSize(
            node,
            0,
            weights,
            FLOAT_BITS * weights,
            0,
            FLOAT_BITS * biases,
            pixels * weights,
            0,
            0));
  }

  /** Float parameters that are not counted as multiplications. */
  private Optional<LayerSize> parameters(long count) {
    return Optional.of(new LayerSize(node, 0, count, 0, 0, FLOAT_BITS * count, 0, 0, 0));
  }
}
