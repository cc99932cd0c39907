package dev.subbit.tribuo.stored;

import dev.subbit.tribuo.network.Layer;
import dev.subbit.tribuo.protos.AddProto;
import dev.subbit.tribuo.protos.AveragePoolProto;
import dev.subbit.tribuo.protos.BatchNormProto;
import dev.subbit.tribuo.protos.ConvProto;
import dev.subbit.tribuo.protos.DenseProto;
import dev.subbit.tribuo.protos.FlattenProto;
import dev.subbit.tribuo.protos.GlobalAveragePoolProto;
import dev.subbit.tribuo.protos.InputProto;
import dev.subbit.tribuo.protos.MaxPoolProto;
import dev.subbit.tribuo.protos.NodeProto;
import dev.subbit.tribuo.protos.NormalizeProto;
import dev.subbit.tribuo.protos.PReluProto;
import dev.subbit.tribuo.protos.ReluProto;
import dev.subbit.tribuo.protos.ShiftProto;

/** Stores a layer in the message of its node; {@link LayerDecoder} reads it back. */
final class LayerEncoder implements Layer.Visitor<NodeProto.Builder> {

  private final NodeProto.Builder node;

  /**
   * Prepares to store one layer.
   *
   * @param node the message to store it in, which every method returns.
   */
  LayerEncoder(NodeProto.Builder node) {
    this.node = node;
  }

  @Override
  public NodeProto.Builder input(Layer.Input input) {
    return node.setInput(InputProto.getDefaultInstance());
  }

  @Override
  public NodeProto.Builder normalize(Layer.Normalize normalize) {
    return node.setNormalize(
        NormalizeProto.newBuilder().setScale(normalize.scale()).setOffset(normalize.offset()));
  }

  @Override
  public NodeProto.Builder conv(Layer.Conv conv) {
    return node.setConv(
        ConvProto.newBuilder()
            .setInChannels(conv.in())
            .setOutChannels(conv.out())
            .setKernel(conv.kernel())
            .setStride(conv.stride())
            .setSubBitWeights(conv.weights() == Layer.Weights.SUB_BIT)
            .setBinaryActivations(conv.activations() == Layer.Activations.BINARY));
  }

  @Override
  public NodeProto.Builder batchNorm(Layer.BatchNorm norm) {
    return node.setBatchNorm(BatchNormProto.newBuilder().setChannels(norm.channels()));
  }

  @Override
  public NodeProto.Builder relu(Layer.Relu relu) {
    return node.setRelu(ReluProto.getDefaultInstance());
  }

  @Override
  public NodeProto.Builder shift(Layer.Shift shift) {
    return node.setShift(ShiftProto.newBuilder().setChannels(shift.channels()));
  }

  @Override
  public NodeProto.Builder prelu(Layer.PRelu prelu) {
    return node.setPrelu(PReluProto.newBuilder().setChannels(prelu.channels()));
  }

  @Override
  public NodeProto.Builder add(Layer.Add add) {
    return node.setAdd(AddProto.getDefaultInstance());
  }

  @Override
  public NodeProto.Builder averagePool(Layer.AveragePool pool) {
    return node.setAveragePool(AveragePoolProto.getDefaultInstance());
  }

  @Override
  public NodeProto.Builder maxPool(Layer.MaxPool pool) {
    return node.setMaxPool(MaxPoolProto.newBuilder().setKernel(pool.kernel()));
  }

  @Override
  public NodeProto.Builder globalAveragePool(Layer.GlobalAveragePool pool) {
    return node.setGlobalAveragePool(GlobalAveragePoolProto.getDefaultInstance());
  }

  @Override
  public NodeProto.Builder flatten(Layer.Flatten flatten) {
    return node.setFlatten(FlattenProto.getDefaultInstance());
  }

  @Override
  public NodeProto.Builder dense(Layer.Dense dense) {
    return node.setDense(
        DenseProto.newBuilder().setInFeatures(dense.in()).setOutFeatures(dense.out()));
  }
}
