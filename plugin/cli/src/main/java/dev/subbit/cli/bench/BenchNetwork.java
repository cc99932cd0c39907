package dev.subbit.cli.bench;

import ai.onnx.proto.OnnxMl.ModelProto;
import ai.onnxruntime.OrtException;
import dev.subbit.onnx.PackedConvWeights;
import dev.subbit.tribuo.export.OnnxExporter;
import dev.subbit.tribuo.network.ImageShape;
import dev.subbit.tribuo.network.InitialParameters;
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
 * @param name its name in {@link Networks}.
 * @param images shape of its images.
 * @param classes number of its classes.
 */
public record BenchNetwork(String name, ImageShape images, int classes) {

  /** ResNet-18 for ImageNet and ResNet-20 for CIFAR-10. */
  public static final List<BenchNetwork> ALL =
      List.of(
          new BenchNetwork("resnet18", new ImageShape(3, 224, 224), 1000),
          new BenchNetwork("resnet20", new ImageShape(3, 32, 32), 10));

  private static final long SEED = 5;
  private static final float LOGIT_SCALE = 1f / 64;

  /**
   * The name that users give and see.
   *
   * @return its name and the size of its images, such as {@code resnet18 224x224}.
   */
  public String label() {
    return name + " " + images.height() + "x" + images.width();
  }

  /**
   * The network with binary activations beside its twins: the network of the same name with float
   * weights and real activations, once in float and once in 8 bits.
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
        List.of(new Contest.Form("binary", null, tau -> inSubBit(Layer.Activations.BINARY, tau))));
  }

  /**
   * The network in floats: real activations, ReLUs, batch normalisation folded.
   *
   * @return a model of standard operators.
   */
  ModelProto inFloats() {
    Network network =
        Networks.build(name, images, classes, Layer.Weights.FLOAT, Layer.Activations.REAL);
    Map<String, float[]> floats =
        new HashMap<>(InitialParameters.draw(network, new SplittableRandom(SEED)));
    // Large logits make one class certain, and then the outputs of any other network look equal.
    float[] weights = floats.get(network.output().name() + "/weight");
    for (int i = 0; i < weights.length; i++) {
      weights[i] *= LOGIT_SCALE;
    }
    return export(new TrainedNetwork(network, floats, Map.of(), Map.of()));
  }

  /**
   * The network with sub-bit weights.
   *
   * @param activations binary ones (then it is ReActNet's form of it) or real ones.
   * @param tau bits of an index, 1 to 9.
   * @return the model, as an export writes it.
   */
  ModelProto inSubBit(Layer.Activations activations, int tau) {
    Network network = Networks.build(name, images, classes, Layer.Weights.SUB_BIT, activations);
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
    return export(new TrainedNetwork(network, floats, packed, Map.of()));
  }

  private ModelProto export(TrainedNetwork trained) {
    int[] everyPixel = new int[images.size()];
    Arrays.setAll(everyPixel, pixel -> pixel);
    return OnnxExporter.export(trained, everyPixel);
  }
}
