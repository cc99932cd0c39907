package dev.subbit.tribuo.network;

import dev.subbit.onnx.Codebook;
import dev.subbit.onnx.PackedConvWeights;
import dev.subbit.tribuo.network.TrainedNetwork.QuantizedRange;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.function.DoubleSupplier;

/** Networks with random weights, sized so that activations neither vanish nor explode. */
public final class RandomNetworks {

  private RandomNetworks() {}

  /** Gives every layer of a network random parameters. */
  public static TrainedNetwork weigh(Network network, int tau, long seed) {
    Weigher weigher = new Weigher(tau, new Random(seed));
    Map<String, float[]> floats = new HashMap<>();
    Map<String, PackedConvWeights> packed = new HashMap<>();
    for (Network.Node node : network.nodes()) {
      if (node.layer() instanceof Layer.Conv conv && conv.weights() == Layer.Weights.SUB_BIT) {
        packed.put(node.name(), weigher.packedWeights(conv));
      }
      node.layer()
          .accept(weigher)
          .forEach((parameter, values) -> floats.put(node.name() + "/" + parameter, values));
    }
    return new TrainedNetwork(network, floats, packed, Map.of());
  }

  /** Random float parameters of a layer, by their names within the layer. */
  private record Weigher(int tau, Random random) implements Layer.Visitor<Map<String, float[]>> {

    @Override
    public Map<String, float[]> input(Layer.Input input) {
      return Map.of();
    }

    @Override
    public Map<String, float[]> normalize(Layer.Normalize normalize) {
      return Map.of();
    }

    @Override
    public Map<String, float[]> conv(Layer.Conv conv) {
      if (conv.weights() == Layer.Weights.SUB_BIT) {
        return Map.of();
      }
      int count = conv.out() * conv.in() * conv.kernel() * conv.kernel();
      return Map.of("weight", values(count, () -> spread(conv) * random.nextGaussian()));
    }

    PackedConvWeights packedWeights(Layer.Conv conv) {
      return RandomNetworks.packedWeights(conv, tau, (float) spread(conv), random);
    }

    private static double spread(Layer.Conv conv) {
      return Math.sqrt(2.0 / (conv.in() * conv.kernel() * conv.kernel()));
    }

    @Override
    public Map<String, float[]> batchNorm(Layer.BatchNorm norm) {
      int n = norm.channels();
      float[] gamma = values(n, () -> signed(random, 0.5 + random.nextDouble()));
      float[] beta = values(n, () -> 0.3 * random.nextGaussian());
      float[] mean = values(n, () -> 0.3 * random.nextGaussian());
      float[] variance = values(n, () -> 0.5 + random.nextDouble());
      return Map.of("gamma", gamma, "beta", beta, "mean", mean, "variance", variance);
    }

    @Override
    public Map<String, float[]> relu(Layer.Relu relu) {
      return Map.of();
    }

    @Override
    public Map<String, float[]> shift(Layer.Shift shift) {
      return Map.of("shift", values(shift.channels(), () -> 0.3 * random.nextGaussian()));
    }

    @Override
    public Map<String, float[]> prelu(Layer.PRelu prelu) {
      return Map.of("slope", values(prelu.channels(), () -> random.nextDouble() - 0.2));
    }

    @Override
    public Map<String, float[]> add(Layer.Add add) {
      return Map.of();
    }

    @Override
    public Map<String, float[]> averagePool(Layer.AveragePool pool) {
      return Map.of();
    }

    @Override
    public Map<String, float[]> maxPool(Layer.MaxPool pool) {
      return Map.of();
    }

    @Override
    public Map<String, float[]> globalAveragePool(Layer.GlobalAveragePool pool) {
      return Map.of();
    }

    @Override
    public Map<String, float[]> flatten(Layer.Flatten flatten) {
      return Map.of();
    }

    @Override
    public Map<String, float[]> dense(Layer.Dense dense) {
      int count = dense.out() * dense.in();
      float[] weight = values(count, () -> random.nextGaussian() / Math.sqrt(dense.in()));
      float[] bias = values(dense.out(), () -> 0.1 * random.nextGaussian());
      return Map.of("weight", weight, "bias", bias);
    }
  }

  private static PackedConvWeights packedWeights(
      Layer.Conv conv, int tau, float spread, Random random) {
    int[] codewords = random.ints(0, 512).distinct().limit(1L << tau).toArray();
    int[] indices = random.ints((long) conv.out() * conv.in(), 0, 1 << tau).toArray();
    float[] scale = values(conv.out(), () -> signed(random, spread * (0.5 + random.nextDouble())));
    return PackedConvWeights.pack(conv.in(), new Codebook(tau, codewords), indices, scale);
  }

  /** Negative one time in five, as a folded batch norm can make it. */
  private static double signed(Random random, double value) {
    return random.nextInt(5) == 0 ? -value : value;
  }

  private static float[] values(int count, DoubleSupplier next) {
    float[] values = new float[count];
    for (int i = 0; i < count; i++) {
      values[i] = (float) next.getAsDouble();
    }
    return values;
  }

  /** Random pixel values 0 to 255. */
  public static float[] image(ImageShape shape, Random random) {
    return values(shape.size(), () -> random.nextInt(256));
  }

  /** Adds ranges that are wide enough for the values of some images, by the reference. */
  public static TrainedNetwork quantize(TrainedNetwork trained, List<float[]> images) {
    return quantize(trained, images, ResidualBlock.of(trained.network()));
  }

  /** Adds ranges as earlier versions did: residual additions stay float. */
  public static TrainedNetwork quantizeConvolutions(TrainedNetwork trained, List<float[]> images) {
    return quantize(trained, images, Map.of());
  }

  private static TrainedNetwork quantize(
      TrainedNetwork trained, List<float[]> images, Map<String, ResidualBlock> blocks) {
    Map<String, float[]> extremes = new HashMap<>();
    for (float[] image : images) {
      new ReferenceForward(trained)
          .run(image)
          .forEach(
              (node, values) -> {
                float[] minMax = extremes.computeIfAbsent(node, n -> new float[2]);
                for (float value : values) {
                  minMax[0] = Math.min(minMax[0], value);
                  minMax[1] = Math.max(minMax[1], value);
                }
              });
    }
    Set<String> nodes = new HashSet<>();
    Map<String, ConvChain> chains = ConvChain.of(trained.network());
    for (String conv : trained.packed().keySet()) {
      nodes.add(chains.get(conv).conv().inputs().get(0));
      if (blocks.containsKey(conv)) {
        nodes.add(blocks.get(conv).shortcut());
        nodes.add(blocks.get(conv).last().name());
      } else {
        nodes.add(chains.get(conv).last().name());
      }
    }
    Map<String, QuantizedRange> ranges = new HashMap<>();
    for (String node : nodes) {
      float[] minMax = extremes.get(node);
      float scale = (minMax[1] - minMax[0]) / 255;
      ranges.put(node, new QuantizedRange(scale, Math.round(-minMax[0] / scale)));
    }
    return new TrainedNetwork(trained.network(), trained.floats(), trained.packed(), ranges);
  }
}
