package dev.subbit.tribuo.export;

import dev.subbit.onnx.PackedConvWeights;
import dev.subbit.tribuo.network.ImageShape;
import dev.subbit.tribuo.network.IntegerForm;
import dev.subbit.tribuo.network.Layer;
import dev.subbit.tribuo.network.Network;
import dev.subbit.tribuo.network.Networks;
import dev.subbit.tribuo.network.RandomNetworks;
import dev.subbit.tribuo.network.ReferenceForward;
import dev.subbit.tribuo.network.TrainedNetwork;
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
    return quantized(
        Networks.build(name, shape, CLASSES, Layer.Weights.SUB_BIT, Layer.Activations.BINARY),
        width,
        seed);
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

  /** The largest magnitudes of a network's nodes on a few images. */
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
                  peaks.merge(node, Math.abs(value), Math::max);
                }
              });
    }
    return peaks;
  }

  static float[] logits(TrainedNetwork trained, Map<String, float[]> values) {
    return values.get(
        List.copyOf(trained.network().nodes()).get(trained.network().nodes().size() - 1).name());
  }
}
