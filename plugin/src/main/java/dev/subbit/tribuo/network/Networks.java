package dev.subbit.tribuo.network;

import dev.subbit.tribuo.network.Layer.Activations;
import dev.subbit.tribuo.network.Layer.Weights;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/**
 * The networks that can be built by name: the residual networks for small images of He et al.
 * ("Deep Residual Learning", 2016, section 4.2), three stages of 16, 32 and 64 channels with {@code
 * (depth - 2) / 6} blocks each.
 *
 * <p>With binary activations each 3x3 convolution gets a shortcut of its own, a learnable threshold
 * before it and a shifted PReLU after it, as in Bi-Real net and ReActNet. Stem, 1x1 convolutions
 * and classifier keep float weights and real activations.
 */
public final class Networks {

  private static final int STAGES = 3;
  private static final int STEM_CHANNELS = 16;

  private static final Map<String, Integer> BLOCKS_PER_STAGE =
      new TreeMap<>(
          Map.of("resnet8", 1, "resnet14", 2, "resnet20", 3, "resnet32", 5, "resnet56", 9));

  private final Weights weights;
  private final Activations activations;
  private final List<Network.Node> nodes = new ArrayList<>();

  private Networks(Weights weights, Activations activations) {
    this.weights = weights;
    this.activations = activations;
  }

  /**
   * The names that {@link #build} knows.
   *
   * @return the names, sorted.
   */
  public static Set<String> names() {
    return Set.copyOf(BLOCKS_PER_STAGE.keySet());
  }

  /**
   * Builds a network.
   *
   * @param name one of {@link #names()}.
   * @param input shape of the images; any size.
   * @param classes number of classes, at least 1.
   * @param weights how the 3x3 convolutions after the stem hold their weights.
   * @param activations what they make of their input.
   * @return the network.
   * @throws IllegalArgumentException if the name is unknown or there is no class.
   */
  public static Network build(
      String name, ImageShape input, int classes, Weights weights, Activations activations) {
    Integer blocks = BLOCKS_PER_STAGE.get(name);
    if (blocks == null) {
      throw new IllegalArgumentException(
          "There is no network '" + name + "', there are " + BLOCKS_PER_STAGE.keySet());
    }
    if (classes < 1) {
      throw new IllegalArgumentException("A network needs at least one class, found " + classes);
    }
    Networks builder = new Networks(weights, activations);
    builder.residual(input.channels(), blocks, classes);
    return new Network(name, input, classes, builder.nodes);
  }

  private void residual(int imageChannels, int blocksPerStage, int classes) {
    String x = add("image", new Layer.Input());
    // Maps 0..255 to -1..1.
    x = add("normalize", new Layer.Normalize(2f / 255f, -1f), x);
    x =
        add(
            "stem.conv",
            new Layer.Conv(imageChannels, STEM_CHANNELS, 3, 1, Weights.FLOAT, Activations.REAL),
            x);
    x = add("stem.bn", new Layer.BatchNorm(STEM_CHANNELS), x);
    if (activations == Activations.REAL) {
      x = add("stem.relu", new Layer.Relu(), x);
    }
    int in = STEM_CHANNELS;
    for (int stage = 0; stage < STAGES; stage++) {
      int out = STEM_CHANNELS << stage;
      for (int block = 0; block < blocksPerStage; block++) {
        String prefix = "stage" + (stage + 1) + ".block" + block + ".";
        int stride = stage > 0 && block == 0 ? 2 : 1;
        x =
            activations == Activations.REAL
                ? realBlock(prefix, x, in, out, stride)
                : binaryBlock(prefix, x, in, out, stride);
        in = out;
      }
    }
    x = add("pool", new Layer.GlobalAveragePool(), x);
    add("classifier", new Layer.Dense(in, classes), x);
  }

  /** conv, bn, relu, conv, bn, + shortcut, relu. */
  private String realBlock(String prefix, String input, int in, int out, int stride) {
    String x = convAndNorm(prefix, 1, input, in, out, stride);
    x = add(prefix + "relu1", new Layer.Relu(), x);
    x = convAndNorm(prefix, 2, x, out, out, 1);
    x = add(prefix + "add", new Layer.Add(), x, shortcut(prefix, input, in, out, stride));
    return add(prefix + "relu2", new Layer.Relu(), x);
  }

  /** Twice: threshold, binary conv, bn, + shortcut, shift, prelu, shift. */
  private String binaryBlock(String prefix, String input, int in, int out, int stride) {
    String x = binaryHalf(prefix, 1, input, in, out, stride);
    return binaryHalf(prefix, 2, x, out, out, 1);
  }

  private String binaryHalf(String prefix, int number, String input, int in, int out, int stride) {
    String x = add(prefix + "threshold" + number, new Layer.Shift(in), input);
    x = convAndNorm(prefix, number, x, in, out, stride);
    x = add(prefix + "add" + number, new Layer.Add(), x, shortcut(prefix, input, in, out, stride));
    x = add(prefix + "before" + number, new Layer.Shift(out), x);
    x = add(prefix + "prelu" + number, new Layer.PRelu(out), x);
    return add(prefix + "after" + number, new Layer.Shift(out), x);
  }

  private String convAndNorm(String prefix, int number, String input, int in, int out, int stride) {
    String x =
        add(
            prefix + "conv" + number,
            new Layer.Conv(in, out, 3, stride, weights, activations),
            input);
    return add(prefix + "bn" + number, new Layer.BatchNorm(out), x);
  }

  private String shortcut(String prefix, String input, int in, int out, int stride) {
    if (stride == 1 && in == out) {
      return input;
    }
    String x = input;
    int convStride = stride;
    if (activations == Activations.BINARY) {
      x = add(prefix + "shortcut.pool", new Layer.AveragePool(), x);
      convStride = 1;
    }
    x =
        add(
            prefix + "shortcut.conv",
            new Layer.Conv(in, out, 1, convStride, Weights.FLOAT, Activations.REAL),
            x);
    return add(prefix + "shortcut.bn", new Layer.BatchNorm(out), x);
  }

  private String add(String name, Layer layer, String... inputs) {
    nodes.add(new Network.Node(name, layer, List.of(inputs)));
    return name;
  }
}
