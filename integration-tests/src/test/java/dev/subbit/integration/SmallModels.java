package dev.subbit.integration;

import ai.onnx.proto.OnnxMl.GraphProto;
import ai.onnx.proto.OnnxMl.ModelProto;
import ai.onnx.proto.OnnxMl.NodeProto;
import ai.onnx.proto.OnnxMl.TensorProto;
import ai.onnx.proto.OnnxMl.ValueInfoProto;
import ai.onnxruntime.OnnxJavaType;
import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import dev.subbit.onnx.Codebook;
import dev.subbit.onnx.CodedWeights;
import dev.subbit.onnx.ConvAttributes;
import dev.subbit.onnx.IntegerLayer;
import dev.subbit.onnx.IntegerNodes;
import dev.subbit.onnx.OnnxProtos;
import dev.subbit.onnx.PackedConvWeights;
import dev.subbit.onnx.PackedSignNodes;
import dev.subbit.onnx.PackedSignNodes.BlockParameters;
import dev.subbit.onnx.PackedSignNodes.PackedOutputs;
import dev.subbit.onnx.SubBitModels;
import dev.subbit.onnx.SubBitNodes;
import dev.subbit.onnx.SubBitNodes.Quantized;
import dev.subbit.onnx.SubBitOperator;
import dev.subbit.onnx.WeightsFunction;
import dev.subbit.onnx.WholeWeights;
import java.nio.ByteBuffer;
import java.nio.FloatBuffer;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;

/**
 * Models with a single node {@code conv} of a sub-bit operator, as the exporter would write them.
 * Their input is {@code x}. If the operator takes packed signs, a {@code PackSigns} node computes
 * them from {@code x}; a residual is also {@code x}. A layer of an integer network has a stem
 * before it and a classifier after it, which computes the output.
 */
final class SmallModels {

  private static final float QUANTIZED_SCALE = 0.05f;
  private static final int CLASSES = 10;

  private SmallModels() {}

  /**
   * Creates a model with a bias, one pixel of padding and stride 1.
   *
   * @param channels input and output channels.
   * @param size rows and columns of the image.
   */
  static ModelProto of(SubBitOperator operator, int tau, int channels, int size) {
    PackedConvWeights weights = weights(tau, channels, tau);
    ConvAttributes same = ConvAttributes.of(1, 1);
    TensorProto.DataType type = elementType(operator);
    GraphProto.Builder graph =
        GraphProto.newBuilder()
            .setName("small")
            .addInput(OnnxProtos.value("x", type, 1, channels, size, size));
    TensorProto.DataType packedType = TensorProto.DataType.UINT8;
    int packedChannels = (channels + 7) / 8;
    ValueInfoProto output = OnnxProtos.value("conv", type, 1, channels, size, size);
    ValueInfoProto signs =
        OnnxProtos.value(
            PackedSignNodes.signsOf("conv"), packedType, 1, packedChannels, size, size);
    float[] bias = new float[channels];
    for (int o = 0; o < channels; o++) {
      bias[o] = 0.25f * o;
    }
    switch (operator) {
      case SUB_BIT_CONV -> {
        SubBitNodes.conv(graph, "conv", "x", weights, same, bias);
        graph.addOutput(output);
      }
      case STAGED_SUB_BIT_CONV -> {
        CodedWeights sum = CodedWeights.of(List.of(weights, weights(tau, channels, tau + 1)));
        SubBitNodes.stagedConv(graph, "conv", "x", sum, same, bias);
        graph.addOutput(output);
      }
      case BINARY_SUB_BIT_CONV -> {
        SubBitNodes.binaryConv(graph, "conv", "x", weights, same, bias);
        graph.addOutput(output);
      }
      case PACK_SIGNS -> {
        PackedSignNodes.packSigns(graph, "conv", "x", bias);
        graph.addOutput(OnnxProtos.value("conv", packedType, 1, packedChannels, size, size));
      }
      case PACKED_BINARY_SUB_BIT_CONV -> {
        PackedSignNodes.packSigns(graph, "first_signs", "x", new float[channels]);
        PackedSignNodes.packedBinaryConv(
            graph, "conv", "first_signs", weights, same, bias, PackedOutputs.SIGNS);
        graph.addOutput(signs);
      }
      case BINARY_SUB_BIT_BLOCK -> {
        PackedSignNodes.packSigns(graph, "first_signs", "x", new float[channels]);
        PackedSignNodes.block(
            graph,
            "conv",
            "first_signs",
            weights,
            same,
            "x",
            new BlockParameters(bias, bias, bias, bias, bias),
            PackedOutputs.VALUES_AND_SIGNS);
        graph.addOutput(output).addOutput(signs);
      }
      case Q_LINEAR_SUB_BIT_BLOCK -> {
        addRanges(graph, channels);
        Quantized x = new Quantized("x", "x_scale", "x_zero_point");
        SubBitNodes.qLinearBlock(
            graph, "conv", x, weights, same, new int[channels], x, "y_scale", "y_zero_point");
        graph.addOutput(output);
      }
      case Q_LINEAR_SUB_BIT_CONV -> {
        addRanges(graph, channels);
        SubBitNodes.qLinearConv(
            graph,
            "conv",
            "x",
            "x_scale",
            "x_zero_point",
            weights,
            same,
            "y_scale",
            "y_zero_point",
            new int[channels]);
        graph.addOutput(output);
      }
      default -> addIntegerLayers(graph, operator, weights);
    }
    return SubBitModels.ofGraph(graph.build());
  }

