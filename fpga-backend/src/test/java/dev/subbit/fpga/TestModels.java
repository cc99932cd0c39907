package dev.subbit.fpga;

import ai.onnx.proto.OnnxMl.AttributeProto;
import ai.onnx.proto.OnnxMl.GraphProto;
import ai.onnx.proto.OnnxMl.ModelProto;
import ai.onnx.proto.OnnxMl.NodeProto;
import ai.onnx.proto.OnnxMl.TensorProto;
import ai.onnx.proto.OnnxMl.TensorProto.DataType;
import ai.onnx.proto.OnnxMl.TensorShapeProto;
import ai.onnx.proto.OnnxMl.TypeProto;
import ai.onnx.proto.OnnxMl.ValueInfoProto;
import com.google.protobuf.ByteString;
import dev.subbit.onnx.Codebook;
import dev.subbit.onnx.ConvAttributes;
import dev.subbit.onnx.PackedConvWeights;
import dev.subbit.onnx.PackedSignNodes;
import dev.subbit.onnx.SubBitModels;
import dev.subbit.onnx.SubBitNodes;
import java.util.Random;
import java.util.stream.IntStream;

/** Small models that consist only of sub-bit convolutions with random weights. */
final class TestModels {

  static final String INPUT = "x";

  private TestModels() {}

  /** Creates random packed weights with scales of both signs. */
  static PackedConvWeights weights(int outChannels, int inChannels, int tau, Random random) {
    int[] all = IntStream.range(0, 512).toArray();
    for (int i = 511; i > 0; i--) {
      int j = random.nextInt(i + 1);
      int swapped = all[i];
      all[i] = all[j];
      all[j] = swapped;
    }
    Codebook codebook = new Codebook(tau, IntStream.range(0, 1 << tau).map(i -> all[i]).toArray());
    int[] indices =
        IntStream.range(0, outChannels * inChannels).map(i -> random.nextInt(1 << tau)).toArray();
    float[] scale = new float[outChannels];
    for (int o = 0; o < outChannels; o++) {
      scale[o] = (0.5f + random.nextFloat()) * (random.nextInt(4) == 0 ? -0.01f : 0.01f);
    }
    return PackedConvWeights.pack(inChannels, codebook, indices, scale);
  }

  /** Three QLinearSubBitConv nodes in a row: 3 to 8 to 80 to 6 channels. */
  static ModelProto qLinear(boolean signed, int tau, long seed) {
    Random random = new Random(seed);
    GraphProto.Builder graph = GraphProto.newBuilder().setName("qlinear");
    DataType type = signed ? DataType.INT8 : DataType.UINT8;
    float[] scales = {0.02f, 0.031f, 0.043f, 0.05f};
    for (int i = 0; i < 4; i++) {
      addScalars(graph, type, i, scales[i], signed ? 3 * i - 4 : 120 + i);
    }
    int[] channels = {3, 8, 80, 6};
    ConvAttributes[] attributes = {
      ConvAttributes.of(1, 1),
      ConvAttributes.of(2, 1),
      new ConvAttributes(1, 2, 0, 2, 1, 0, 2, 1, 2)
    };
    String value = INPUT;
    for (int i = 0; i < 3; i++) {
      int outChannels = channels[i + 1];
      int[] bias = random.ints(outChannels, -300, 300).toArray();
      value =
          SubBitNodes.qLinearConv(
              graph,
              "q" + i,
              value,
              "scale" + i,
              "zero" + i,
              weights(outChannels, channels[i] / attributes[i].group(), tau, random),
              attributes[i],
              "scale" + (i + 1),
              "zero" + (i + 1),
              i == 1 ? null : bias);
    }
    return finish(graph, type, 3, value);
  }

  /** What a residual network has in addition to its two blocks. */
  enum Extra {
    NOTHING,
    /** The first block's result is a second output of the model. */
    SECOND_OUTPUT,
    /** Max pooling lies between the first block and the convolution of the second. */
    POOLING_BETWEEN
  }

