package dev.subbit.tribuo.export;

import dev.subbit.onnx.OnnxProtos;
import dev.subbit.tribuo.network.Layer;
import dev.subbit.tribuo.network.Network;
import dev.subbit.tribuo.network.TrainedNetwork;
import java.util.List;

/** Writes layers of standard ONNX operators; values are floats where nothing else is said. */
final class FloatLayers {

  private final OnnxGraph graph;
  private final TrainedNetwork trained;

  /**
   * Writes layers of a network.
   *
   * @param graph the graph to write to.
   * @param trained the network, for its parameters.
   */
  FloatLayers(OnnxGraph graph, TrainedNetwork trained) {
    this.graph = graph;
    this.trained = trained;
  }

  /** Writes a convolution with float weights. */
  String writeConv(Network.Node node, Layer.Conv conv, FoldedConv parameters, String x) {
    String name = ActivationValues.onnxName(node);
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

  /**
   * Writes any layer but the input and convolutions.
   *
   * @param inputs the tensors that the node reads.
   * @return the tensor that it gives.
   */
  String write(Network.Node node, List<String> inputs) {
    Layer layer = node.layer();
    String name = ActivationValues.onnxName(node);
    String x = inputs.get(0);
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
      return graph.node(name, "Add", List.of(x, inputs.get(1)));
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

  /** The initializer of a parameter of one value a channel, shaped [channels, trailing...]. */
  private String perChannel(Network.Node node, String parameter, long... trailing) {
    float[] values = trained.floats().get(node.name() + "/" + parameter);
    long[] shape = new long[trailing.length + 1];
    shape[0] = values.length;
    System.arraycopy(trailing, 0, shape, 1, trailing.length);
    return graph.floats(ActivationValues.onnxName(node) + "/" + parameter, values, shape);
  }
}
