package dev.subbit.tribuo.quantizer;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.onnx.proto.OnnxMl.AttributeProto;
import ai.onnx.proto.OnnxMl.GraphProto;
import ai.onnx.proto.OnnxMl.ModelProto;
import ai.onnx.proto.OnnxMl.NodeProto;
import ai.onnx.proto.OnnxMl.TensorProto;
import dev.subbit.onnx.OnnxProtos;
import dev.subbit.tribuo.quantizer.fit.Codewords;
import dev.subbit.tribuo.quantizer.fit.FitSettings;
import dev.subbit.tribuo.quantizer.graph.ConvLayer;
import dev.subbit.tribuo.quantizer.graph.ConvScan;
import dev.subbit.tribuo.quantizer.graph.GraphSession;
import dev.subbit.tribuo.quantizer.input.Calibration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/** Which convolutions are converted, and what is said of the others. */
class ConvScanTest {

  private final GraphBuilder graph = new GraphBuilder(1, 0, 4, 10, 10);

  private static ConvScan scan(ModelProto model) {
    return ConvScan.of(model, values -> GraphSession.sizes(model, values), Codewords.SIGNS);
  }

  private static QuantizationResult quantize(ModelProto model, String... keepFloat) {
    List<Pattern> patterns = new ArrayList<>();
    for (String pattern : keepFloat) {
      patterns.add(Pattern.compile(pattern));
    }
    return new OnnxQuantizer(new QuantizationSettings(new FitSettings(3, 2, 1, 1), patterns))
        .quantize(
            model,
            Calibration.of(List.of(GraphBuilder.feed(1, 2, 4, 10, 10))),
            (done, all, what) -> {});
  }

  private void assertLeft(String output, String reason) {
    ModelProto model = graph.model(13, output);
    ConvScan scan = scan(model);
    assertEquals(List.of(), scan.layers());
    assertEquals(1, scan.left().size());
    assertTrue(scan.left().get(0).reason().contains(reason), scan.left().get(0).reason());
    QuantizationResult result = quantize(model);
    assertArrayEquals(model.toByteArray(), result.model().toByteArray(), "byte for byte");
    assertEquals(scan.left(), result.left());
  }

  @Test
  void kernelsOfAnotherSizeStay() {
    assertLeft(
        graph.node("Conv", List.of("x", graph.tensor("w", 1, 5, 4, 1, 1))),
        "its kernels are 1x1, not 3x3");
  }

  @Test
  void computedWeightsStay() {
    graph.tensor("w", 1, 5, 4, 3, 3);
    String mean = graph.node("ReduceMean", List.of("x"), OnnxProtos.attribute("keepdims", 0L));
    String weights = graph.node("Mul", List.of("w", mean));
    assertLeft(
        graph.node("Conv", List.of("x", weights)), "its weights are computed in the graph, by Mul");
  }

  @Test
  void weightsThatAUserMayReplaceStay() {
    graph.tensor("w", 1, 5, 4, 3, 3);
    graph.graph().addInput(GraphBuilder.value("w", 5, 4, 3, 3));
    assertLeft(graph.node("Conv", List.of("x", "w")), "are an input of the model");
  }

  @Test
  void paddingOfAnUnknownSizeStays() {
    GraphBuilder open = new GraphBuilder(1, 0, 4, -5, -6);
    String y =
        open.conv(
            "x",
            5,
            4,
            OnnxProtos.attribute("auto_pad", "SAME_LOWER"),
            OnnxProtos.attribute("strides", 2, 2));
    ConvScan scan = scan(open.model(13, y));
    assertEquals(List.of(), scan.layers());
    assertTrue(scan.left().get(0).reason().contains("not fixed"), scan.left().toString());
  }

  @Test
  void convolutionsInsideTheBodiesOfOtherOperatorsStay() {
    GraphProto.Builder inner = GraphProto.newBuilder().setName("inner");
    graph.tensor("w", 1, 4, 4, 3, 3);
    inner.addInput(GraphBuilder.value("row", -1, -2, -3, -4));
    inner.addNode(
        NodeProto.newBuilder().setOpType("Conv").addInput("row").addInput("w").addOutput("y"));
    inner.addOutput(GraphBuilder.value("y", -1, -2, -3, -4));
    AttributeProto body =
        AttributeProto.newBuilder()
            .setName("body")
            .setType(AttributeProto.AttributeType.GRAPH)
            .setG(inner)
            .build();
    String y = graph.node("Scan", List.of("x"), body, OnnxProtos.attribute("num_scan_inputs", 1L));
    ConvScan scan = scan(graph.model(13, y));
    assertEquals(List.of(), scan.layers());
    assertEquals(1, scan.left().size());
    assertTrue(scan.left().get(0).reason().contains("inside a subgraph of Scan"));
  }