  /**
   * A stem of 3 to 12 channels and two blocks, each of a QLinearSubBitConv and a
   * QLinearSubBitBlock; the residuals are the results of the stem and of the first block.
   */
  static ModelProto residual(boolean signed, int tau, long seed, Extra extra) {
    Random random = new Random(seed);
    GraphProto.Builder graph = GraphProto.newBuilder().setName("residual");
    DataType type = signed ? DataType.INT8 : DataType.UINT8;
    float[] scales = {0.02f, 0.031f, 0.043f};
    for (int i = 0; i < scales.length; i++) {
      addScalars(graph, type, i, scales[i], signed ? 5 * i - 7 : 110 + 5 * i);
    }
    String stem = conv(graph, "stem", INPUT, 0, weights(12, 3, tau, random), 1);
    String inner = conv(graph, "inner", stem, 1, weights(12, 12, tau, random), 2);
    String first = block(graph, "first", inner, stem, 2, weights(12, 12, tau, random), 1, random);
    String between = first;
    if (extra == Extra.POOLING_BETWEEN) {
      between = "pooled";
      graph.addNode(
          NodeProto.newBuilder()
              .setName(between)
              .setOpType("MaxPool")
              .addInput(first)
              .addOutput(between)
              .addAttribute(ints("kernel_shape", 3, 3))
              .addAttribute(ints("pads", 1, 1, 1, 1)));
    }
    String second = conv(graph, "second", between, 1, weights(12, 12, tau, random), 2);
    String last = block(graph, "last", second, first, 2, weights(12, 12, tau, random), 1, random);
    ModelProto model = finish(graph, type, 3, last);
    if (extra != Extra.SECOND_OUTPUT) {
      return model;
    }
    ModelProto.Builder builder = model.toBuilder();
    builder
        .getGraphBuilder()
        .addOutput(ValueInfoProto.newBuilder().setName(first).setType(tensor(type)));
    return builder.build();
  }

  private static AttributeProto ints(String name, long... values) {
    AttributeProto.Builder attribute =
        AttributeProto.newBuilder().setName(name).setType(AttributeProto.AttributeType.INTS);
    for (long value : values) {
      attribute.addInts(value);
    }
    return attribute.build();
  }

  /** Adds a convolution without bias from the range {@code from} to the range {@code to}. */
  private static String conv(
      GraphProto.Builder graph,
      String name,
      String x,
      int from,
      PackedConvWeights weights,
      int to) {
    return SubBitNodes.qLinearConv(
        graph,
        name,
        x,
        "scale" + from,
        "zero" + from,
        weights,
        ConvAttributes.of(1, 1),
        "scale" + to,
        "zero" + to,
        null);
  }

  /** Adds a block whose input has the range {@code from} and whose residual has the output's. */
  private static String block(
      GraphProto.Builder graph,
      String name,
      String x,
      String residual,
      int from,
      PackedConvWeights weights,
      int to,
      Random random) {
    return SubBitNodes.qLinearBlock(
        graph,
        name,
        new SubBitNodes.Quantized(x, "scale" + from, "zero" + from),
        weights,
        ConvAttributes.of(1, 1),
        random.ints(12, -300, 300).toArray(),
        new SubBitNodes.Quantized(residual, "scale" + to, "zero" + to),
        "scale" + to,
        "zero" + to);
  }

  private static void addScalars(
      GraphProto.Builder graph, DataType type, int number, float scale, int zeroPoint) {
    graph.addInitializer(
        TensorProto.newBuilder()
            .setName("scale" + number)
            .setDataType(DataType.FLOAT.getNumber())
            .addFloatData(scale));
    graph.addInitializer(
        TensorProto.newBuilder()
            .setName("zero" + number)
            .setDataType(type.getNumber())
            .setRawData(ByteString.copyFrom(new byte[] {(byte) zeroPoint})));
  }

  /** Three BinarySubBitConv nodes in a row: 3 to 8 to 40 to 5 channels. */
  static ModelProto binary(int tau, long seed) {
    Random random = new Random(seed);
    GraphProto.Builder graph = GraphProto.newBuilder().setName("binary");
    int[] channels = {3, 8, 40, 5};
    String value = INPUT;
    for (int i = 0; i < 3; i++) {
      float[] bias = new float[channels[i + 1]];
      for (int o = 0; o < bias.length; o++) {
        bias[o] = random.nextFloat() - 0.5f;
      }
      value =
          SubBitNodes.binaryConv(
              graph,
              "b" + i,
              value,
              weights(channels[i + 1], channels[i], tau, random),
              ConvAttributes.of(i == 1 ? 2 : 1, 1),
              i == 0 ? null : bias);
    }
    return finish(graph, DataType.FLOAT, 3, value);
  }

  /**
   * Two blocks in a row, 16 to 16 to 16 channels. The residual of the first is the model's input,
   * that of the second is the result of the first.
   */
  static ModelProto blocks(int tau, long seed) {
    Random random = new Random(seed);
    GraphProto.Builder graph = GraphProto.newBuilder().setName("blocks");
    PackedSignNodes.packSigns(graph, "signs", INPUT, values(random));
    String signs = "signs";
    String residual = INPUT;
    for (int i = 0; i < 2; i++) {
      String name = "block" + i;
      PackedSignNodes.block(
          graph,
          name,
          signs,
          weights(16, 16, tau, random),
          ConvAttributes.of(1, 1),
          residual,
          new PackedSignNodes.BlockParameters(
              values(random), values(random), values(random), values(random), values(random)),
          i == 0
              ? PackedSignNodes.PackedOutputs.VALUES_AND_SIGNS
              : PackedSignNodes.PackedOutputs.VALUES);
      signs = PackedSignNodes.signsOf(name);
      residual = name;
    }
    return finish(graph, DataType.FLOAT, 16, residual);
  }

