package dev.subbit.tribuo.stored;

import dev.subbit.tribuo.network.Layer;
import dev.subbit.tribuo.protos.ConvProto;
import dev.subbit.tribuo.protos.NodeProto;

/** Reads the layer that {@link LayerEncoder} stored in the message of a node. */
final class LayerDecoder {

  private LayerDecoder() {}

  /**
   * Reads a layer. The switch has no default, so that a new kind of stored layer does not compile
   * until it can be read.
   *
   * @param node the message.
   * @return the layer.
   * @throws IllegalArgumentException if the message holds none that this version knows, or one of
   *     impossible size.
   */
  static Layer decode(NodeProto node) {
    return switch (node.getLayerCase()) {
      case INPUT -> new Layer.Input();
      case NORMALIZE ->
          new Layer.Normalize(node.getNormalize().getScale(), node.getNormalize().getOffset());
      case CONV -> conv(node.getConv());
      case BATCH_NORM -> new Layer.BatchNorm(node.getBatchNorm().getChannels());
      case RELU -> new Layer.Relu();
      case SHIFT -> new Layer.Shift(node.getShift().getChannels());
      case PRELU -> new Layer.PRelu(node.getPrelu().getChannels());
      case ADD -> new Layer.Add();
      case AVERAGE_POOL -> new Layer.AveragePool();
      case MAX_POOL -> new Layer.MaxPool(node.getMaxPool().getKernel());
      case GLOBAL_AVERAGE_POOL -> new Layer.GlobalAveragePool();
      case FLATTEN -> new Layer.Flatten();
      case DENSE ->
          new Layer.Dense(node.getDense().getInFeatures(), node.getDense().getOutFeatures());
      case LAYER_NOT_SET ->
          throw new IllegalArgumentException(
              "no layer that this version knows; was it written by a newer one?");
    };
  }

  private static Layer conv(ConvProto conv) {
    return new Layer.Conv(
        conv.getInChannels(),
        conv.getOutChannels(),
        conv.getKernel(),
        conv.getStride(),
        conv.getSubBitWeights() ? Layer.Weights.SUB_BIT : Layer.Weights.FLOAT,
        conv.getBinaryActivations() ? Layer.Activations.BINARY : Layer.Activations.REAL);
  }
}