  @Test
  void weightsMayComeThroughConstantAndIdentityAndBeShared() {
    TensorProto weights = OnnxProtos.tensor("", graph.numbers(4 * 36, 1), 4, 4, 3, 3);
    AttributeProto value =
        AttributeProto.newBuilder()
            .setName("value")
            .setType(AttributeProto.AttributeType.TENSOR)
            .setT(weights)
            .build();
    String constant = graph.node("Constant", List.of(), value);
    String same = graph.node("Identity", List.of(constant));
    String first = graph.node("Conv", List.of("x", same));
    String second = graph.node("Conv", List.of(first, same));
    ModelProto model = graph.model(13, second);
    QuantizationResult result = quantize(model);
    assertEquals(1, result.layers().size(), "one fit");
    assertEquals(List.of(model.getGraph().getNode(3).getName()), result.layers().get(0).sharing());
    List<String> operators =
        result.model().getGraph().getNodeList().stream().map(NodeProto::getOpType).toList();
    assertEquals(
        List.of("SubBitWeights", "Conv", "Conv"), operators, "what nothing reads any more is gone");
    assertEquals(
        second, result.model().getGraph().getNode(2).getOutput(0), "outputs keep their names");
  }

  @Test
  void batchNormalisationIsFoldedIfNothingElseReadsTheConvolution() {
    String y = graph.conv("x", 4, 4);
    String norm = norm(y);
    ConvLayer folded = scan(graph.model(13, norm)).layers().get(0);
    assertEquals(norm, folded.output());
    assertEquals(1, quantize(graph.model(13)).model().getGraph().getOutputCount());

    GraphBuilder other = new GraphBuilder(1, 0, 4, 10, 10);
    String z = other.conv("x", 4, 4);
    other.node("Relu", List.of(z));
    for (String name : List.of("gamma", "beta", "mean", "variance")) {
      other.graph().addInitializer(OnnxProtos.tensor(name, new float[] {1, 2, 3, 4}, 4));
    }
    String shared =
        other.node("BatchNormalization", List.of(z, "gamma", "beta", "mean", "variance"));
    ConvLayer unfolded = scan(other.model(13, shared)).layers().get(0);
    assertEquals(z, unfolded.output());
  }

  private String norm(String x) {
    for (String name : List.of("gamma", "beta", "mean", "variance")) {
      graph.graph().addInitializer(OnnxProtos.tensor(name, new float[] {1, 2, 3, 4}, 4));
    }
    return graph.node("BatchNormalization", List.of(x, "gamma", "beta", "mean", "variance"));
  }

  @Test
  void layersCanBeKeptFloatByPattern() {
    String first = graph.conv("x", 4, 4);
    String second = graph.conv(first, 4, 4);
    ModelProto model = graph.model(13, second);
    String name = model.getGraph().getNode(1).getName();
    QuantizationResult result = quantize(model, "v1$");
    assertEquals(1, result.layers().size());
    assertEquals(name, result.left().get(0).name());
    assertTrue(result.left().get(0).reason().contains("asked to stay"));
    assertTrue(result.model().getGraph().getNodeList().contains(model.getGraph().getNode(1)));
  }

  @Test
  void layersThatTakeLessInEightBitsStayUnlessForced() {
    String y = graph.conv("x", 4, 1, OnnxProtos.attribute("group", 4L));
    String z = graph.conv(y, 4, 4);
    ModelProto model = graph.model(13, z);
    assertEquals(2, quantize(model).layers().size());
    QuantizationSettings careful =
        new QuantizationSettings(
            new FitSettings(5, 2, 1, 1),
            List.of(),
            0,
            -1,
            Metric.LARGEST,
            false,
            Rest.FLOAT,
            Optional.empty());
    QuantizationResult result =
        new OnnxQuantizer(careful)
            .quantize(
                model,
                Calibration.of(List.of(GraphBuilder.feed(1, 2, 4, 10, 10))),
                (done, all, what) -> {});
    assertEquals(List.of(), result.layers());
    assertTrue(
        result.left().get(1).reason().contains("and int8 weights 176"), result.left()::toString);
    assertTrue(result.left().get(0).reason().contains("depthwise"));
    assertFalse(result.left().get(0).name().isEmpty());
  }
}
