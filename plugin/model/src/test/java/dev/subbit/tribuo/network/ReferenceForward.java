package dev.subbit.tribuo.network;

import dev.subbit.onnx.PackedConvWeights;
import dev.subbit.tribuo.network.TrainedNetwork.QuantizedRange;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import java.util.stream.IntStream;

/**
 * Computes what a network means, in plain loops over one image, and folds nothing that need not be
 * folded. The exporter is tested against it.
 */
public final class ReferenceForward {

  private final TrainedNetwork trained;
  private final Map<String, NodeShape> shapes;
  private final Map<String, ConvChain> chains;
  private final Map<String, ResidualBlock> blocks;

  public ReferenceForward(TrainedNetwork trained) {
    this.trained = trained;
    this.shapes = NetworkShapes.of(trained.network());
    this.chains = ConvChain.of(trained.network());
    this.blocks = ResidualBlock.inIntegers(trained);
  }

  /**
   * The values of every node; an 8-bit convolution's chain or block has its values at the last
   * node, and no useful ones before.
   */
  public Map<String, float[]> run(float[] image) {
    return run(image, Map.of());
  }

  /** The values of every node, where those of some nodes are given and not computed. */
  public Map<String, float[]> run(float[] image, Map<String, float[]> given) {
    Map<String, float[]> values = new HashMap<>(given);
    for (Network.Node node : trained.network().nodes()) {
      if (!values.containsKey(node.name())) {
        values.put(node.name(), node.layer().accept(new NodeValues(node, values, image)));
      }
      if (!trained.ranges().isEmpty() && trained.packed().containsKey(node.name())) {
        ConvChain chain = chains.get(node.name());
        if (!blocks.containsKey(node.name())) {
          float[] result = integerConv(chain, values);
          for (Network.Node part :
              new Network.Node[] {chain.conv(), chain.normalized(), chain.last()}) {
            values.put(part.name(), result);
          }
        }
      }
      for (ResidualBlock block : blocks.values()) {
        if (block.add().equals(node)) {
          float[] result = integerBlock(block, values);
          values.put(node.name(), result);
          values.put(block.last().name(), result);
        }
      }
    }
    return values;
  }

  /** Softmax over the last node's values. */
  public double[] probabilities(float[] image) {
    float[] logits = run(image).get(trained.network().output().name());
    double max = IntStream.range(0, logits.length).mapToDouble(i -> logits[i]).max().orElseThrow();
    double[] exponentials =
        IntStream.range(0, logits.length).mapToDouble(i -> Math.exp(logits[i] - max)).toArray();
    double sum = Arrays.stream(exponentials).sum();
    return Arrays.stream(exponentials).map(e -> e / sum).toArray();
  }

  /** The values of one node, from those of the nodes that it reads. */
  private final class NodeValues implements Layer.Visitor<float[]> {

    private final Network.Node node;
    private final Map<String, float[]> values;
    private final float[] image;

    NodeValues(Network.Node node, Map<String, float[]> values, float[] image) {
      this.node = node;
      this.values = values;
      this.image = image;
    }

    @Override
    public float[] input(Layer.Input input) {
      return image;
    }

    @Override
    public float[] normalize(Layer.Normalize normalize) {
      return elementwise((x, c, i) -> x * normalize.scale() + normalize.offset());
    }

    @Override
    public float[] conv(Layer.Conv conv) {
      return ReferenceForward.this.conv(node, conv, x(), inputShape());
    }

    @Override
    public float[] batchNorm(Layer.BatchNorm norm) {
      float[] gamma = parameter(node, "gamma");
      float[] beta = parameter(node, "beta");
      float[] mean = parameter(node, "mean");
      float[] variance = parameter(node, "variance");
      return elementwise(
          (x, c, i) -> {
            double deviation = Math.sqrt((double) variance[c] + Layer.BatchNorm.EPSILON);
            return gamma[c] * (x - mean[c]) / deviation + beta[c];
          });
    }

    @Override
    public float[] relu(Layer.Relu relu) {
      return elementwise((x, c, i) -> Math.max(x, 0));
    }

    @Override
    public float[] shift(Layer.Shift shift) {
      float[] by = parameter(node, "shift");
      return elementwise((x, c, i) -> x + by[c]);
    }

