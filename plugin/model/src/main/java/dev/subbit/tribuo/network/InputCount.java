package dev.subbit.tribuo.network;

/** The number of nodes that a layer reads. */
final class InputCount implements Layer.Visitor<Integer> {

  @Override
  public Integer input(Layer.Input input) {
    return 0;
  }

  @Override
  public Integer normalize(Layer.Normalize normalize) {
    return 1;
  }

  @Override
  public Integer conv(Layer.Conv conv) {
    return 1;
  }

  @Override
  public Integer batchNorm(Layer.BatchNorm norm) {
    return 1;
  }

  @Override
  public Integer relu(Layer.Relu relu) {
    return 1;
  }

  @Override
  public Integer shift(Layer.Shift shift) {
    return 1;
  }

  @Override
  public Integer prelu(Layer.PRelu prelu) {
    return 1;
  }

  @Override
  public Integer add(Layer.Add add) {
    return 2;
  }

  @Override
  public Integer averagePool(Layer.AveragePool pool) {
    return 1;
  }

  @Override
  public Integer maxPool(Layer.MaxPool pool) {
    return 1;
  }

  @Override
  public Integer globalAveragePool(Layer.GlobalAveragePool pool) {
    return 1;
  }

  @Override
  public Integer flatten(Layer.Flatten flatten) {
    return 1;
  }

  @Override
  public Integer dense(Layer.Dense dense) {
    return 1;
  }
}
