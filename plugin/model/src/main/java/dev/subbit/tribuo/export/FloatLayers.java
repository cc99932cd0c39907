package dev.subbit.tribuo.export;

import dev.subbit.onnx.ConvAttributes;
import dev.subbit.onnx.OnnxProtos;
import dev.subbit.onnx.StagedConvCost;
import dev.subbit.onnx.SubBitNodes;
import dev.subbit.onnx.WeightsFunction;
import dev.subbit.tribuo.network.ConvChain;
import dev.subbit.tribuo.network.Layer;
import dev.subbit.tribuo.network.Network;
import dev.subbit.tribuo.network.NodeShape;
import dev.subbit.tribuo.network.TrainedNetwork;
import java.util.List;
import java.util.Map;

/** Writes layers that read and give floats: every kind of layer has such a form. */
final class FloatLayers {

  private final OnnxGraph graph;
  private final TrainedNetwork trained;
  private final Map<String, ConvChain> chains;
  private final Map<String, NodeShape> shapes;
  private final int[] positions;
  private final ActivationValues values;

  /**
   * Prepares to write layers of a network.
   *
   * @param graph the graph to write to.
   * @param trained the network, for its parameters.
   * @param chains the chains of its convolutions.
   * @param shapes the shapes of its nodes.
   * @param positions the pixel position of each feature of the input, by feature id.
   * @param values the tensors so far; results are added to them.
   */
  FloatLayers(
      OnnxGraph graph,
      TrainedNetwork trained,
      Map<String, ConvChain> chains,
      Map<String, NodeShape> shapes,
      int[] positions,
      ActivationValues values) {
    this.graph = graph;
    this.trained = trained;
    this.chains = chains;
    this.shapes = shapes;
    this.positions = positions;
    this.values = values;
  }

  /** Writes a node; the values of a convolution are those of the batch normalisation behind it. */
  void write(Network.Node node) {
    List<String> inputs = node.inputs().stream().map(values::floatOf).toList();
    String tensor = node.layer().accept(new NodeWriter(node, inputs));
    ConvChain chain = chains.get(node.name());
    values.putFloat(chain == null ? node.name() : chain.normalized().name(), tensor);
  }

  /**
   * Writes stages that are added up as one convolution, under the name of the first stage: as a
   * sub-bit operator where its kernels are faster, else as an ordinary one.
   */
  void writeSum(StageSum sum) {
    Network.Node first = sum.stages().get(0);
    Layer.Conv conv = (Layer.Conv) first.layer();
    NodeShape shape = shapes.get(sum.last().name());
    StageSum.Folded folded = sum.folded(trained);
    String name = ActivationValues.onnxName(first);
    String x = values.floatOf(first.inputs().get(0));
    List<StagedConvCost.Output> outputs =
        List.of(new StagedConvCost.Output(shape.height(), shape.width()));
    String tensor;
    if (StagedConvCost.isLess(folded.weights(), 1, outputs)) {
      tensor =
          SubBitNodes.stagedConv(
              graph.proto(),
              name,
              x,
              folded.weights(),
              ConvAttributes.of(conv.stride(), 1),
              folded.bias());
    } else {
      String weights = WeightsFunction.write(graph.proto(), name + "/weights", folded.weights());
      tensor = writeConv(name, conv, x, weights, folded.bias());
    }
    values.putFloat(sum.last().name(), tensor);
  }

  private String writeConv(String name, Layer.Conv conv, String x, String weights, float[] bias) {
    int pad = conv.kernel() / 2;
    return graph.node(
        name,
        "Conv",
        List.of(x, weights, graph.floats(name + "/bias", bias, conv.out())),
        OnnxProtos.attribute("kernel_shape", conv.kernel(), conv.kernel()),
        OnnxProtos.attribute("strides", conv.stride(), conv.stride()),
        OnnxProtos.attribute("pads", pad, pad, pad, pad));
  }

  /** Writes a max pooling, of floats or of 8-bit values. */
  String writeMaxPool(String name, Layer.MaxPool pool, String x) {
    int pad = pool.padding();
    return graph.node(
        name,
        "MaxPool",
        List.of(x),
        OnnxProtos.attribute("kernel_shape", pool.kernel(), pool.kernel()),
        OnnxProtos.attribute("strides", 2, 2),
        OnnxProtos.attribute("pads", pad, pad, pad, pad),
        // Unpadded windows take a last odd row as it is; padded ones reach over it anyway.
        OnnxProtos.attribute("ceil_mode", pad == 0 ? 1 : 0));
  }

  /** Writes the layer of one node and returns the tensor with its values. */
  private final class NodeWriter implements Layer.Visitor<String> {

    private final Network.Node node;
    private final String name;
    private final List<String> inputs;

    NodeWriter(Network.Node node, List<String> inputs) {
      this.node = node;
      this.name = ActivationValues.onnxName(node);
      this.inputs = inputs;
    }