  /** Adds a stem and a classifier, and the layer between them, if it is neither. */
  private static void addIntegerLayers(
      GraphProto.Builder graph, SubBitOperator operator, PackedConvWeights weights) {
    int channels = weights.outChannels();
    Random random = new Random(channels);
    short[] factors = new short[channels];
    short[] summands = new short[channels];
    for (int o = 0; o < channels; o++) {
      factors[o] = (short) (8000 + 100 * o);
      summands[o] = (short) (random.nextInt(400) - 200);
    }
    IntegerLayer.Stem stem =
        new IntegerLayer.Stem(
            IntegerLayer.Window.square(3, 1, 1),
            smallWeights(random, channels * channels * Codebook.TAPS),
            new byte[channels],
            factors,
            summands,
            1,
            IntegerLayer.Window.NONE,
            16);
    String y =
        IntegerNodes.add(
            graph, operator == SubBitOperator.INTEGER_STEM ? "conv" : "stem", "x", stem);
    switch (operator) {
      case INTEGER_SUB_BIT_CONV ->
          y =
              IntegerNodes.add(
                  graph,
                  "conv",
                  y,
                  new IntegerLayer.Conv(
                      weights,
                      1,
                      summands,
                      factors,
                      summands,
                      3,
                      IntegerLayer.Window.square(2, 2, 0),
                      16));
      case INTEGER_SUB_BIT_BLOCK ->
          y =
              IntegerNodes.add(
                  graph,
                  "conv",
                  y,
                  y,
                  new IntegerLayer.Block(
                      weights, 1, summands, factors, summands, 3, factors, 0, summands, 16));
      case INTEGER_SHORTCUT ->
          y =
              IntegerNodes.add(
                  graph,
                  "conv",
                  y,
                  new IntegerLayer.Shortcut(
                      2, smallWeights(random, channels * channels), factors, summands, 4, 16));
      default -> {}
    }
    float[] scale = new float[CLASSES];
    Arrays.fill(scale, 0.01f);
    IntegerNodes.add(
        graph,
        operator == SubBitOperator.INTEGER_CLASSIFIER ? "conv" : "classifier",
        y,
        new IntegerLayer.Classifier(
            1, smallWeights(random, CLASSES * channels), scale, new float[CLASSES], 6));
    String logits = operator == SubBitOperator.INTEGER_CLASSIFIER ? "conv" : "classifier";
    graph.addOutput(OnnxProtos.value(logits, TensorProto.DataType.FLOAT, 1, CLASSES));
  }

