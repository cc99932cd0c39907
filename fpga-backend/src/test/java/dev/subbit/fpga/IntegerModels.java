package dev.subbit.fpga;

import ai.onnx.proto.OnnxMl.GraphProto;
import ai.onnx.proto.OnnxMl.ModelProto;
import ai.onnx.proto.OnnxMl.NodeProto;
import ai.onnx.proto.OnnxMl.TensorProto.DataType;
import ai.onnx.proto.OnnxMl.ValueInfoProto;
import dev.subbit.onnx.IntegerLayer;
import dev.subbit.onnx.IntegerLayer.Window;
import dev.subbit.onnx.IntegerNetworkFunction;
import dev.subbit.onnx.IntegerNetworkFunction.Step;
import dev.subbit.onnx.OnnxProtos;
import dev.subbit.onnx.SubBitModels;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;

/** Integer networks with random weights, as models of one {@code IntegerNetwork} node. */
final class IntegerModels {

  private static final int CLASSES = 7;

  private final Random random;
  private final List<Step> steps = new ArrayList<>();
  private int channels;

  private IntegerModels(long seed) {
    this.random = new Random(seed);
  }

  /**
   * A stem with a max pool, blocks of 12 channels, a shortcut with a block of 20 beside it, another
   * block, and a classifier, on images of three channels.
   */
  static List<Step> residual(long seed) {
    IntegerModels network = new IntegerModels(seed);
    network.stem(3, 12, Window.square(5, 2, 2), Window.square(3, 2, 1));
    network.block(12, 1);
    network.block(20, 2);
    network.block(20, 1);
    return network.finish();
  }

  /** A stem, a convolution whose sums are pooled, and a classifier. */
  static List<Step> pooled(long seed) {
    IntegerModels network = new IntegerModels(seed);
    network.stem(3, 12, Window.square(3, 1, 1), Window.NONE);
    network.steps.add(
        new Step(
            "conv",
            new IntegerLayer.Conv(
                TestModels.weights(8, 12, 4, network.random),
                1,
                network.shorts(12),
                network.shorts(8),
                network.shorts(8),
                4,
                Window.square(2, 2, 0),
                16),
            1));
    network.channels = 8;
    return network.finish();
  }

  /** ResNet-18 as ReActNet has it, a block for each 3x3 convolution, for images of 224x224. */
  static List<Step> resnet18(long seed) {
    IntegerModels network = new IntegerModels(seed);
    network.stem(3, 64, Window.square(7, 2, 3), Window.square(3, 2, 1));
    for (int width : new int[] {64, 128, 256, 512}) {
      for (int block = 0; block < 4; block++) {
        network.block(width, width == network.channels ? 1 : 2);
      }
    }
    return network.finish();
  }

  private void stem(int inputs, int outputs, Window convolution, Window pool) {
    int taps = inputs * convolution.height() * convolution.width();
    steps.add(
        new Step(
            "stem",
            new IntegerLayer.Stem(
                convolution,
                bytes(outputs * taps),
                bytes(inputs),
                shorts(outputs),
                shorts(outputs),
                5,
                pool,
                16),
            IntegerNetworkFunction.NETWORK_INPUT));
    channels = outputs;
  }

  /** A block behind the last layer, with a shortcut beside it if it changes the shape. */
  private void block(int outputs, int stride) {
    int read = steps.size();
    if (outputs != channels || stride != 1) {
      steps.add(
          new Step(
              "shortcut" + steps.size(),
              new IntegerLayer.Shortcut(
                  stride, bytes(outputs * channels), shorts(outputs), shorts(outputs), 9, 16),
              read));
    }
    int shift = 0;
    while (9 * channels << shift + 1 <= Short.MAX_VALUE) {
      shift++;
    }
    steps.add(
        new Step(
            "block" + steps.size(),
            new IntegerLayer.Block(
                TestModels.weights(outputs, channels, 5, random),
                stride,
                shorts(channels),
                shorts(outputs),
                shorts(outputs),
                shift,
                shorts(outputs),
                1,
                shorts(outputs),
                16),
            read,
            steps.size()));
    channels = outputs;
  }

  private List<Step> finish() {
    float[] scale = new float[CLASSES];
    float[] bias = new float[CLASSES];
    for (int k = 0; k < CLASSES; k++) {
      scale[k] = random.nextFloat() * 1e-4f;
      bias[k] = random.nextFloat() - 0.5f;
    }
    steps.add(
        new Step(
            "classifier",
            new IntegerLayer.Classifier(1, bytes(CLASSES * channels), scale, bias, 4),
            steps.size()));
    return steps;
  }

  private byte[] bytes(int count) {
    byte[] bytes = new byte[count];
    for (int i = 0; i < count; i++) {
      bytes[i] = (byte) (random.nextInt(101) - 50);
    }
    return bytes;
  }

  private short[] shorts(int count) {
    short[] shorts = new short[count];
    for (int i = 0; i < count; i++) {
      shorts[i] = (short) (random.nextInt(24001) - 12000);
    }
    return shorts;
  }

  /** The model of a network whose input are images, floats or uint8. */
  static ModelProto ofImages(List<Step> steps, DataType type) {
    GraphProto.Builder graph = GraphProto.newBuilder().setName("integers");
    graph.addInput(OnnxProtos.value(TestModels.INPUT, type, 0, 3, 0, 0));
    return finish(graph, TestModels.INPUT, steps);
  }

  /** The same, of images as rows of features. */
  static ModelProto ofFeatures(List<Step> steps, int height, int width) {
    GraphProto.Builder graph = GraphProto.newBuilder().setName("integers");
    graph
        .addInput(OnnxProtos.value(TestModels.INPUT, DataType.FLOAT, 0, 3 * height * width))
        .addInitializer(OnnxProtos.tensor("sizes", new long[] {0, 3, height, width}, 4))
        .addNode(
            NodeProto.newBuilder()
                .setName("images")
                .setOpType("Reshape")
                .addInput(TestModels.INPUT)
                .addInput("sizes")
                .addOutput("images"));
    return finish(graph, "images", steps);
  }

  private static ModelProto finish(GraphProto.Builder graph, String x, List<Step> steps) {
    String logits = IntegerNetworkFunction.add(graph, "network", x, steps);
    ValueInfoProto output = OnnxProtos.value(logits, DataType.FLOAT, 0, CLASSES);
    GraphProto.Builder named = graph.addOutput(withoutSizes(output));
    for (int i = 0; i < named.getInputCount(); i++) {
      named.setInput(i, withoutSizes(named.getInput(i)));
    }
    return SubBitModels.ofGraph(named.build());
  }

  /** Dimensions of 0 stand for any size. */
  private static ValueInfoProto withoutSizes(ValueInfoProto value) {
    ValueInfoProto.Builder builder = value.toBuilder();
    var shape = builder.getTypeBuilder().getTensorTypeBuilder().getShapeBuilder();
    for (int i = 0; i < shape.getDimCount(); i++) {
      if (shape.getDim(i).getDimValue() == 0) {
        shape.getDimBuilder(i).setDimParam("d" + i);
      }
    }
    return builder.build();
  }
}
