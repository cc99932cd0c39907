package dev.subbit.tribuo.training.internal.start;

import dev.subbit.tribuo.network.Layer;

/**
 * The shape of a layer's parameters in words. Two layers of equal words can take each other's
 * parameters: how a convolution holds its weights, and its stride, are no part of them.
 */
final class LayerShape implements Layer.Visitor<String> {

  private LayerShape() {}

  /** The words for a layer. */
  static String of(Layer layer) {
    return layer.accept(new LayerShape());
  }

  @Override
  public String input(Layer.Input input) {
    return "the image";
  }

  @Override
  public String normalize(Layer.Normalize normalize) {
    return "a map of pixels";
  }

  @Override
  public String conv(Layer.Conv conv) {
    return "a convolution of "
        + conv.out()
        + " x "
        + conv.in()
        + " x "
        + conv.kernel()
        + " x "
        + conv.kernel()
        + " weights";
  }

  @Override
  public String batchNorm(Layer.BatchNorm norm) {
    return "a batch norm of " + norm.channels() + " channels";
  }

  @Override
  public String relu(Layer.Relu relu) {
    return "a ReLU";
  }

  @Override
  public String shift(Layer.Shift shift) {
    return "a shift of " + shift.channels() + " channels";
  }

  @Override
  public String prelu(Layer.PRelu prelu) {
    return "a PReLU of " + prelu.channels() + " channels";
  }

  @Override
  public String add(Layer.Add add) {
    return "a sum";
  }

  @Override
  public String averagePool(Layer.AveragePool pool) {
    return "an average pooling";
  }

  @Override
  public String maxPool(Layer.MaxPool pool) {
    return "a max pooling";
  }

  @Override
  public String globalAveragePool(Layer.GlobalAveragePool pool) {
    return "a mean over the image";
  }

  @Override
  public String flatten(Layer.Flatten flatten) {
    return "a flattening";
  }

  @Override
  public String dense(Layer.Dense dense) {
    return "a classifier of " + dense.out() + " x " + dense.in() + " weights";
  }
}
