package dev.subbit.tribuo.export;

import ai.onnx.proto.OnnxMl.GraphProto;
import ai.onnx.proto.OnnxMl.ModelProto;
import ai.onnx.proto.OnnxMl.TensorProto.DataType;
import dev.subbit.onnx.ConvAttributes;
import dev.subbit.onnx.OnnxProtos;
import dev.subbit.onnx.SubBitModels;
import dev.subbit.onnx.SubBitNodes;
import dev.subbit.tribuo.network.ConvChain;
import dev.subbit.tribuo.network.Layer;
import dev.subbit.tribuo.network.Network;
import dev.subbit.tribuo.network.NetworkShapes;
import dev.subbit.tribuo.network.NodeShape;
import dev.subbit.tribuo.network.TrainedNetwork;
import dev.subbit.tribuo.network.TrainedNetwork.QuantizedRange;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Writes a trained network as an ONNX model.
 *
 * <p>The input {@value #INPUT} is float [batch, features], the features in the order of their ids
 * and with raw pixel values; the output {@value #OUTPUT} is float [batch, classes], probabilities.
 * ONNX nodes bear the names of the network's nodes. Batch normalisation is folded into the
 * convolution before it. A network with quantized ranges becomes an integer graph as {@link
 * TrainedNetwork} describes: residual sums stay in float, where every ONNX Runtime back end adds
 * the same bits.
 */
public final class OnnxExporter {

  /** Name of the graph's input. */
  public static final String INPUT = "input";

  /** Name of the graph's output. */
  public static final String OUTPUT = "output";

  private final TrainedNetwork trained;
  private final Map<String, ConvChain> chains;
  private final Map<String, NodeShape> shapes;
  private final OnnxGraph graph = new OnnxGraph();

  /** Nodes that run as part of the convolution before them. */
  private final Set<String> folded = new HashSet<>();

  /** The float value of a node, where there is one so far. */
  private final Map<String, String> floatValues = new HashMap<>();

  /** The 8-bit value of a node, where there is one so far. */
  private final Map<String, String> integerValues = new HashMap<>();

  private final Set<String> writtenRanges = new HashSet<>();

  private OnnxExporter(TrainedNetwork trained) {
    this.trained = trained;
    this.chains = ConvChain.of(trained.network());
    this.shapes = NetworkShapes.of(trained.network());
  }

  /**
   * Exports a network.
   *
   * @param trained the network, whole.
   * @param positions the pixel position of each feature of the input, by feature id; distinct.
   * @return the model, with the functions of the operators it uses; the caller adds what identifies
   *     it.
   * @throws IllegalStateException if folding a batch normalisation overflows.
   */
  public static ModelProto export(TrainedNetwork trained, int[] positions) {
    OnnxExporter exporter = new OnnxExporter(trained);
    exporter.writeNodes(positions, List.of(trained.network().output().name()));
    exporter.writeOutput();
    return SubBitModels.ofGraph(exporter.graph());
  }

  /**
   * Exports a network that gives, in place of probabilities, the float values of some of its nodes,
   * as calibration needs them. The outputs bear the names that {@link #valueName} gives.
   *
   * @param trained the network, whole.
   * @param positions the pixel position of each feature of the input, by feature id; distinct.
   * @param nodes names of the nodes; none may be folded away, that is, be a convolution whose only
   *     reader is a batch normalisation.
   * @return the model.
   * @throws IllegalStateException if folding a batch normalisation overflows.
   */
  public static ModelProto exportValues(
      TrainedNetwork trained, int[] positions, List<String> nodes) {
    OnnxExporter exporter = new OnnxExporter(trained);
    exporter.writeNodes(positions, nodes);
    for (String node : nodes) {
      // An output of its own, so that no optimisation has to keep the value itself alive.
      String output =
          exporter.graph.node(valueName(node), "Identity", List.of(exporter.floatValue(node)));
      exporter
          .graph
          .proto()
          .addOutput(OnnxGraph.value(output, DataType.FLOAT, exporter.shapes.get(node)));
    }
    return SubBitModels.ofGraph(exporter.graph());
  }

  /**
   * Name of the output that {@link #exportValues} gives a node.
   *
   * @param node the node.
   * @return the name.
   */
  public static String valueName(String node) {
    return node + "/value";
  }

  private GraphProto graph() {
    return graph.proto().setName(trained.network().name()).build();
  }

  /** Writes nodes in order until all of the wanted ones have a value. */
  private void writeNodes(int[] positions, List<String> wanted) {
    graph
        .proto()
        .addInput(OnnxGraph.value(INPUT, DataType.FLOAT, NodeShape.vector(positions.length)));
    Set<String> missing = new HashSet<>(wanted);
    for (Network.Node node : trained.network().nodes()) {
      missing.removeIf(name -> floatValues.containsKey(name) || integerValues.containsKey(name));
      if (missing.isEmpty()) {
        return;
      }
      if (node.layer() instanceof Layer.Input) {
        floatValues.put(node.name(), writeImage(node, positions));
      } else if (node.layer() instanceof Layer.Conv conv) {
        writeConv(node, conv);
      } else if (!folded.contains(node.name())) {
        declareFloat(node.name(), writeFloatLayer(node));
      }
    }
  }

  private void writeOutput() {
    Network.Node last = trained.network().output();
    graph.node(
        "probabilities/softmax",
        OUTPUT,
        "Softmax",
        List.of(floatValue(last.name())),
        OnnxProtos.attribute("axis", -1));
    graph.proto().addOutput(OnnxGraph.value(OUTPUT, DataType.FLOAT, shapes.get(last.name())));
  }

  /** The features as an image: [batch, features] to [batch, C, H, W]. */
  private String writeImage(Network.Node node, int[] positions) {
    NodeShape image = shapes.get(node.name());
    String name = onnxName(node);
    String pixels = INPUT;
    if (!isEveryPixelInOrder(positions, (int) image.size())) {
      // Pixels without a feature are read from a column of zeros behind the features.
      long[] columnOfPixel = new long[(int) image.size()];
      Arrays.fill(columnOfPixel, positions.length);
      for (int feature = 0; feature < positions.length; feature++) {
        columnOfPixel[positions[feature]] = feature;
      }
      String padded =
          graph.node(
              name + "/padded", "Pad", List.of(pixels, graph.longs(name + "/pads", 0, 0, 0, 1)));
      pixels =
          graph.node(
              name + "/gathered",
              "Gather",
              List.of(padded, graph.longs(name + "/columns", columnOfPixel)),
              OnnxProtos.attribute("axis", 1));
    }
    String shape = graph.longs(name + "/shape", 0, image.channels(), image.height(), image.width());
    return graph.node(name, "Reshape", List.of(pixels, shape));
  }

  private static boolean isEveryPixelInOrder(int[] positions, int size) {
    for (int feature = 0; feature < positions.length; feature++) {
      if (positions[feature] != feature) {
        return false;
      }
    }
    return positions.length == size;
  }

  private void writeConv(Network.Node node, Layer.Conv conv) {
    ConvChain chain = chains.get(node.name());
    FoldedConv parameters = new FoldedConv(trained, chain);
    String input = node.inputs().get(0);
    chain.norm().ifPresent(norm -> folded.add(norm.name()));
    if (conv.weights() == Layer.Weights.FLOAT) {
      declareFloat(
          chain.normalized().name(), writeFloatConv(node, conv, parameters, floatValue(input)));
    } else if (trained.ranges().isEmpty()) {
      declareFloat(
          chain.normalized().name(), writeSubBitConv(node, conv, parameters, floatValue(input)));
    } else {
      chain.relu().ifPresent(relu -> folded.add(relu.name()));
      declareInteger(chain.last().name(), writeIntegerConv(node, conv, parameters, chain));
    }
  }

  private String writeFloatConv(
      Network.Node node, Layer.Conv conv, FoldedConv parameters, String x) {
    String name = onnxName(node);
    String weight =
        graph.floats(
            name + "/weight",
            parameters.floatWeights(),
            conv.out(),
            conv.in(),
            conv.kernel(),
            conv.kernel());
    String bias = graph.floats(name + "/bias", parameters.bias(), conv.out());
    String input = conv.activations() == Layer.Activations.BINARY ? writeSigns(name, x) : x;
    int pad = conv.kernel() / 2;
    return graph.node(
        name,
        "Conv",
        List.of(input, weight, bias),
        OnnxProtos.attribute("kernel_shape", conv.kernel(), conv.kernel()),
        OnnxProtos.attribute("strides", conv.stride(), conv.stride()),
        OnnxProtos.attribute("pads", pad, pad, pad, pad));
  }

  /** x >= 0 ? 1 : -1. */
  private String writeSigns(String name, String x) {
    String zero = graph.floats(name + "/zero", new float[] {0});
    String plus = graph.floats(name + "/plus", new float[] {1});
    String minus = graph.floats(name + "/minus", new float[] {-1});
    String notNegative = graph.node(name + "/not_negative", "GreaterOrEqual", List.of(x, zero));
    return graph.node(name + "/signs", "Where", List.of(notNegative, plus, minus));
  }

  private String writeSubBitConv(
      Network.Node node, Layer.Conv conv, FoldedConv parameters, String x) {
    ConvAttributes geometry = ConvAttributes.of(conv.stride(), 1);
    return conv.activations() == Layer.Activations.BINARY
        ? SubBitNodes.binaryConv(
            graph.proto(),
            onnxName(node),
            x,
            parameters.packedWeights(),
            geometry,
            parameters.bias())
        : SubBitNodes.conv(
            graph.proto(),
            onnxName(node),
            x,
            parameters.packedWeights(),
            geometry,
            parameters.bias());
  }

  private String writeIntegerConv(
      Network.Node node, Layer.Conv conv, FoldedConv parameters, ConvChain chain) {
    String input = node.inputs().get(0);
    String output = chain.last().name();
    writeRange(input);
    writeRange(output);
    FoldedConv.Integers integers = parameters.integers(trained.ranges().get(input).scale());
    return SubBitNodes.qLinearConv(
        graph.proto(),
        onnxName(node),
        integerValue(input),
        rangeScale(input),
        rangeZeroPoint(input),
        integers.weights(),
        ConvAttributes.of(conv.stride(), 1),
        rangeScale(output),
        rangeZeroPoint(output),
        integers.bias());
  }

  /** Any layer but the input, a convolution or a folded one. */
  private String writeFloatLayer(Network.Node node) {
    Layer layer = node.layer();
    String name = onnxName(node);
    String x = floatValue(node.inputs().get(0));
    if (layer instanceof Layer.Normalize normalize) {
      String scale = graph.floats(name + "/scale", new float[] {normalize.scale()});
      String offset = graph.floats(name + "/offset", new float[] {normalize.offset()});
      String scaled = graph.node(name + "/scaled", "Mul", List.of(x, scale));
      return graph.node(name, "Add", List.of(scaled, offset));
    }
    if (layer instanceof Layer.BatchNorm) {
      return graph.node(
          name,
          "BatchNormalization",
          List.of(
              x,
              perChannel(node, "gamma"),
              perChannel(node, "beta"),
              perChannel(node, "mean"),
              perChannel(node, "variance")),
          OnnxProtos.attribute("epsilon", Layer.BatchNorm.EPSILON));
    }
    if (layer instanceof Layer.Relu) {
      return graph.node(name, "Relu", List.of(x));
    }
    if (layer instanceof Layer.Shift) {
      return graph.node(name, "Add", List.of(x, perChannel(node, "shift", 1, 1)));
    }
    if (layer instanceof Layer.PRelu) {
      return graph.node(name, "PRelu", List.of(x, perChannel(node, "slope", 1, 1)));
    }
    if (layer instanceof Layer.Add) {
      return graph.node(name, "Add", List.of(x, floatValue(node.inputs().get(1))));
    }
    if (layer instanceof Layer.AveragePool) {
      return graph.node(
          name,
          "AveragePool",
          List.of(x),
          OnnxProtos.attribute("kernel_shape", 2, 2),
          OnnxProtos.attribute("strides", 2, 2),
          OnnxProtos.attribute("ceil_mode", 1),
          OnnxProtos.attribute("count_include_pad", 0));
    }
    if (layer instanceof Layer.MaxPool pool) {
      return writeMaxPool(name, pool, x);
    }
    if (layer instanceof Layer.Flatten) {
      return graph.node(name, "Flatten", List.of(x), OnnxProtos.attribute("axis", 1));
    }
    if (layer instanceof Layer.GlobalAveragePool) {
      String pooled = graph.node(name + "/pooled", "GlobalAveragePool", List.of(x));
      return graph.node(name, "Flatten", List.of(pooled), OnnxProtos.attribute("axis", 1));
    }
    if (layer instanceof Layer.Dense dense) {
      float[] weight = trained.floats().get(node.name() + "/weight");
      String weights = graph.floats(name + "/weight", weight, dense.out(), dense.in());
      return graph.node(
          name,
          "Gemm",
          List.of(x, weights, perChannel(node, "bias")),
          OnnxProtos.attribute("transB", 1));
    }
    throw new AssertionError("Layer that cannot be exported: " + layer);
  }

  private String writeMaxPool(String name, Layer.MaxPool pool, String x) {
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

  /** The initializer of a parameter of one value a channel, shaped [channels, trailing...]. */
  private String perChannel(Network.Node node, String parameter, long... trailing) {
    float[] values = trained.floats().get(node.name() + "/" + parameter);
    long[] shape = new long[trailing.length + 1];
    shape[0] = values.length;
    System.arraycopy(trailing, 0, shape, 1, trailing.length);
    return graph.floats(onnxName(node) + "/" + parameter, values, shape);
  }

  private String floatValue(String node) {
    String value = floatValues.get(node);
    if (value == null) {
      value =
          graph.node(
              safe(node) + "/dequantized",
              "DequantizeLinear",
              List.of(integerValues.get(node), rangeScale(node), rangeZeroPoint(node)));
      floatValues.put(node, value);
    }
    return value;
  }

  private String integerValue(String node) {
    String value = integerValues.get(node);
    if (value == null) {
      value =
          graph.node(
              safe(node) + "/quantized",
              "QuantizeLinear",
              List.of(floatValues.get(node), rangeScale(node), rangeZeroPoint(node)));
      integerValues.put(node, value);
    }
    return value;
  }

  private void writeRange(String node) {
    if (writtenRanges.add(node)) {
      QuantizedRange range = trained.ranges().get(node);
      graph.floats(rangeScale(node), new float[] {range.scale()}, new long[0]);
      graph.uint8(rangeZeroPoint(node), range.zeroPoint());
    }
  }

  private static String rangeScale(String node) {
    return safe(node) + "/range_scale";
  }

  private static String rangeZeroPoint(String node) {
    return safe(node) + "/range_zero_point";
  }

  private void declareFloat(String node, String value) {
    floatValues.put(node, value);
    graph.proto().addValueInfo(OnnxGraph.value(value, DataType.FLOAT, shapes.get(node)));
  }

  private void declareInteger(String node, String value) {
    integerValues.put(node, value);
    graph.proto().addValueInfo(OnnxGraph.value(value, DataType.UINT8, shapes.get(node)));
  }

  private static String onnxName(Network.Node node) {
    return safe(node.name());
  }

  /** Node names as they are, but for the two that the graph's own input and output have. */
  private static String safe(String node) {
    return node.equals(INPUT) || node.equals(OUTPUT) ? node + "/node" : node;
  }
}
