package dev.subbit.cli.bench;

import ai.onnx.proto.OnnxMl.ModelProto;
import ai.onnx.proto.OnnxMl.TensorProto.DataType;
import dev.subbit.onnx.ConvAttributes;
import dev.subbit.onnx.PackedSignNodes;
import dev.subbit.onnx.PackedSignNodes.PackedOutputs;
import dev.subbit.onnx.SubBitNodes;
import dev.subbit.tribuo.network.ImageShape;
import dev.subbit.tribuo.network.Layer;
import dev.subbit.tribuo.network.Network;
import dev.subbit.tribuo.network.NetworkShapes;
import dev.subbit.tribuo.network.Networks;
import dev.subbit.tribuo.network.NodeShape;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;

/**
 * A 3x3 convolution as a device runs it: padding 1, activations of 8 bits or of one.
 *
 * @param in input channels.
 * @param out output channels.
 * @param height rows of the input.
 * @param width columns of the input.
 * @param stride 1 or 2.
 */
record FpgaLayer(int in, int out, int height, int width, int stride) {

  private static final int IMAGENET_SIDE = 224;
  private static final int IMAGENET_CLASSES = 1000;
  private static final String CIFAR_NETWORK = "resnet20";
  private static final int CIFAR_SIDE = 32;
  private static final int CIFAR_CLASSES = 10;
  private static final long SEED = 7;

  /**
   * The sub-bit convolutions of a named network, in its order: for CIFAR's images resnet20, for
   * ImageNet's the others.
   */
  static List<FpgaLayer> of(String network) {
    boolean small = network.equals(CIFAR_NETWORK);
    int side = small ? CIFAR_SIDE : IMAGENET_SIDE;
    Network built =
        Networks.build(
            network,
            new ImageShape(3, side, side),
            small ? CIFAR_CLASSES : IMAGENET_CLASSES,
            Layer.Weights.SUB_BIT,
            Layer.Activations.REAL);
    Map<String, NodeShape> shapes = NetworkShapes.of(built);
    List<FpgaLayer> layers = new ArrayList<>();
    for (Network.Node node : built.nodes()) {
      if (node.layer() instanceof Layer.Conv conv && conv.weights() == Layer.Weights.SUB_BIT) {
        NodeShape input = shapes.get(node.inputs().get(0));
        layers.add(
            new FpgaLayer(conv.in(), conv.out(), input.height(), input.width(), conv.stride()));
      }
    }
    return layers;
  }

  /** What a layer reads and writes. */
  enum Activations {
    /** Eight bits per value. */
    INT8("8-bit"),
    /** Signs, which are packed, eight channels per byte. */
    BINARY("binary");

    private final String label;

    Activations(String label) {
      this.label = label;
    }

    /** The name on the command line. */
    String label() {
      return label;
    }
  }

  /** A model of this layer alone, with random weights; its input is {@code x}. */
  ModelProto model(Activations activations, int tau) {
    return activations == Activations.BINARY ? binaryModel(tau) : int8Model(tau);
  }

  private ModelProto binaryModel(int tau) {
    LayerGraph graph = new LayerGraph();
    String x = graph.input("x", DataType.UINT8, inputShape(Activations.BINARY));
    PackedSignNodes.packedBinaryConv(
        graph.proto(),
        "y",
        x,
        RandomWeights.draw(in, out, tau, new Random(SEED)),
        ConvAttributes.of(stride, 1),
        new float[out],
        PackedOutputs.SIGNS);
    graph.output(
        PackedSignNodes.signsOf("y"),
        DataType.UINT8,
        1,
        bytesOf(out),
        strided(height),
        strided(width));
    return graph.model();
  }

  private ModelProto int8Model(int tau) {
    LayerGraph graph = new LayerGraph();
    String x = graph.input("x", DataType.UINT8, inputShape(Activations.INT8));
    String scale = graph.floats("range_scale", new float[] {1});
    String zero = graph.bytes("range_zero", DataType.UINT8, new byte[] {(byte) 128});
    String y =
        SubBitNodes.qLinearConv(
            graph.proto(),
            "y",
            x,
            scale,
            zero,
            RandomWeights.draw(in, out, tau, new Random(SEED)),
            ConvAttributes.of(stride, 1),
            scale,
            zero,
            new int[out]);
    graph.output(y, DataType.UINT8, 1, out, strided(height), strided(width));
    return graph.model();
  }

  /** One image. */
  long[] inputShape(Activations activations) {
    return new long[] {1, activations == Activations.BINARY ? bytesOf(in) : in, height, width};
  }

  private static long bytesOf(int signs) {
    return (signs + 7) / 8;
  }

  private long strided(int size) {
    return (size - 1) / stride + 1;
  }
}
