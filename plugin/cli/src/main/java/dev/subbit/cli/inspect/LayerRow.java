package dev.subbit.cli.inspect;

import dev.subbit.cli.inspect.NetworkInspection.LayerReport;
import dev.subbit.tribuo.network.Layer;
import dev.subbit.tribuo.network.NetworkSize.LayerSize;
import dev.subbit.tribuo.network.NodeShape;
import java.util.Optional;

/**
 * Makes the row of a layer in the table of an inspection; the result is empty for layers without
 * multiplications.
 */
final class LayerRow implements Layer.Visitor<Optional<LayerReport>> {

  private final LayerSize size;
  private final NodeShape shape;

  /**
   * Prepares the row of one layer.
   *
   * @param size what the layer takes and costs.
   * @param shape what it gives for one image.
   */
  LayerRow(LayerSize size, NodeShape shape) {
    this.size = size;
    this.shape = shape;
  }

  @Override
  public Optional<LayerReport> input(Layer.Input input) {
    return Optional.empty();
  }

  @Override
  public Optional<LayerReport> normalize(Layer.Normalize normalize) {
    return Optional.empty();
  }

  @Override
  public Optional<LayerReport> conv(Layer.Conv conv) {
    return Optional.of(
        new LayerReport(
            size.node(),
            conv.kernel(),
            conv.stride(),
            conv.in(),
            conv.out(),
            shape.height(),
            shape.width(),
            size.tau(),
            size.weightBits(),
            size.codebookBits(),
            size.bitOps(),
            floatMacs()));
  }

  @Override
  public Optional<LayerReport> batchNorm(Layer.BatchNorm norm) {
    return Optional.empty();
  }

  @Override
  public Optional<LayerReport> relu(Layer.Relu relu) {
    return Optional.empty();
  }

  @Override
  public Optional<LayerReport> shift(Layer.Shift shift) {
    return Optional.empty();
  }

  @Override
  public Optional<LayerReport> prelu(Layer.PRelu prelu) {
    return Optional.empty();
  }

  @Override
  public Optional<LayerReport> add(Layer.Add add) {
    return Optional.empty();
  }

  @Override
  public Optional<LayerReport> averagePool(Layer.AveragePool pool) {
    return Optional.empty();
  }

  @Override
  public Optional<LayerReport> maxPool(Layer.MaxPool pool) {
    return Optional.empty();
  }

  @Override
  public Optional<LayerReport> globalAveragePool(Layer.GlobalAveragePool pool) {
    return Optional.empty();
  }

  @Override
  public Optional<LayerReport> flatten(Layer.Flatten flatten) {
    return Optional.empty();
  }

  @Override
  public Optional<LayerReport> dense(Layer.Dense dense) {
    return Optional.of(
        new LayerReport(
            size.node(),
            0,
            0,
            dense.in(),
            dense.out(),
            0,
            0,
            0,
            size.weightBits(),
            0,
            0,
            floatMacs()));
  }

  private long floatMacs() {
    return size.tau() == 0 ? size.macs() : 0;
  }
}