    @Override
    public float[] prelu(Layer.PRelu prelu) {
      float[] slope = parameter(node, "slope");
      return elementwise((x, c, i) -> x > 0 ? x : slope[c] * x);
    }

    @Override
    public float[] add(Layer.Add add) {
      float[] other = values.get(node.inputs().get(1));
      return elementwise((x, c, i) -> x + other[i]);
    }

    @Override
    public float[] averagePool(Layer.AveragePool pool) {
      float[] y = empty();
      ReferenceForward.averagePool(x(), inputShape(), y);
      return y;
    }

    @Override
    public float[] maxPool(Layer.MaxPool pool) {
      float[] y = empty();
      ReferenceForward.maxPool(pool, x(), inputShape(), y);
      return y;
    }

    @Override
    public float[] globalAveragePool(Layer.GlobalAveragePool pool) {
      float[] x = x();
      float[] y = empty();
      int map = inputShape().height() * inputShape().width();
      for (int i = 0; i < x.length; i++) {
        y[i / map] += x[i] / map;
      }
      return y;
    }

    @Override
    public float[] flatten(Layer.Flatten flatten) {
      return x();
    }

    @Override
    public float[] dense(Layer.Dense dense) {
      float[] x = x();
      float[] y = empty();
      float[] weight = parameter(node, "weight");
      for (int o = 0; o < dense.out(); o++) {
        double sum = parameter(node, "bias")[o];
        for (int i = 0; i < dense.in(); i++) {
          sum += (double) weight[o * dense.in() + i] * x[i];
        }
        y[o] = (float) sum;
      }
      return y;
    }

    private float[] x() {
      return values.get(node.inputs().get(0));
    }

    private NodeShape inputShape() {
      return shapes.get(node.inputs().get(0));
    }

    private float[] empty() {
      return new float[(int) shapes.get(node.name()).size()];
    }

    private float[] elementwise(ElementRule rule) {
      float[] x = x();
      float[] y = empty();
      for (int i = 0; i < y.length; i++) {
        int c = i / (inputShape().height() * inputShape().width());
        y[i] = (float) rule.apply(x[i], c, i);
      }
      return y;
    }
  }

  /** A rule for each value x, with its channel c and its place i in the tensor. */
  private interface ElementRule {
    double apply(float x, int c, int i);
  }

  private static void averagePool(float[] x, NodeShape in, float[] y) {
    int height = (in.height() + 1) / 2;
    int width = (in.width() + 1) / 2;
    for (int i = 0; i < y.length; i++) {
      int c = i / (height * width);
      double sum = 0;
      int count = 0;
      for (int row = i / width % height * 2;
          row < Math.min(in.height(), i / width % height * 2 + 2);
          row++) {
        for (int column = i % width * 2;
            column < Math.min(in.width(), i % width * 2 + 2);
            column++) {
          sum += x[(c * in.height() + row) * in.width() + column];
          count++;
        }
      }
      y[i] = (float) (sum / count);
    }
  }

  private static void maxPool(Layer.MaxPool pool, float[] x, NodeShape in, float[] y) {
    Arrays.fill(y, Float.NEGATIVE_INFINITY);
    int height = (in.height() + 1) / 2;
    int width = (in.width() + 1) / 2;
    for (int i = 0; i < y.length; i++) {
      for (int tap = 0; tap < pool.kernel() * pool.kernel(); tap++) {
        int row = i / width % height * 2 + tap / pool.kernel() - (pool.kernel() == 3 ? 1 : 0);
        int column = i % width * 2 + tap % pool.kernel() - (pool.kernel() == 3 ? 1 : 0);
        if (row >= 0 && row < in.height() && column >= 0 && column < in.width()) {
          int map = i / (height * width) * in.height();
          y[i] = Math.max(y[i], x[(map + row) * in.width() + column]);
        }
      }
    }
  }

  private float[] conv(Network.Node node, Layer.Conv conv, float[] x, NodeShape in) {
    PackedConvWeights packed = trained.packed().get(node.name());
    float[] weight = packed == null ? parameter(node, "weight") : packed.toDense();
    double[] input = new double[x.length];
    for (int i = 0; i < x.length; i++) {
      boolean binary = conv.activations() == Layer.Activations.BINARY;
      input[i] = binary ? (x[i] >= 0 ? 1 : -1) : x[i];
    }
    double[] sums = convolve(conv, input, in, weight);
    float[] y = new float[sums.length];
    for (int i = 0; i < y.length; i++) {
      y[i] = (float) sums[i];
    }
    return y;
  }

