package dev.subbit.tribuo.quantizer.timing;

import ai.onnx.proto.OnnxMl.GraphProto;
import ai.onnx.proto.OnnxMl.ModelProto;
import ai.onnx.proto.OnnxMl.NodeProto;
import ai.onnx.proto.OnnxMl.TensorProto.DataType;
import ai.onnxruntime.OnnxJavaType;
import dev.subbit.onnx.OnnxProtos;
import dev.subbit.onnx.SubBitModels;
import dev.subbit.tribuo.network.TrainedNetwork.QuantizedRange;
import dev.subbit.tribuo.quantizer.fit.StagedWeights;
import dev.subbit.tribuo.quantizer.graph.ConvLayer;
import dev.subbit.tribuo.quantizer.graph.Feed;
import dev.subbit.tribuo.quantizer.graph.FloatArray;
import dev.subbit.tribuo.quantizer.graph.GraphEdits;
import dev.subbit.tribuo.quantizer.graph.GraphPlace;
import dev.subbit.tribuo.quantizer.graph.IntegerConv;
import dev.subbit.tribuo.quantizer.graph.IntegerEdits;
import dev.subbit.tribuo.quantizer.graph.NativeStages;
import java.nio.ByteBuffer;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** Makes models that hold one layer and nothing else. */
final class OneLayer {

  /** Any range will do, since the time does not depend on it. */
  private static final QuantizedRange ANY_RANGE = new QuantizedRange(0.05f, 128);

  private final ConvLayer layer;
  private final StagedWeights weights;
  private final FloatArray x;

  /**
   * Prepares models of one layer.
   *
   * @param layer a layer of some model.
   * @param weights its sub-bit weights.
   * @param x the input of the layer.
   */
  OneLayer(ConvLayer layer, StagedWeights weights, FloatArray x) {
    this.layer =
        new ConvLayer(
            layer.name(),
            GraphPlace.MAIN,
            "",
            0,
            List.of(),
            "x",
            "w",
            "y",
            layer.outChannels(),
            layer.inChannels(),
            layer.kernelHeight(),
            layer.kernelWidth(),
            layer.weights(),
            layer.bias(),
            layer.attributes());
    this.weights = weights;
    this.x = x;
  }

  TimedSession floatConv() {
    return new TimedSession(model(), floats());
  }

  /**
   * The layer as it stands in a model.
   *
   * @param nativeStages names of the layers that {@link NativeStages} chose there.
   */
  TimedSession subBitConv(Set<String> nativeStages) {
    return new TimedSession(
        GraphEdits.replace(model(), Map.of(layer, weights), nativeStages), floats());
  }

  /**
   * The layer as part of a chain: its input and its output are 8-bit already.
   *
   * @param form how it is written before it is given 8 bits.
   */
  TimedSession integerConv(GraphEdits.Form form) {
    ModelProto subBit = GraphEdits.replace(model(), Map.of(layer, weights), form);
    List<IntegerConv> convs = IntegerConv.of(subBit);
    Map<String, QuantizedRange> ranges = new HashMap<>();
    IntegerEdits.valuesWithoutRange(convs).forEach(value -> ranges.put(value, ANY_RANGE));
    ModelProto integer = IntegerEdits.replace(subBit, convs, ranges);
    GraphProto.Builder graph = integer.getGraph().toBuilder();
    NodeProto first = graph.getNode(0);
    graph
        .removeNode(0)
        .clearInput()
        .addInput(OnnxProtos.value(first.getOutput(0), DataType.UINT8, x.shape()));
    int last = graph.getNodeCount() - 1;
    if (graph.getNode(last).getOpType().equals("DequantizeLinear")) {
      String given = graph.getNode(last).getInput(0);
      graph
          .removeNode(last)
          .clearOutput()
          .addOutput(OnnxProtos.valueOfAnyShape(given, DataType.UINT8));
    }
    ByteBuffer bytes = ByteBuffer.allocateDirect(x.values().length);
    Feed feed =
        new Feed(Map.of(first.getOutput(0), new Feed.Tensor(OnnxJavaType.UINT8, x.shape(), bytes)));
    return new TimedSession(integer.toBuilder().setGraph(graph).build(), feed);
  }

  private Feed floats() {
    return new Feed(Map.of("x", Feed.Tensor.of(x)));
  }

  private ModelProto model() {
    return SubBitModels.ofGraph(
        GraphProto.newBuilder()
            .setName("layer")
            .addInput(OnnxProtos.value("x", DataType.FLOAT, x.shape()))
            .addInitializer(OnnxProtos.tensor("w", layer.weights(), layer.shape()))
            .addInitializer(OnnxProtos.tensor("b", layer.bias(), layer.outChannels()))
            .addNode(layer.conv().addAllInput(List.of("x", "w", "b")).addOutput("y"))
            .addOutput(OnnxProtos.valueOfAnyShape("y", DataType.FLOAT))
            .build());
  }
}