  /**
   * Three PackedBinarySubBitConv nodes in a row that start from packed signs: 20 to 12 to 34 to 6
   * channels.
   *
   * @param second the outputs of the second node, whose signs the third reads.
   * @param last the outputs of the third node: values or signs.
   */
  static ModelProto packed(
      int tau,
      long seed,
      PackedSignNodes.PackedOutputs second,
      PackedSignNodes.PackedOutputs last) {
    Random random = new Random(seed);
    GraphProto.Builder graph = GraphProto.newBuilder().setName("packed");
    int[] channels = {20, 12, 34, 6};
    PackedSignNodes.PackedOutputs[] outputs = {PackedSignNodes.PackedOutputs.SIGNS, second, last};
    String signs = INPUT;
    for (int i = 0; i < 3; i++) {
      String name = "p" + i;
      PackedSignNodes.packedBinaryConv(
          graph,
          name,
          signs,
          weights(channels[i + 1], channels[i], tau, random),
          ConvAttributes.of(i == 1 ? 2 : 1, 1),
          values(channels[i + 1], random),
          outputs[i]);
      signs = PackedSignNodes.signsOf(name);
    }
    return last == PackedSignNodes.PackedOutputs.VALUES
        ? finish(graph, DataType.UINT8, 3, "p2", DataType.FLOAT)
        : finish(graph, DataType.UINT8, 3, signs);
  }

  /**
   * As {@link #packed} with signs only; the first node's signs are a second output of the model.
   */
  static ModelProto packedWithSecondOutput(int tau, long seed) {
    PackedSignNodes.PackedOutputs signs = PackedSignNodes.PackedOutputs.SIGNS;
    ModelProto.Builder model = packed(tau, seed, signs, signs).toBuilder();
    String first = PackedSignNodes.signsOf("p0");
    model
        .getGraphBuilder()
        .addOutput(ValueInfoProto.newBuilder().setName(first).setType(tensor(DataType.UINT8)));
    return model.build();
  }

  /**
   * One node writes the signs of 10 channels, the next reads 12: two bytes per pixel in each case.
   */
  static ModelProto packedWithMoreChannelsRead(long seed) {
    Random random = new Random(seed);
    GraphProto.Builder graph = GraphProto.newBuilder().setName("packed");
    for (int i = 0; i < 2; i++) {
      PackedSignNodes.packedBinaryConv(
          graph,
          "p" + i,
          i == 0 ? INPUT : PackedSignNodes.signsOf("p0"),
          weights(i == 0 ? 10 : 6, i == 0 ? 20 : 12, 4, random),
          ConvAttributes.of(1, 1),
          values(i == 0 ? 10 : 6, random),
          PackedSignNodes.PackedOutputs.SIGNS);
    }
    return finish(graph, DataType.UINT8, 3, PackedSignNodes.signsOf("p1"));
  }

  private static float[] values(Random random) {
    return values(16, random);
  }

  private static float[] values(int count, Random random) {
    float[] values = new float[count];
    for (int i = 0; i < values.length; i++) {
      values[i] = random.nextFloat() - 0.5f;
    }
    return values;
  }

  private static ModelProto finish(
      GraphProto.Builder graph, DataType type, int channels, String output) {
    return finish(graph, type, channels, output, type);
  }

  private static ModelProto finish(
      GraphProto.Builder graph, DataType type, int channels, String output, DataType outputType) {
    graph.addInput(value(INPUT, type, channels));
    graph.addOutput(ValueInfoProto.newBuilder().setName(output).setType(tensor(outputType)));
    return SubBitModels.ofGraph(graph.build());
  }

  private static ValueInfoProto.Builder value(String name, DataType type, int channels) {
    TypeProto.Builder tensor = tensor(type);
    tensor
        .getTensorTypeBuilder()
        .setShape(
            TensorShapeProto.newBuilder()
                .addDim(TensorShapeProto.Dimension.newBuilder().setDimParam("batch"))
                .addDim(TensorShapeProto.Dimension.newBuilder().setDimValue(channels))
                .addDim(TensorShapeProto.Dimension.newBuilder().setDimParam("height"))
                .addDim(TensorShapeProto.Dimension.newBuilder().setDimParam("width")));
    return ValueInfoProto.newBuilder().setName(name).setType(tensor);
  }

  private static TypeProto.Builder tensor(DataType type) {
    return TypeProto.newBuilder()
        .setTensorType(TypeProto.Tensor.newBuilder().setElemType(type.getNumber()));
  }
}
