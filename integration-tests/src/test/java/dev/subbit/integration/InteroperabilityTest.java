package dev.subbit.integration;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.onnx.proto.OnnxMl.ModelProto;
import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.TensorInfo;
import dev.subbit.onnx.Codebook;
import dev.subbit.onnx.PackedConvWeights;
import dev.subbit.onnx.SubBitOperator;
import dev.subbit.onnx.SubBitOps;
import dev.subbit.tribuo.export.OnnxExporter;
import dev.subbit.tribuo.network.ImageShape;
import dev.subbit.tribuo.network.InitialParameters;
import dev.subbit.tribuo.network.Layer;
import dev.subbit.tribuo.network.Network;
import dev.subbit.tribuo.network.Networks;
import dev.subbit.tribuo.network.TrainedNetwork;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Map;
import java.util.Random;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Models run in ONNX Runtime from other languages as they do from Java, without Subbit installed
 * there, and on its kernels where their library is registered. {@link OtherToolsTest} runs small
 * models in other tools, too.
 */
class InteroperabilityTest {

  private static final int TAU = 5;
  private static final int CHANNELS = 24;
  private static final int SIZE = 12;
  private static final float TOLERANCE = 1e-4f;

  @TempDir private Path folder;

  /** A model in a file, an input for it, and the output that Java computes. */
  private record Case(Path model, String type, String shape, Path input, byte[] expected) {}

  @ParameterizedTest
  @EnumSource
  void pythonRunsTheKernels(SubBitOperator operator) throws Exception {
    Case small = smallCase(operator, CHANNELS, SIZE);
    ForeignRuntime python = ForeignRuntime.python();
    python.run(folder, "check", small.model);
    Path withKernels = folder.resolve("output-with-kernels");
    python.run(
        folder,
        "run",
        small.model,
        small.type,
        small.shape,
        small.input,
        withKernels,
        SubBitOps.library());
    assertSame(operator, small.expected, Files.readAllBytes(withKernels));
  }

  @Test
  void kernelsMakeBinaryLayersFasterInPython() throws Exception {
    Case large = smallCase(SubBitOperator.BINARY_SUB_BIT_CONV, 128, 28);
    String ratio =
        ForeignRuntime.python()
            .run(
                folder,
                "speed",
                large.model,
                large.type,
                large.shape,
                large.input,
                SubBitOps.library());
    System.out.println(
        "Binary 128 -> 128 channels, 28x28, Python, one thread: kernels are "
            + ratio
            + " times as fast as the function body");
    assertTrue(Double.parseDouble(ratio) > 1, ratio);
  }

  @ParameterizedTest
  @EnumSource
  void exportedNetworksRunElsewhere(Layer.Activations activations) throws Exception {
    ImageShape shape = new ImageShape(1, 16, 16);
    ModelProto model =
        OnnxExporter.export(
            untrained(Networks.build("resnet20", shape, 10, Layer.Weights.SUB_BIT, activations)),
            IntStream.range(0, shape.size()).toArray());
    float[] pixels = new float[shape.size()];
    Random random = new Random(1);
    for (int i = 0; i < pixels.length; i++) {
      pixels[i] = random.nextInt(256);
    }
    Case network;
    try (OnnxTensor x =
        OnnxTensor.createTensor(
            ai.onnxruntime.OrtEnvironment.getEnvironment(), new float[][] {pixels})) {
      network = newCase(model, x);
    }

    Path output = folder.resolve("output");
    ForeignRuntime.node()
        .run(folder, "run", network.model, network.type, network.shape, network.input, output);
    assertSameProbabilities(activations, network.expected, Files.readAllBytes(output));

    ForeignRuntime python = ForeignRuntime.python();
    python.run(folder, "check", network.model);
    python.run(folder, "run", network.model, network.type, network.shape, network.input, output);
    assertSameProbabilities(activations, network.expected, Files.readAllBytes(output));
  }

  /** An untrained network, with random weights and a random codebook in each layer. */
  private static TrainedNetwork untrained(Network network) {
    Map<String, float[]> floats =
        new TreeMap<>(InitialParameters.draw(network, new SplittableRandom(1)));
    Map<String, PackedConvWeights> packed = new TreeMap<>();
    Random random = new Random(1);
    for (Network.Node node : network.nodes()) {
      if (node.layer() instanceof Layer.Conv conv && conv.weights() == Layer.Weights.SUB_BIT) {
        int[] codewords = random.ints(0, 1 << Codebook.TAPS).distinct().limit(1 << TAU).toArray();
        int[] indices = random.ints((long) conv.out() * conv.in(), 0, 1 << TAU).toArray();
        float[] scale = new float[conv.out()];
        Arrays.fill(scale, 0.05f);
        packed.put(
            node.name(),
            PackedConvWeights.pack(conv.in(), new Codebook(TAU, codewords), indices, scale));
        floats.remove(node.name() + "/weight");
      }
    }
    return new TrainedNetwork(network, floats, packed, Map.of());
  }

  private Case smallCase(SubBitOperator operator, int channels, int size) throws Exception {
    try (OnnxTensor x = SmallModels.input(operator, channels, size)) {
      return newCase(SmallModels.of(operator, TAU, channels, size), x);
    }
  }

  private Case newCase(ModelProto model, OnnxTensor x) throws Exception {
    TensorInfo info = x.getInfo();
    ByteBuffer values = x.getByteBuffer();
    byte[] input = new byte[values.remaining()];
    values.get(input);
    return new Case(
        Files.write(folder.resolve("model.onnx"), model.toByteArray()),
        info.type == ai.onnxruntime.OnnxJavaType.FLOAT ? "float32" : "uint8",
        Arrays.stream(info.getShape()).mapToObj(Long::toString).collect(Collectors.joining("x")),
        Files.write(folder.resolve("input"), input),
        ToolCases.run(model, x));
  }

  private static void assertSame(SubBitOperator operator, byte[] expected, byte[] actual) {
    if (SmallModels.isReal(operator)) {
      assertArrayEquals(floats(expected), floats(actual), TOLERANCE);
    } else {
      assertArrayEquals(expected, actual);
    }
  }

  /**
   * Another version of ONNX Runtime may round a float layer differently. With binary activations
   * this can flip a sign, and so change any value after it.
   */
  private static void assertSameProbabilities(
      Layer.Activations activations, byte[] expected, byte[] actual) {
    float[] probabilities = floats(actual);
    assertEquals(10, probabilities.length);
    double sum = IntStream.range(0, 10).mapToDouble(i -> probabilities[i]).sum();
    assertEquals(1, sum, TOLERANCE);
    if (activations == Layer.Activations.REAL) {
      assertArrayEquals(floats(expected), probabilities, TOLERANCE);
    }
  }

  private static float[] floats(byte[] bytes) {
    float[] floats = new float[bytes.length / Float.BYTES];
    ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).asFloatBuffer().get(floats);
    return floats;
  }
}
