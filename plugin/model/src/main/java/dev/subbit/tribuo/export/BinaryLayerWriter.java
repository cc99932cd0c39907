package dev.subbit.tribuo.export;

import ai.onnx.proto.OnnxMl.TensorProto.DataType;
import dev.subbit.onnx.ConvAttributes;
import dev.subbit.onnx.PackedSignNodes;
import dev.subbit.onnx.PackedSignNodes.BlockParameters;
import dev.subbit.onnx.PackedSignNodes.PackedOutputs;
import dev.subbit.tribuo.network.ConvChain;
import dev.subbit.tribuo.network.Layer;
import dev.subbit.tribuo.network.Network;
import dev.subbit.tribuo.network.NodeShape;
import dev.subbit.tribuo.network.TrainedNetwork;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;

/**
 * Writes {@link BinaryLayers}. Signs flow packed from one convolution to the next, and are made of
 * floats only where no convolution gives them.
 */
final class BinaryLayerWriter {

  private final OnnxGraph graph;
  private final TrainedNetwork trained;
  private final Map<String, NodeShape> shapes;
  private final BinaryLayers layers;
  private final ActivationValues values;

  /** The tensors that hold packed signs. */
  private final Map<BinaryLayers.Threshold, String> packed = new HashMap<>();

  /**
   * Starts with no tensors of signs.
   *
   * @param graph the graph to write to.
   * @param trained the network, for its parameters.
   * @param shapes the shapes of its nodes.
   * @param layers its binary layers.
   * @param values the float tensors.
   */
  BinaryLayerWriter(
      OnnxGraph graph,
      TrainedNetwork trained,
      Map<String, NodeShape> shapes,
      BinaryLayers layers,
      ActivationValues values) {
    this.graph = graph;
    this.trained = trained;
    this.shapes = shapes;
    this.layers = layers;
    this.values = values;
  }

  /** Writes a convolution that is not part of a block. */
  void writeConv(ConvChain chain) {
    FoldedConv parameters = new FoldedConv(trained, chain);
    String name = ActivationValues.onnxName(chain.conv());
    String result = chain.normalized().name();
    // A convolution alone can give only the signs of its values as they are.
    Optional<BinaryLayers.Threshold> signs =
        layers.signsOf(result).filter(threshold -> threshold.shift().isEmpty());
    boolean hasValues =
        layers.hasValues(result) || (signs.isEmpty() && layers.signsOf(result).isPresent());
    PackedSignNodes.packedBinaryConv(
        graph.proto(),
        name,
        signsFor(chain.conv()),
        parameters.packedWeights(),
        geometry(chain),
        parameters.bias(),
        outputs(hasValues, signs.isPresent()));
    put(name, result, hasValues, signs);
  }

  /** Writes a ReActNet block as one node. */
  void writeBlock(BinaryLayers.Block block) {
    FoldedConv parameters = new FoldedConv(trained, block.chain());
    String name = ActivationValues.onnxName(block.chain().conv());
    String result = block.shiftOut().name();
    Optional<BinaryLayers.Threshold> signs = layers.signsOf(result);
    boolean hasValues = layers.hasValues(result);
    float[] noShift = new float[parameters.bias().length];
    PackedSignNodes.block(
        graph.proto(),
        name,
        signsFor(block.chain().conv()),
        parameters.packedWeights(),
        geometry(block.chain()),
        values.floatOf(block.residual()),
        new BlockParameters(
            parameters.bias(),
            parameter(block.shiftIn(), "shift"),
            parameter(block.prelu(), "slope"),
            parameter(block.shiftOut(), "shift"),
            signs
                .flatMap(BinaryLayers.Threshold::shift)
                .map(shift -> parameter(shift, "shift"))
                .orElse(noShift)),
        outputs(hasValues, signs.isPresent()));
    put(name, result, hasValues, signs);
  }

  private static PackedOutputs outputs(boolean values, boolean signs) {
    if (!signs) {
      return PackedOutputs.VALUES;
    }
    return values ? PackedOutputs.VALUES_AND_SIGNS : PackedOutputs.SIGNS;
  }

  private void put(
      String name, String result, boolean hasValues, Optional<BinaryLayers.Threshold> signs) {
    if (hasValues || signs.isEmpty()) {
      values.putFloat(result, name);
    }
    signs.ifPresent(threshold -> putSigns(threshold, PackedSignNodes.signsOf(name)));
  }

  /** The packed signs that a convolution reads, made of floats where nothing gives them. */
  private String signsFor(Network.Node conv) {
    BinaryLayers.Threshold threshold = layers.thresholdOf(conv);
    if (!packed.containsKey(threshold)) {
      String name =
          threshold
              .shift()
              .map(ActivationValues::onnxName)
              .orElse(ActivationValues.onnxName(conv) + "/input_signs");
      float[] shift =
          threshold
              .shift()
              .map(node -> parameter(node, "shift"))
              .orElseGet(() -> new float[shapes.get(threshold.value()).channels()]);
      String x = values.floatOf(threshold.value());
      putSigns(threshold, PackedSignNodes.packSigns(graph.proto(), name, x, shift));
    }
    return packed.get(threshold);
  }

  private void putSigns(BinaryLayers.Threshold threshold, String tensor) {
    packed.put(threshold, tensor);
    NodeShape shape = shapes.get(threshold.value());
    int bytes = (shape.channels() + 7) / 8;
    graph
        .proto()
        .addValueInfo(
            OnnxGraph.value(
                tensor, DataType.UINT8, new NodeShape(bytes, shape.height(), shape.width())));
  }

  private float[] parameter(Network.Node node, String name) {
    return trained.floats().get(node.name() + "/" + name);
  }

  private static ConvAttributes geometry(ConvChain chain) {
    return ConvAttributes.of(((Layer.Conv) chain.conv().layer()).stride(), 1);
  }
}
