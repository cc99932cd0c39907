package dev.subbit.cli.bench;

import ai.onnx.proto.OnnxMl.ModelProto;
import ai.onnxruntime.OrtException;
import dev.subbit.onnx.PackedConvWeights;
import dev.subbit.tribuo.export.FractionBits;
import dev.subbit.tribuo.export.OnnxExporter;
import dev.subbit.tribuo.network.ImageShape;
import dev.subbit.tribuo.network.InitialParameters;
import dev.subbit.tribuo.network.IntegerForm;
import dev.subbit.tribuo.network.Layer;
import dev.subbit.tribuo.network.Network;
import dev.subbit.tribuo.network.Networks;
import dev.subbit.tribuo.network.TrainedNetwork;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.SplittableRandom;

/**
 * A whole network to measure, with random weights.
 *
 * @param name the name that users give.
 * @param architecture its name in {@link Networks}.
 * @param images shape of its images.
 * @param classes number of its classes.
 */
record BenchNetwork(String name, String architecture, ImageShape images, int classes) {

  /** ResNet-18 for ImageNet. */
  static final BenchNetwork RESNET18 =
      new BenchNetwork("resnet18", "resnet18", new ImageShape(3, 224, 224), 1000);

  /** ResNet-20 for CIFAR-10. */
  static final BenchNetwork RESNET20 =
      new BenchNetwork("resnet20", "resnet20", new ImageShape(3, 32, 32), 10);

  /** All that users can choose. */
  static final List<BenchNetwork> ALL =
      List.of(
          RESNET18,
          new BenchNetwork("resnet34", "resnet34", new ImageShape(3, 224, 224), 1000),
          RESNET20,
          new BenchNetwork("resnet20-28", "resnet20", new ImageShape(1, 28, 28), 10),
          new BenchNetwork("vgg-small", "vgg-small", new ImageShape(3, 32, 32), 10));

  /** The names of those that are measured if users choose none. */
  static final String DEFAULTS = "resnet18,resnet20";

  /** What the option says that chooses networks. */
  static final String CHOICE =
      "resnet18, resnet34 (224x224 pixels), resnet20 (32x32 pixels), resnet20-28 (28x28 grey"
          + " pixels), vgg-small (32x32 pixels). Default: ${DEFAULT-VALUE}.";

  private static final long SEED = 5;
  private static final float LOGIT_SCALE = 1f / 64;
  private static final int WIDTH = 16;

  /**
   * The name that users see.
   *
   * @return its architecture and the size of its images, such as {@code resnet18 224x224}.
   */
  String label() {
    return architecture + " " + images.height() + "x" + images.width();
  }

  /**
   * The network with binary activations, with float values between its convolutions and in integers
   * throughout, beside its twins: the network of the same name with float weights and real
   * activations, once in float and once in 8 bits.
   *
   * @return all that is measured.
   * @throws OrtException if ONNX Runtime cannot run the float network.
   */
  Contest contest() throws OrtException {
    ModelProto fp32 = inFloats();
    return new Contest(
        label(),
        name,
        1,
        fp32,
        Int8Twin.of(fp32),
        List.of(
            new Contest.Form("binary", null, this::inBinary),
            new Contest.Form("integer", "binary", this::inIntegers)));
  }

  /**
   * The network in floats: real activations, ReLUs, batch normalisation folded.
   *
   * @return a model of standard operators.
   */
  ModelProto inFloats() {
    Network network =
        Networks.build(architecture, images, classes, Layer.Weights.FLOAT, Layer.Activations.REAL);
    Map<String, float[]> floats =
        new HashMap<>(InitialParameters.draw(network, new SplittableRandom(SEED)));
    // Large logits make one class certain, and then the outputs of any other network look equal.
    float[] weights = floats.get(network.output().name() + "/weight");
    for (int i = 0; i < weights.length; i++) {
      weights[i] *= LOGIT_SCALE;
    }
    return OnnxExporter.export(
        new TrainedNetwork(network, floats, Map.of(), Map.of()), everyPixel());
  }

  /**
   * The network with sub-bit weights and binary activations, which is ReActNet's form of a residual
   * one; values between its convolutions are floats.
   *
   * @param tau bits of an index, 1 to 9.
   * @return the model, as an export writes it.
   */
  ModelProto inBinary(int tau) {
    return OnnxExporter.export(binary(tau), everyPixel());
  }

  /**
   * The same network in integers from pixels to logits, as one node.
   *
   * @param tau bits of an index, 1 to 9.
   * @return the model, as an export writes it.
   * @throws OrtException if ONNX Runtime cannot run the binary network, whose values say how many
   *     fraction bits the integers have.
   */
  ModelProto inIntegers(int tau) throws OrtException {
    return OnnxExporter.export(integer(tau), everyPixel());
  }

  /**
   * The network of {@link #inIntegers} with one node per layer.
   *
   * @param tau bits of an index, 1 to 9.
   * @return the model.
   * @throws OrtException as {@link #inIntegers}.
   */
  ModelProto inIntegersByLayer(int tau) throws OrtException {
    return OnnxExporter.exportByLayer(integer(tau), everyPixel());
  }

  /**
   * The network of {@link #inIntegers} up to its logits, without the probabilities, which are
   * floats.
   *
   * @param tau bits of an index, 1 to 9.
   * @return the model.
   * @throws OrtException as {@link #inIntegers}.
   */
  ModelProto inIntegersToLogits(int tau) throws OrtException {
    TrainedNetwork integer = integer(tau);
    return OnnxExporter.exportValues(
        integer, everyPixel(), List.of(integer.network().output().name()));
  }

  private TrainedNetwork integer(int tau) throws OrtException {
    TrainedNetwork binary = binary(tau);
    List<String> nodes = FractionBits.nodes(binary.network());
    Map<String, ModelValues.Range> ranges =
        ModelValues.of(
            OnnxExporter.exportValues(binary, everyPixel(), nodes),
            nodes.stream().map(OnnxExporter::valueName).toList(),
            ModelValues.Range::of);
    Map<String, Float> peaks = new HashMap<>();
    nodes.forEach(node -> peaks.put(node, ranges.get(OnnxExporter.valueName(node)).peak()));
    return binary.withIntegers(new IntegerForm(WIDTH, FractionBits.choose(binary, peaks, WIDTH)));
  }

  private TrainedNetwork binary(int tau) {
    Network network =
        Networks.build(
            architecture, images, classes, Layer.Weights.SUB_BIT, Layer.Activations.BINARY);
    Map<String, float[]> floats =
        new HashMap<>(InitialParameters.draw(network, new SplittableRandom(SEED)));
    Map<String, PackedConvWeights> packed = new HashMap<>();
    Random random = new Random(SEED);
    for (Network.Node node : network.nodes()) {
      if (node.layer() instanceof Layer.Conv conv && conv.weights() == Layer.Weights.SUB_BIT) {
        floats.remove(node.name() + "/weight");
        packed.put(node.name(), RandomWeights.draw(conv.in(), conv.out(), tau, random));
      }
    }
    return new TrainedNetwork(network, floats, packed, Map.of());
  }

  private int[] everyPixel() {
    int[] everyPixel = new int[images.size()];
    Arrays.setAll(everyPixel, pixel -> pixel);
    return everyPixel;
  }
}