  private double[] convolve(Layer.Conv conv, double[] x, NodeShape in, float[] weight) {
    int k = conv.kernel();
    int height = (in.height() - 1) / conv.stride() + 1;
    int width = (in.width() - 1) / conv.stride() + 1;
    double[] y = new double[conv.out() * height * width];
    for (int i = 0; i < y.length; i++) {
      int o = i / (height * width);
      for (int tap = 0; tap < conv.in() * k * k; tap++) {
        int row = i / width % height * conv.stride() + tap / k % k - k / 2;
        int column = i % width * conv.stride() + tap % k - k / 2;
        if (row >= 0 && row < in.height() && column >= 0 && column < in.width()) {
          y[i] +=
              x[(tap / (k * k) * in.height() + row) * in.width() + column]
                  * weight[o * conv.in() * k * k + tap];
        }
      }
    }
    return y;
  }

  /** The rules of TrainedNetwork for quantized activations; gives the rounded real values. */
  private float[] integerConv(ConvChain chain, Map<String, float[]> values) {
    QuantizedRange to = trained.ranges().get(chain.last().name());
    return rounded(scaledSums(chain, values, to), to);
  }

  /** The same with a shortcut in 8 bits, which is added before the sum is rounded. */
  private float[] integerBlock(ResidualBlock block, Map<String, float[]> values) {
    QuantizedRange to = trained.ranges().get(block.last().name());
    QuantizedRange from = trained.ranges().get(block.shortcut());
    float[] sums = scaledSums(block.chain(), values, to);
    double[] residual = stored(values.get(block.shortcut()), from);
    float multiplier = from.scale() / to.scale();
    for (int i = 0; i < sums.length; i++) {
      float scaledResidual = (float) residual[i] * multiplier;
      sums[i] += scaledResidual;
    }
    return rounded(sums, to);
  }

  /** The numbers that are stored for real values, minus the zero point. */
  private static double[] stored(float[] x, QuantizedRange range) {
    double[] stored = new double[x.length];
    for (int i = 0; i < x.length; i++) {
      stored[i] = clamp(Math.rint(x[i] / range.scale()) + range.zeroPoint()) - range.zeroPoint();
    }
    return stored;
  }

  private static float[] rounded(float[] scaled, QuantizedRange to) {
    float[] y = new float[scaled.length];
    for (int i = 0; i < y.length; i++) {
      double rounded = clamp(Math.rint(scaled[i]) + to.zeroPoint());
      y[i] = (float) (rounded - to.zeroPoint()) * to.scale();
    }
    return y;
  }

  /** The sums of an 8-bit convolution with its bias, in units of the output's scale. */
  private float[] scaledSums(ConvChain chain, Map<String, float[]> values, QuantizedRange to) {
    Layer.Conv conv = (Layer.Conv) chain.conv().layer();
    String input = chain.conv().inputs().get(0);
    QuantizedRange from = trained.ranges().get(input);
    PackedConvWeights packed = trained.packed().get(chain.conv().name());
    float[] ones = new float[conv.out()];
    Arrays.fill(ones, 1);
    double[] stored = stored(values.get(input), from);
    double[] sums = convolve(conv, stored, shapes.get(input), packed.withScale(ones).toDense());
    float[] y = new float[sums.length];
    for (int i = 0; i < y.length; i++) {
      int o = i / (y.length / conv.out());
      double factor = 1;
      float bias = 0;
      if (chain.norm().isPresent()) {
        Network.Node norm = chain.norm().get();
        factor =
            parameter(norm, "gamma")[o]
                / Math.sqrt((double) parameter(norm, "variance")[o] + Layer.BatchNorm.EPSILON);
        bias = (float) (parameter(norm, "beta")[o] - parameter(norm, "mean")[o] * factor);
      }
      float scale = (float) (packed.scale()[o] * factor);
      long sum = (long) sums[i] + (long) Math.rint(bias / ((double) from.scale() * scale));
      float multiplier = from.scale() * scale / to.scale();
      y[i] = sum * multiplier;
    }
    return y;
  }

  private static double clamp(double value) {
    return Math.max(0, Math.min(255, value));
  }

  private float[] parameter(Network.Node node, String name) {
    return trained.floats().get(node.name() + "/" + name);
  }
}