  /**
   * Creates a model of two stages in 8 bits, which are one convolution.
   *
   * @param channels input and output channels.
   * @param size rows and columns of the image.
   */
  static ModelProto stagesInEightBits(int tau, int channels, int size) {
    TensorProto.DataType type = TensorProto.DataType.UINT8;
    GraphProto.Builder graph =
        GraphProto.newBuilder()
            .setName("small")
            .addInput(OnnxProtos.value("x", type, 1, channels, size, size))
            .addOutput(OnnxProtos.value("conv", type, 1, channels, size, size));
    addRanges(graph, channels);
    CodedWeights stages =
        CodedWeights.of(List.of(weights(tau, channels, tau), weights(tau, channels, tau + 1)));
    WeightsFunction.write(graph, "stages", stages);
    NodeProto scaled = graph.getNode(0);
    graph.clearNode();
    Random random = new Random(tau);
    float[] multiples = new float[2 * channels];
    float[] step = new float[channels];
    int[] bias = new int[channels];
    for (int o = 0; o < channels; o++) {
      multiples[o] = 20 + random.nextInt(20);
      multiples[channels + o] = random.nextInt(49) - 24;
      step[o] = 0.001f + 0.01f * random.nextFloat();
      bias[o] = random.nextInt(2001) - 1000;
    }
    String kernels = WholeWeights.write(graph, "whole", scaled, multiples, channels);
    graph
        .addInitializer(OnnxProtos.tensor("w_scale", step, channels))
        .addInitializer(OnnxProtos.tensor("w_zero_point", TensorProto.DataType.INT8, new byte[1]))
        .addInitializer(OnnxProtos.tensor("B", bias, channels))
        .addNode(
            NodeProto.newBuilder()
                .setName("conv")
                .setOpType("QLinearConv")
                .addAllInput(List.of("x", "x_scale", "x_zero_point", kernels, "w_scale"))
                .addAllInput(List.of("w_zero_point", "y_scale", "y_zero_point", "B"))
                .addOutput("conv")
                .addAttribute(OnnxProtos.attribute("kernel_shape", 3, 3))
                .addAttribute(OnnxProtos.attribute("pads", 1, 1, 1, 1)));
    return SubBitModels.ofGraph(graph.build());
  }

  /** Weights from -3 to 3, whose sums no operator refuses. */
  private static byte[] smallWeights(Random random, int count) {
    byte[] weights = new byte[count];
    for (int i = 0; i < count; i++) {
      weights[i] = (byte) (random.nextInt(7) - 3);
    }
    return weights;
  }

  private static void addRanges(GraphProto.Builder graph, int channels) {
    graph.addInitializer(scalar("x_scale", QUANTIZED_SCALE));
    graph.addInitializer(zeroPoint("x_zero_point", 7));
    graph.addInitializer(scalar("y_scale", QUANTIZED_SCALE * channels));
    graph.addInitializer(zeroPoint("y_zero_point", 128));
  }

  private static PackedConvWeights weights(int tau, int channels, int seed) {
    Random random = new Random(seed);
    int[] codewords = random.ints(0, 1 << Codebook.TAPS).distinct().limit(1L << tau).toArray();
    int[] indices = random.ints((long) channels * channels, 0, 1 << tau).toArray();
    float[] scale = new float[channels];
    for (int o = 0; o < channels; o++) {
      scale[o] = 0.01f + 0.1f * random.nextFloat();
    }
    return PackedConvWeights.pack(channels, new Codebook(tau, codewords), indices, scale);
  }

  /** Creates the input of a model, always with the same values. The caller closes the tensor. */
  static OnnxTensor input(SubBitOperator operator, int channels, int size) throws OrtException {
    long[] shape = {1, channels, size, size};
    int count = channels * size * size;
    Random random = new Random(1);
    OrtEnvironment environment = OrtEnvironment.getEnvironment();
    if (isQuantized(operator)) {
      byte[] values = new byte[count];
      random.nextBytes(values);
      return OnnxTensor.createTensor(
          environment, ByteBuffer.wrap(values), shape, OnnxJavaType.UINT8);
    }
    FloatBuffer values = FloatBuffer.allocate(count);
    boolean pixels = operator.opType().startsWith("Integer");
    IntStream.range(0, count)
        .forEach(i -> values.put(i, pixels ? random.nextInt(256) : random.nextFloat() - 0.5f));
    return OnnxTensor.createTensor(environment, values, shape);
  }

  /** Whether an operator convolves floats, which may be added in any order. */
  static boolean isReal(SubBitOperator operator) {
    return operator == SubBitOperator.SUB_BIT_CONV
        || operator == SubBitOperator.STAGED_SUB_BIT_CONV;
  }

  /** Whether an operator has 8-bit activations. */
  static boolean isQuantized(SubBitOperator operator) {
    return operator == SubBitOperator.Q_LINEAR_SUB_BIT_CONV
        || operator == SubBitOperator.Q_LINEAR_SUB_BIT_BLOCK;
  }

  private static TensorProto.DataType elementType(SubBitOperator operator) {
    return isQuantized(operator) ? TensorProto.DataType.UINT8 : TensorProto.DataType.FLOAT;
  }

  private static TensorProto scalar(String name, float value) {
    return OnnxProtos.tensor(name, new float[] {value});
  }

  private static TensorProto zeroPoint(String name, int value) {
    return OnnxProtos.tensor(name, TensorProto.DataType.UINT8, new byte[] {(byte) value});
  }
}