    @Override
    public String input(Layer.Input input) {
      return ImageInput.write(graph, OnnxExporter.INPUT, positions, name, shapes.get(node.name()));
    }

    @Override
    public String normalize(Layer.Normalize normalize) {
      String scale = graph.floats(name + "/scale", new float[] {normalize.scale()});
      String offset = graph.floats(name + "/offset", new float[] {normalize.offset()});
      String scaled = graph.node(name + "/scaled", "Mul", List.of(x(), scale));
      return graph.node(name, "Add", List.of(scaled, offset));
    }

    @Override
    public String conv(Layer.Conv conv) {
      FoldedConv parameters = new FoldedConv(trained, chains.get(node.name()));
      return conv.weights() == Layer.Weights.SUB_BIT
          ? writeSubBitConv(conv, parameters)
          : writeFloatConv(conv, parameters);
    }

    private String writeSubBitConv(Layer.Conv conv, FoldedConv parameters) {
      return SubBitNodes.conv(
          graph.proto(),
          name,
          x(),
          parameters.packedWeights(),
          ConvAttributes.of(conv.stride(), 1),
          parameters.bias());
    }

    private String writeFloatConv(Layer.Conv conv, FoldedConv parameters) {
      String weight =
          graph.floats(
              name + "/weight",
              parameters.floatWeights(),
              conv.out(),
              conv.in(),
              conv.kernel(),
              conv.kernel());
      String input = conv.activations() == Layer.Activations.BINARY ? writeSigns() : x();
      return writeConv(name, conv, input, weight, parameters.bias());
    }

    /** x >= 0 ? 1 : -1. */
    private String writeSigns() {
      String zero = graph.floats(name + "/zero", new float[] {0});
      String plus = graph.floats(name + "/plus", new float[] {1});
      String minus = graph.floats(name + "/minus", new float[] {-1});
      String notNegative = graph.node(name + "/not_negative", "GreaterOrEqual", List.of(x(), zero));
      return graph.node(name + "/signs", "Where", List.of(notNegative, plus, minus));
    }

    @Override
    public String batchNorm(Layer.BatchNorm norm) {
      return graph.node(
          name,
          "BatchNormalization",
          List.of(
              x(),
              perChannel("gamma"),
              perChannel("beta"),
              perChannel("mean"),
              perChannel("variance")),
          OnnxProtos.attribute("epsilon", Layer.BatchNorm.EPSILON));
    }

    @Override
    public String relu(Layer.Relu relu) {
      return graph.node(name, "Relu", List.of(x()));
    }

    @Override
    public String shift(Layer.Shift shift) {
      return graph.node(name, "Add", List.of(x(), perChannel("shift", 1, 1)));
    }

    @Override
    public String prelu(Layer.PRelu prelu) {
      return graph.node(name, "PRelu", List.of(x(), perChannel("slope", 1, 1)));
    }

    @Override
    public String add(Layer.Add add) {
      return graph.node(name, "Add", List.of(x(), inputs.get(1)));
    }

    @Override
    public String averagePool(Layer.AveragePool pool) {
      return graph.node(
          name,
          "AveragePool",
          List.of(x()),
          OnnxProtos.attribute("kernel_shape", 2, 2),
          OnnxProtos.attribute("strides", 2, 2),
          OnnxProtos.attribute("ceil_mode", 1),
          OnnxProtos.attribute("count_include_pad", 0));
    }

    @Override
    public String maxPool(Layer.MaxPool pool) {
      return writeMaxPool(name, pool, x());
    }

    @Override
    public String globalAveragePool(Layer.GlobalAveragePool pool) {
      String pooled = graph.node(name + "/pooled", "GlobalAveragePool", List.of(x()));
      return graph.node(name, "Flatten", List.of(pooled), OnnxProtos.attribute("axis", 1));
    }

    @Override
    public String flatten(Layer.Flatten flatten) {
      return graph.node(name, "Flatten", List.of(x()), OnnxProtos.attribute("axis", 1));
    }

    @Override
    public String dense(Layer.Dense dense) {
      float[] weight = trained.floats().get(node.name() + "/weight");
      String weights = graph.floats(name + "/weight", weight, dense.out(), dense.in());
      return graph.node(
          name,
          "Gemm",
          List.of(x(), weights, perChannel("bias")),
          OnnxProtos.attribute("transB", 1));
    }

    private String x() {
      return inputs.get(0);
    }

    /** The initializer of a parameter of one value per channel, shaped [channels, trailing...]. */
    private String perChannel(String parameter, long... trailing) {
      float[] parameters = trained.floats().get(node.name() + "/" + parameter);
      long[] shape = new long[trailing.length + 1];
      shape[0] = parameters.length;
      System.arraycopy(trailing, 0, shape, 1, trailing.length);
      return graph.floats(name + "/" + parameter, parameters, shape);
    }
  }
}
