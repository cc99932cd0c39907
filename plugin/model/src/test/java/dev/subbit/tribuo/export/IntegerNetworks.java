package dev.subbit.tribuo.export;

import dev.subbit.onnx.PackedConvWeights;
import dev.subbit.tribuo.network.ImageShape;
import dev.subbit.tribuo.network.IntegerForm;
import dev.subbit.tribuo.network.Layer;
import dev.subbit.tribuo.network.Network;
import dev.subbit.tribuo.network.NetworkShapes;
import dev.subbit.tribuo.network.Networks;
import dev.subbit.tribuo.network.RandomNetworks;
import dev.subbit.tribuo.network.ReferenceForward;
import dev.subbit.tribuo.network.TrainedNetwork;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;

/** Random binary networks that run in integers. */
final class IntegerNetworks {

  static final int CLASSES = 4;

  private IntegerNetworks() {}

  /** A named network with random parameters. */
  static TrainedNetwork named(String name, ImageShape shape, int width, long seed) {
    return quantized(build(name, shape, CLASSES), width, seed);
  }

  /** A named network of binary activations. */
  static Network build(String name, ImageShape shape, int classes) {
    return Networks.build(name, shape, classes, Layer.Weights.SUB_BIT, Layer.Activations.BINARY);
  }

  /** A random network of residual blocks, or of plain convolutions with pools. */
  static Network anyNetwork(Random random) {
    List<Network.Node> nodes = new ArrayList<>();
    ImageShape shape =
        new ImageShape(1 + random.nextInt(3), 5 + random.nextInt(9), 5 + random.nextInt(9));
    add(nodes, "image", new Layer.Input());
    String x = "image";
    if (random.nextBoolean()) {
      x = add(nodes, "normalize", new Layer.Normalize(2f / 255, -1), x);
    } else {
      x = add(nodes, "normalize", new Layer.Normalize(1f / 255, 0), x);
    }
    int channels = 1 + random.nextInt(20);
    int kernel = List.of(1, 3, 7).get(random.nextInt(3));
    x =
        add(
            nodes,
            "stem",
            new Layer.Conv(
                shape.channels(),
                channels,
                kernel,
                1 + random.nextInt(2),
                Layer.Weights.FLOAT,
                Layer.Activations.REAL),
            x);
    x = random.nextInt(4) == 0 ? x : add(nodes, "norm", new Layer.BatchNorm(channels), x);
    x = random.nextBoolean() ? x : add(nodes, "pool", new Layer.MaxPool(2 + random.nextInt(2)), x);
    boolean residual = random.nextBoolean();
    for (int i = 0; i < 3; i++) {
      int out = random.nextBoolean() ? channels : 1 + random.nextInt(20);
      x =
          residual
              ? addBlock(nodes, "b" + i, x, channels, out, random)
              : addConv(nodes, "c" + i, x, channels, out, random);
      channels = out;
    }
    if (random.nextBoolean()) {
      x = add(nodes, "mean", new Layer.GlobalAveragePool(), x);
      add(nodes, "logits", new Layer.Dense(channels, CLASSES), x);
    } else {
      // The shapes of the maps are known as soon as there is a classifier of any size.
      List<Network.Node> probe = new ArrayList<>(nodes);
      add(probe, "mean", new Layer.GlobalAveragePool(), x);
      add(probe, "logits", new Layer.Dense(channels, CLASSES), "mean");
      long features = NetworkShapes.of(new Network("probe", shape, CLASSES, probe)).get(x).size();
      x = add(nodes, "flat", new Layer.Flatten(), x);
      add(nodes, "logits", new Layer.Dense((int) features, CLASSES), x);
    }
    return new Network("random", shape, CLASSES, nodes);
  }

