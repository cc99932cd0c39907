package dev.subbit.tribuo.network;

import java.util.Arrays;
import java.util.List;

/**
 * The residual networks of basic blocks of He et al. ("Deep Residual Learning", 2016): each stage
 * has twice the channels and half the rows and columns of the one before.
 *
 * <p>With real activations a block is conv, batch norm, ReLU, conv, batch norm, plus a shortcut,
 * ReLU. With binary ones it is that of Bi-Real net (Liu et al., 2018) and ReActNet (Liu et al.,
 * 2020): each 3x3 convolution has a shortcut of its own, a learnable threshold before it and a
 * shifted PReLU after it, and a shortcut that has to shrink averages before its 1x1 convolution.
 *
 * @param channels channels of the first stage.
 * @param blocks basic blocks of each stage.
 * @param stem how the images enter.
 */
record ResidualNetwork(int channels, List<Integer> blocks, Stem stem) implements Architecture {

  /** How the images enter the first stage. */
  enum Stem {
    /** By a 3x3 convolution. */
    SMALL_IMAGES,
    /**
     * Images of up to {@value #LARGEST_SMALL_IMAGE} rows and columns as above; larger ones by
     * ImageNet's stem, a 7x7 convolution and a 3x3 max pooling that both halve rows and columns.
     */
    BY_IMAGE_SIZE
  }

  /** Largest number of rows, and of columns, of an image that enters at full size. */
  static final int LARGEST_SMALL_IMAGE = 64;

  /** ResNet-8 to ResNet-56: three stages of 16, 32 and 64 channels. */
  static ResidualNetwork forCifar(int blocksPerStage) {
    return new ResidualNetwork(
        16, List.of(blocksPerStage, blocksPerStage, blocksPerStage), Stem.SMALL_IMAGES);
  }

  /** ResNet-18 and ResNet-34: four stages of 64, 128, 256 and 512 channels. */
  static ResidualNetwork forImageNet(int... blocks) {
    return new ResidualNetwork(64, Arrays.stream(blocks).boxed().toList(), Stem.BY_IMAGE_SIZE);
  }

  @Override
  public void addTo(NetworkBuilder network, ImageShape images, int classes) {
    String x = addStem(network, images);
    int in = channels;
    for (int stage = 0; stage < blocks.size(); stage++) {
      int out = channels << stage;
      for (int block = 0; block < blocks.get(stage); block++) {
        String prefix = "stage" + (stage + 1) + ".block" + block + ".";
        int stride = stage > 0 && block == 0 ? 2 : 1;
        x =
            network.hasBinaryActivations()
                ? addBinaryBlock(network, prefix, x, in, out, stride)
                : addRealBlock(network, prefix, x, in, out, stride);
        in = out;
      }
    }
    x = network.add("pool", new Layer.GlobalAveragePool(), x);
    network.add("classifier", new Layer.Dense(in, classes), x);
  }

  private String addStem(NetworkBuilder network, ImageShape images) {
    boolean large =
        stem == Stem.BY_IMAGE_SIZE
            && Math.max(images.height(), images.width()) > LARGEST_SMALL_IMAGE;
    String x = network.image();
    x =
        large
            ? network.floatConv("stem.conv", x, images.channels(), channels, 7, 2)
            : network.floatConv("stem.conv", x, images.channels(), channels, 3, 1);
    x = network.add("stem.bn", new Layer.BatchNorm(channels), x);
    if (!network.hasBinaryActivations()) {
      x = network.add("stem.relu", new Layer.Relu(), x);
    }
    return large ? network.add("stem.pool", new Layer.MaxPool(3), x) : x;
  }

  /** conv, bn, relu, conv, bn, + shortcut, relu. */
  private static String addRealBlock(
      NetworkBuilder network, String prefix, String input, int in, int out, int stride) {
    String x = addConvAndNorm(network, prefix, 1, input, in, out, stride);
    x = network.add(prefix + "relu1", new Layer.Relu(), x);
    x = addConvAndNorm(network, prefix, 2, x, out, out, 1);
    String shortcut = addShortcut(network, prefix, input, in, out, stride);
    x = network.add(prefix + "add", new Layer.Add(), x, shortcut);
    return network.add(prefix + "relu2", new Layer.Relu(), x);
  }

  /** Twice: threshold, binary conv, bn, + shortcut, shift, prelu, shift. */
  private static String addBinaryBlock(
      NetworkBuilder network, String prefix, String input, int in, int out, int stride) {
    String x = addBinaryHalf(network, prefix, 1, input, in, out, stride);
    return addBinaryHalf(network, prefix, 2, x, out, out, 1);
  }

  private static String addBinaryHalf(
      NetworkBuilder network,
      String prefix,
      int number,
      String input,
      int in,
      int out,
      int stride) {
    String x = network.add(prefix + "threshold" + number, new Layer.Shift(in), input);
    x = addConvAndNorm(network, prefix, number, x, in, out, stride);
    String shortcut = addShortcut(network, prefix, input, in, out, stride);
    x = network.add(prefix + "add" + number, new Layer.Add(), x, shortcut);
    x = network.add(prefix + "before" + number, new Layer.Shift(out), x);
    x = network.add(prefix + "prelu" + number, new Layer.PRelu(out), x);
    return network.add(prefix + "after" + number, new Layer.Shift(out), x);
  }

  private static String addConvAndNorm(
      NetworkBuilder network,
      String prefix,
      int number,
      String input,
      int in,
      int out,
      int stride) {
    String x = network.conv3x3(prefix + "conv" + number, input, in, out, stride);
    return network.add(prefix + "bn" + number, new Layer.BatchNorm(out), x);
  }

  private static String addShortcut(
      NetworkBuilder network, String prefix, String input, int in, int out, int stride) {
    if (stride == 1 && in == out) {
      return input;
    }
    String x = input;
    if (network.hasBinaryActivations()) {
      x = network.add(prefix + "shortcut.pool", new Layer.AveragePool(), x);
      x = network.floatConv(prefix + "shortcut.conv", x, in, out, 1, 1);
    } else {
      x = network.floatConv(prefix + "shortcut.conv", x, in, out, 1, stride);
    }
    return network.add(prefix + "shortcut.bn", new Layer.BatchNorm(out), x);
  }
}
