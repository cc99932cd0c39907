package dev.subbit.onnx;

import ai.onnx.proto.OnnxMl.AttributeProto;
import ai.onnx.proto.OnnxMl.FunctionProto;
import ai.onnx.proto.OnnxMl.GraphProto;
import ai.onnx.proto.OnnxMl.ModelProto;
import ai.onnx.proto.OnnxMl.NodeProto;
import ai.onnx.proto.OnnxMl.OperatorSetIdProto;
import ai.onnx.proto.OnnxMl.TensorProto.DataType;
import dev.subbit.onnx.PackedSignNodes.PackedOutputs;
import dev.subbit.onnx.graph.TinyGraph;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;

/** Small valid models that fuzz tests of readers and graph passes begin with. */
public final class FuzzModels {

  private FuzzModels() {}

  /** All of them, which between them have every kind of node that a pass knows. */
  public static Stream<ModelProto> all() {
    Stream<ModelProto> operators =
        Arrays.stream(OperatorTable.values())
            .filter(operator -> operator != OperatorTable.INTEGER_NETWORK)
            .map(FuzzModels::smallest);
    return Stream.concat(
        operators,
        Stream.of(
            IntegerNetworkFunctionTest.asOneNode(IntegerNetworkFunctionTest.steps(5)),
            IntegerNetworkFunctionTest.asANodePerLayer(IntegerNetworkFunctionTest.steps(6)),
            signs(),
            functions(),
            subgraph(),
            plain()));
  }

  /** The smallest model of an operator's test vectors: mutations should hit more than weights. */
  private static ModelProto smallest(OperatorTable operator) {
    return TestVectors.all(operator).stream()
        .map(OrtRunner::model)
        .min(Comparator.comparing(ModelProto::getSerializedSize))
        .orElseThrow();
  }

  /** Packed signs, a convolution that gives signs, and a block. */
  static ModelProto signs() {
    ConvAttributes same = ConvAttributes.of(1, 1);
    float[] two = {1, -2};
    PackedConvWeights weights =
        PackedConvWeights.pack(
            2, new Codebook(2, new int[] {3, 77, 300, 511}), new int[] {0, 1, 3, 2}, two);
    GraphProto.Builder graph =
        GraphProto.newBuilder()
            .setName("signs")
            .addInput(OnnxProtos.value("x", DataType.FLOAT, 1, 2, 4, 4));
    PackedSignNodes.packSigns(graph, "signs", "x", two);
    PackedSignNodes.packedBinaryConv(
        graph, "first", "signs", weights, same, two, PackedOutputs.SIGNS);
    PackedSignNodes.block(
        graph,
        "second",
        PackedSignNodes.signsOf("first"),
        weights,
        same,
        "x",
        new PackedSignNodes.BlockParameters(two, two, two, two, two),
        PackedOutputs.VALUES);
    return SubBitModels.ofGraph(
        graph.addOutput(OnnxProtos.value("second", DataType.FLOAT, 1, 2, 4, 4)).build());
  }

  /** A function that calls another, with an attribute that the caller gives. */
  static ModelProto functions() {
    NodeProto leaky =
        TinyGraph.nodeOf(
            "LeakyRelu",
            List.of("a"),
            "h",
            TinyGraph.reference("alpha", "slope", AttributeProto.AttributeType.FLOAT));
    FunctionProto inner =
        function("Inner", leaky, TinyGraph.nodeOf("Neg", List.of("h"), "r")).toBuilder()
            .addAttribute("slope")
            .build();
    NodeProto call = call("Inner", "a", "i", OnnxProtos.attribute("slope", .5f));
    FunctionProto outer = function("Outer", call, TinyGraph.nodeOf("Abs", List.of("i"), "r"));
    TinyGraph graph =
        new TinyGraph()
            .input("x", 3)
            .node(call("Outer", "x", "y"))
            .node(call("Outer", "y", "z"))
            .output("z");
    return graph.model().toBuilder()
        .addFunctions(inner)
        .addFunctions(outer)
        .addOpsetImport(OperatorSetIdProto.newBuilder().setDomain("custom").setVersion(1))
        .build();
  }

  private static FunctionProto function(String name, NodeProto... nodes) {
    return FunctionProto.newBuilder()
        .setName(name)
        .setDomain("custom")
        .addInput("a")
        .addOutput("r")
        .addAllNode(List.of(nodes))
        .build();
  }

  private static NodeProto call(
      String function, String input, String output, AttributeProto... attributes) {
    return TinyGraph.nodeOf(function, List.of(input), output, attributes).toBuilder()
        .setDomain("custom")
        .build();
  }

  /** A convolution in both branches of an If. */
  static ModelProto subgraph() {
    GraphProto branch =
        new TinyGraph()
            .filled("w", .5f, 2, 2, 3, 3)
            .node("Conv", List.of("x", "w"), "y", OnnxProtos.attribute("pads", 1, 1, 1, 1))
            .output("y")
            .build();
    return new TinyGraph()
        .input("x", 1, 2, 4, 4)
        .tensor(OnnxProtos.tensor("yes", DataType.BOOL, new byte[] {1}))
        .node(
            "If",
            List.of("yes"),
            "z",
            TinyGraph.subgraph("then_branch", branch),
            TinyGraph.subgraph("else_branch", branch))
        .output("z")
        .model();
  }

  /** A convolution with batch normalisation and another whose padding depends on its input. */
  static ModelProto plain() {
    return new TinyGraph()
        .input("x", 1, 2, 6, 6)
        .filled("w", .5f, 4, 2, 3, 3)
        .filled("b", 1, 4)
        .filled("v", -.5f, 4, 1, 3, 3)
        .node("Conv", List.of("x", "w", "b"), "c", OnnxProtos.attribute("pads", 1, 1, 1, 1))
        .node("BatchNormalization", List.of("c", "b", "b", "b", "b"), "n")
        .node("Relu", List.of("n"), "r")
        .node(
            "Conv",
            List.of("r", "v"),
            "y",
            OnnxProtos.attribute("auto_pad", "SAME_UPPER"),
            OnnxProtos.attribute("strides", 2, 2),
            OnnxProtos.attribute("group", 4))
        .output("y")
        .model();
  }
}