  private static String addConv(
      List<Network.Node> nodes, String name, String input, int in, int out, Random random) {
    String x = random.nextBoolean() ? input : add(nodes, name + ".t", new Layer.Shift(in), input);
    x = add(nodes, name + ".conv", binary(in, out, 1 + random.nextInt(2)), x);
    x =
        random.nextBoolean()
            ? x
            : add(nodes, name + ".pool", new Layer.MaxPool(2 + random.nextInt(2)), x);
    return random.nextInt(4) == 0 ? x : add(nodes, name + ".bn", new Layer.BatchNorm(out), x);
  }

  private static String addBlock(
      List<Network.Node> nodes, String name, String input, int in, int out, Random random) {
    boolean halves = random.nextBoolean();
    String x = random.nextBoolean() ? input : add(nodes, name + ".t", new Layer.Shift(in), input);
    x = add(nodes, name + ".conv", binary(in, out, halves ? 2 : 1), x);
    x = random.nextBoolean() ? x : add(nodes, name + ".bn", new Layer.BatchNorm(out), x);
    String residual = input;
    if (halves || in != out) {
      residual =
          halves ? add(nodes, name + ".average", new Layer.AveragePool(), residual) : residual;
      residual =
          add(
              nodes,
              name + ".1x1",
              new Layer.Conv(in, out, 1, 1, Layer.Weights.FLOAT, Layer.Activations.REAL),
              residual);
      residual = add(nodes, name + ".bn2", new Layer.BatchNorm(out), residual);
    }
    x = add(nodes, name + ".add", new Layer.Add(), x, residual);
    x = add(nodes, name + ".before", new Layer.Shift(out), x);
    x = add(nodes, name + ".prelu", new Layer.PRelu(out), x);
    return add(nodes, name + ".after", new Layer.Shift(out), x);
  }

  private static Layer.Conv binary(int in, int out, int stride) {
    return new Layer.Conv(in, out, 3, stride, Layer.Weights.SUB_BIT, Layer.Activations.BINARY);
  }

  private static String add(List<Network.Node> nodes, String name, Layer layer, String... inputs) {
    nodes.add(new Network.Node(name, layer, List.of(inputs)));
    return name;
  }

  /** A network with random parameters and as many fraction bits as fit. */
  static TrainedNetwork quantized(Network network, int width, long seed) {
    TrainedNetwork trained = weigh(network, seed);
    int bits = FractionBits.choose(trained, peaks(trained, seed), width);
    return trained.withIntegers(new IntegerForm(width, bits));
  }

  /** Random parameters; the scales of a convolution's weights are positive, as trained ones are. */
  static TrainedNetwork weigh(Network network, long seed) {
    TrainedNetwork random = RandomNetworks.weigh(network, 4, seed);
    Map<String, PackedConvWeights> packed = new HashMap<>();
    random
        .packed()
        .forEach(
            (node, weights) -> {
              float[] scale = weights.scale();
              for (int o = 0; o < scale.length; o++) {
                scale[o] = Math.abs(scale[o]);
              }
              packed.put(node, weights.withScale(scale));
            });
    return new TrainedNetwork(network, random.floats(), packed, Map.of());
  }

  /**
   * Twice the largest magnitudes of a network's nodes on a few images, so that nothing is clipped
   * on others.
   */
  static Map<String, Float> peaks(TrainedNetwork trained, long seed) {
    Random random = new Random(seed);
    Map<String, Float> peaks = new HashMap<>();
    for (int i = 0; i < 3; i++) {
      float[] image = RandomNetworks.image(trained.network().input(), random);
      new ReferenceForward(trained)
          .run(image)
          .forEach(
              (node, values) -> {
                for (float value : values) {
                  peaks.merge(node, 2 * Math.abs(value), Math::max);
                }
              });
    }
    return peaks;
  }

  /** The same network in floats. */
  static TrainedNetwork inFloats(TrainedNetwork trained) {
    return new TrainedNetwork(trained.network(), trained.floats(), trained.packed(), Map.of());
  }

  static float[] logits(TrainedNetwork trained, Map<String, float[]> values) {
    return values.get(
        List.copyOf(trained.network().nodes()).get(trained.network().nodes().size() - 1).name());
  }
}
